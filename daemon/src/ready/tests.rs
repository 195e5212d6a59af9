use super::*;

#[test]
fn the_line_goes_round_and_no_other_line_is_it() {
    let ready = Ready { pid: 123, generation: 4, elapsed_ms: 41 };
    assert_eq!(ready.line(), r#"READY {"pid":123,"generation":4,"ready_ms":41}"#);
    assert_eq!(Ready::parse(&ready.line()), Some(ready));
    for line in ["", "READY", "READY {}", "NOT READY {}", "ready {}"] {
        assert_eq!(Ready::parse(line), None, "{line}");
    }
}
