use super::*;

#[test]
fn the_line_goes_round_and_no_other_line_is_it() {
    let slot = Some("20261123T040118Z-be6e8ec1a2b3".to_owned());
    let ready = Ready { pid: 123, generation: 4, elapsed_ms: 41, slot, held: true };
    let line = r#"READY {"pid":123,"generation":4,"ready_ms":41,"slot":"20261123T040118Z-be6e8ec1a2b3","held":true}"#;
    assert_eq!(ready.line(), line);
    assert_eq!(Ready::parse(line), Some(ready));
    for line in ["", "READY", "READY {}", "NOT READY {}", "ready {}"] {
        assert_eq!(Ready::parse(line), None, "{line}");
    }
}

/// A launcher outlives many daemons, older ones among them.
#[test]
fn a_line_of_before_there_were_slots_is_of_none() {
    let old = r#"READY {"pid":123,"generation":4,"ready_ms":41}"#;
    let expected = Ready { pid: 123, generation: 4, elapsed_ms: 41, slot: None, held: false };
    assert_eq!(Ready::parse(old), Some(expected));
}
