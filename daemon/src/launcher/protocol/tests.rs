use super::*;
use crate::control::protocol::{Envelope, VERSION};

#[track_caller]
fn check(request: Request, line: &str) {
    let envelope = Envelope { v: VERSION, request };
    assert_eq!(serde_json::to_string(&envelope).unwrap(), line);
    assert_eq!(serde_json::from_str::<Envelope<Request>>(line).unwrap(), envelope);
}

#[test]
fn requests_go_round() {
    let slot = || "a".parse::<SlotName>().unwrap();
    check(Request::Status, r#"{"v":1,"verb":"status"}"#);
    check(
        Request::Arm {
            id: "r1".into(),
            target: slot(),
            confirm_timeout_ms: 5,
            runner_pid: 7,
            backup: None,
        },
        r#"{"v":1,"verb":"arm","id":"r1","target":"a","confirm_timeout_ms":5,"runner_pid":7}"#,
    );
    check(
        Request::Arm {
            id: "r1".into(),
            target: slot(),
            confirm_timeout_ms: 5,
            runner_pid: 7,
            backup: Some("/b.db".into()),
        },
        r#"{"v":1,"verb":"arm","id":"r1","target":"a","confirm_timeout_ms":5,"runner_pid":7,"backup":"/b.db"}"#,
    );
    check(
        Request::RollBack { id: "r1".into(), why: "w".into(), blameless: false },
        r#"{"v":1,"verb":"roll_back","id":"r1","why":"w"}"#,
    );
    check(
        Request::RollBack { id: "r1".into(), why: "w".into(), blameless: true },
        r#"{"v":1,"verb":"roll_back","id":"r1","why":"w","blameless":true}"#,
    );
    check(
        Request::Confirm { id: "r1".into(), unproven: false },
        r#"{"v":1,"verb":"confirm","id":"r1"}"#,
    );
    check(
        Request::Confirm { id: "r1".into(), unproven: true },
        r#"{"v":1,"verb":"confirm","id":"r1","unproven":true}"#,
    );
    check(Request::RollBackTo { slot: slot() }, r#"{"v":1,"verb":"roll_back_to","slot":"a"}"#);
    check(
        Request::Ask { initiator: Initiator::Session(7) },
        r#"{"v":1,"verb":"request","initiator":{"session":7}}"#,
    );
    check(
        Request::Ask { initiator: Initiator::Owner(true) },
        r#"{"v":1,"verb":"request","initiator":{"owner":true}}"#,
    );
}

#[test]
fn a_path_is_no_slot() {
    let line = r#"{"v":1,"verb":"roll_back_to","slot":"../a"}"#;
    assert!(serde_json::from_str::<Envelope<Request>>(line).is_err());
}

#[test]
fn a_status_may_lack_keys() {
    assert_eq!(serde_json::from_str::<Status>("{}").unwrap(), Status::default());
}
