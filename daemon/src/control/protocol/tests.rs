use super::*;

#[track_caller]
fn check(request: Request, line: &str) {
    let envelope = Envelope { v: VERSION, request };
    assert_eq!(serde_json::to_string(&envelope).unwrap(), line);
    assert_eq!(serde_json::from_str::<Envelope>(line).unwrap(), envelope);
}

/// The verbs on the wire.
const VERBS: [&str; 14] = [
    "ping",
    "status",
    "stop",
    "hold",
    "release",
    "kill_session",
    "kill_sessions",
    "restart_session",
    "restart_sessions",
    "inject",
    "send",
    "drain",
    "restart_results",
    "safe_restart",
];

/// The place of a request among [`VERBS`]. Without a catch-all: the compiler asks for one that is
/// new, here first and then, through [`VERBS`], below.
fn place(request: &Request) -> usize {
    match request {
        Request::Ping => 0,
        Request::Status => 1,
        Request::Stop => 2,
        Request::Hold { by: _, lease_s: _ } => 3,
        Request::Release { by: _ } => 4,
        Request::KillSession { session: _ } => 5,
        Request::KillSessions => 6,
        Request::RestartSession { session: _ } => 7,
        Request::RestartSessions => 8,
        Request::Inject { chat: _, text: _, admin: _ } => 9,
        Request::Send { chat: _, text: _, key: _ } => 10,
        Request::Drain { within_s: _, lease_s: _, interrupt: _ } => 11,
        Request::RestartResults => 12,
        Request::SafeRestart => 13,
    }
}

/// Every request with every flag, and its line.
fn every_request() -> Vec<(Request, String)> {
    let plain = [
        Request::Ping,
        Request::Status,
        Request::Stop,
        Request::hold(),
        Request::release(),
        Request::KillSessions,
        Request::RestartSessions,
        Request::RestartResults,
        Request::SafeRestart,
    ];
    let mut all: Vec<(Request, String)> = plain
        .into_iter()
        .map(|request| {
            let line = format!(r#"{{"v":1,"verb":"{}"}}"#, VERBS[place(&request)]);
            (request, line)
        })
        .collect();
    all.push((
        Request::KillSession { session: "3".into() },
        r#"{"v":1,"verb":"kill_session","session":"3"}"#.to_owned(),
    ));
    all.push((
        Request::RestartSession { session: "3".into() },
        r#"{"v":1,"verb":"restart_session","session":"3"}"#.to_owned(),
    ));
    all.extend([false, true].map(|admin| {
        let line = format!(
            r#"{{"v":1,"verb":"inject","chat":"test:c","text":"a\n\"b\"","admin":{admin}}}"#
        );
        (Request::Inject { chat: "test:c".into(), text: "a\n\"b\"".into(), admin }, line)
    }));
    all.push((
        Request::Send { chat: "test:c".into(), text: "t".into(), key: "k".into() },
        r#"{"v":1,"verb":"send","chat":"test:c","text":"t","key":"k"}"#.to_owned(),
    ));
    all.extend(of_a_restart());
    all
}

/// What only a restart asks.
fn of_a_restart() -> Vec<(Request, String)> {
    let drain = |interrupt| Request::Drain { within_s: 9, lease_s: 30, interrupt };
    vec![
        (
            Request::Hold { by: HeldBy::Restart, lease_s: Some(30) },
            r#"{"v":1,"verb":"hold","by":"restart","lease_s":30}"#.to_owned(),
        ),
        (
            Request::Release { by: HeldBy::Restart },
            r#"{"v":1,"verb":"release","by":"restart"}"#.to_owned(),
        ),
        (
            drain(false),
            r#"{"v":1,"verb":"drain","within_s":9,"lease_s":30,"interrupt":false}"#.to_owned(),
        ),
        (
            drain(true),
            r#"{"v":1,"verb":"drain","within_s":9,"lease_s":30,"interrupt":true}"#.to_owned(),
        ),
    ]
}

/// A flag that gets lost on the way is one that was never typed.
/// Incidents: 42, J13.
#[test]
fn every_request_goes_round_with_every_flag() {
    let mut seen = [false; VERBS.len()];
    for (request, line) in every_request() {
        seen[place(&request)] = true;
        check(request, &line);
    }
    assert_eq!(seen, [true; VERBS.len()], "every verb was tried");
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
    let Response::<Answer>::Error(refusal) = serde_json::from_str(newer).unwrap() else { panic!() };
    assert_eq!(refusal.kind, RefusalKind::Other);
}

#[test]
fn a_status_goes_round_and_may_lack_keys() {
    let status = Status {
        pid: 7,
        slot: Some("20261123T040118Z-be6e8ec1a2b3".into()),
        held: true,
        held_by: vec![HeldBy::Owner, HeldBy::Restart],
        unsent: 3,
        schema: crate::store::Schema::OF_THIS_PROGRAM,
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

/// A daemon of before a restart was thought of is asked what it knows, and says what it can.
#[test]
fn a_hold_of_before_there_were_two_is_the_owners() {
    for line in [r#"{"v":1,"verb":"hold"}"#, r#"{"v":1,"verb":"hold","by":"owner"}"#] {
        let envelope: Envelope = serde_json::from_str(line).unwrap();
        assert_eq!(envelope.request, Request::hold(), "{line}");
    }
    let newer: Status = serde_json::from_str(r#"{"held":true,"held_by":["moon"]}"#).unwrap();
    assert_eq!(newer.held_by, [HeldBy::Other]);
}

#[test]
fn how_far_a_drain_came_goes_round() {
    let drained = Drained { quiet: false, busy: vec![3, 7], unsent: 2, waited_ms: 1500 };
    let line = r#"{"ok":{"drained":{"quiet":false,"busy":[3,7],"unsent":2,"waited_ms":1500}}}"#;
    let response = Response::Ok(Answer::Drained(drained));
    assert_eq!(serde_json::to_string(&response).unwrap(), line);
    assert_eq!(serde_json::from_str::<Response>(line).unwrap(), response);
}
