use super::*;

/// A daemon with one session in this state, behind which two messages wait.
fn with(state: &str) -> Status {
    let session = Session { chat: "test:1".to_owned(), state: state.to_owned(), queue: 2 };
    let counts = Counts { accepted: 2, delivered: 1 };
    Status { sessions: vec![session], counts, ..Status::default() }
}

#[test]
fn what_waits_behind_a_turn_is_no_backlog() {
    for state in ["busy", "starting"] {
        assert!(with(state).is_settled(), "{state}");
    }
    // Nobody works on it.
    assert!(!with("idle").is_settled());
    assert!(!with("asleep").is_settled());
    let unsent = Status { unsent: 1, ..with("busy") };
    assert!(!unsent.is_settled());
}

#[test]
fn what_waits_for_a_session_that_waits_itself_is_left_there() {
    for state in ["dead", "waiting"] {
        let mut status = with(state);
        status.counts.delivered = 0;
        assert!(status.is_settled(), "{state}");
        status.counts.accepted = 3;
        assert!(!status.is_settled(), "{state}: one more waits elsewhere");
    }
}
