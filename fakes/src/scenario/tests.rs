//! What a scenario file may say.

use super::{Phase, Scenario, What};

#[test]
fn every_fault_is_read() {
    let scenario = Scenario::parse(
        r#"[{"when": {"on": "connect"}, "what": {"exit": 1}},
            {"when": {"on": "turn", "n": 2, "message": "system/init"}, "what": "stall"},
            {"when": {"on": "turn"}, "what": {"api_status": 529}}]"#,
    )
    .expect("the scenario parses");
    let whats: Vec<&What> = scenario.steps.iter().map(|step| &step.what).collect();
    assert_eq!(whats, [&What::Exit(1), &What::Stall, &What::ApiStatus(529)]);
    let when = &scenario.steps[1].when;
    assert_eq!((when.on, when.n), (Phase::Turn, Some(2)));
    assert!(when.is_in(2) && !when.is_in(1) && !when.is_in(0));
    assert!(when.is_at("system", Some("init")) && !when.is_at("system", Some("status")));
}

#[test]
fn an_unknown_key_is_named() {
    let refuse = |text| Scenario::parse(text).expect_err("it is refused").to_string();
    let step = r#"[{"when": {"on": "turn"}, "what": "stall", "why": 1}]"#;
    assert!(refuse(step).contains("unknown field `why`"), "{}", refuse(step));
    let when = r#"[{"when": {"on": "turn", "nth": 1}, "what": "stall"}]"#;
    assert!(refuse(when).contains("unknown field `nth`"), "{}", refuse(when));
    let what = r#"[{"when": {"on": "turn"}, "what": "explode"}]"#;
    assert!(refuse(what).contains("unknown variant `explode`"), "{}", refuse(what));
}
