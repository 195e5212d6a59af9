use super::*;

#[track_caller]
fn check(request: Request, line: &str) {
    let envelope = Envelope { v: VERSION, request };
    assert_eq!(serde_json::to_string(&envelope).unwrap(), line);
    assert_eq!(serde_json::from_str::<Envelope>(line).unwrap(), envelope);
}

/// A flag that gets lost on the way is one that was never typed.
/// Incidents: 42, J13.
#[test]
fn every_request_goes_round_with_every_flag() {
    check(Request::Ping, r#"{"v":1,"verb":"ping"}"#);
    check(Request::Status, r#"{"v":1,"verb":"status"}"#);
    check(Request::Stop, r#"{"v":1,"verb":"stop"}"#);
    check(Request::Hold, r#"{"v":1,"verb":"hold"}"#);
    check(Request::Release, r#"{"v":1,"verb":"release"}"#);
    check(Request::KillSessions, r#"{"v":1,"verb":"kill_sessions"}"#);
    check(Request::RestartSessions, r#"{"v":1,"verb":"restart_sessions"}"#);
    check(
        Request::KillSession { session: "3".into() },
        r#"{"v":1,"verb":"kill_session","session":"3"}"#,
    );
    check(
        Request::RestartSession { session: "3".into() },
        r#"{"v":1,"verb":"restart_session","session":"3"}"#,
    );
    for admin in [false, true] {
        check(
            Request::Inject { chat: "test:c".into(), text: "a\n\"b\"".into(), admin },
            &format!(
                r#"{{"v":1,"verb":"inject","chat":"test:c","text":"a\n\"b\"","admin":{admin}}}"#
            ),
        );
    }
    check(
        Request::Send { chat: "test:c".into(), text: "t".into(), key: "k".into() },
        r#"{"v":1,"verb":"send","chat":"test:c","text":"t","key":"k"}"#,
    );
}

#[test]
fn a_key_from_a_newer_version_is_passed_over() {
    let line = r#"{"v":1,"verb":"inject","chat":"c","text":"t","colour":"red"}"#;
    let envelope: Envelope = serde_json::from_str(line).unwrap();
    let expected = Request::Inject { chat: "c".into(), text: "t".into(), admin: false };
    assert_eq!(envelope.request, expected);
}

#[test]
fn answers_and_refusals_go_round() {
    let done = Response::Ok(Answer::Done);
    assert_eq!(serde_json::to_string(&done).unwrap(), r#"{"ok":"done"}"#);
    let refusal = Response::Error(Refusal::new(RefusalKind::NotFound, "no session 9"));
    let line = r#"{"error":{"kind":"not_found","message":"no session 9"}}"#;
    assert_eq!(serde_json::to_string(&refusal).unwrap(), line);
    assert_eq!(serde_json::from_str::<Response>(line).unwrap(), refusal);
    let newer = r#"{"error":{"kind":"cold_feet","message":"m"}}"#;
    let Response::Error(refusal) = serde_json::from_str(newer).unwrap() else { panic!() };
    assert_eq!(refusal.kind, RefusalKind::Other);
}

#[test]
fn a_status_goes_round_and_may_lack_keys() {
    let status = Status {
        pid: 7,
        sessions: vec![SessionStatus { state: SessionState::Busy, ..SessionStatus::default() }],
        ..Status::default()
    };
    let line =
        serde_json::to_string(&Response::Ok(Answer::Status(Box::new(status.clone())))).unwrap();
    let Response::Ok(Answer::Status(back)) = serde_json::from_str(&line).unwrap() else { panic!() };
    assert_eq!(*back, status);
    assert_eq!(serde_json::from_str::<Status>("{}").unwrap(), Status::default());
}

#[test]
fn the_longest_text_fits_into_the_longest_request() {
    let request = Request::Inject {
        chat: "c".repeat(1024),
        text: "\u{1}".repeat(TEXT_BYTES_MAX),
        admin: true,
    };
    let line = serde_json::to_string(&Envelope { v: VERSION, request }).unwrap();
    assert!(line.len() < REQUEST_BYTES_MAX, "{}", line.len());
}
