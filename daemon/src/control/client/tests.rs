use tokio::net::UnixListener;

use super::*;

/// What a daemon that hangs is asked is given up after so many seconds.
#[track_caller]
fn check(request: Request, seconds: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let (failure, took) = runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("control.sock");
        // The system takes connections in for whoever is to accept them.
        let _hanging = UnixListener::bind(&socket).unwrap();
        let begun = Instant::now();
        let failure = Failure::from(ask(&socket, request).await.unwrap_err());
        (failure, begun.elapsed())
    });
    assert_eq!(failure.code, Code::Unreachable);
    assert_eq!(failure.message, format!("the daemon gave no answer: none within {seconds} s"));
    assert_eq!(took.as_secs(), seconds);
}

/// A process that is there is not one that works.
/// Incidents: K14.
#[test]
fn a_daemon_that_hangs_is_given_up_soon_where_it_would_answer_at_once() {
    for request in
        [Request::Ping, Request::Status, Request::Stop, Request::hold(), Request::release()]
    {
        check(request, 3);
    }
}

#[test]
fn a_daemon_that_works_is_waited_for() {
    check(Request::KillSessions, WORK_MAX.as_secs());
    check(Request::RestartSession { session: "1".into() }, WORK_MAX.as_secs());
}

/// Longer than the daemon gives itself, which is longer than it was asked to wait.
#[test]
fn whoever_asks_the_daemon_to_wait_waits_as_long_and_no_longer_than_it_may() {
    let drain = |within_s| Request::Drain { within_s, lease_s: 30, interrupt: false };
    assert_eq!(drain(300).waits(), Duration::from_mins(5));
    check(drain(300), WORK_MAX.as_secs() + 300);
    // The daemon refuses more at once.
    check(drain(9999), WORK_MAX.as_secs() + 600);
}
