use super::*;

#[test]
fn who_waits_for_nobody_to_be_busy_does_not_wait_for_what_is_stuck() {
    let with = |state: &str, chat: &str| {
        let (state, chat) = (state.to_owned(), chat.to_owned());
        let counts = Counts { accepted: 0, delivered: 1 };
        let sessions = vec![Session { chat, state, queue: 1, ..Session::default() }];
        Status { sessions, counts, ..Status::default() }
    };
    for state in ["dead", "waiting", "resting", "idle", "asleep"] {
        assert!(with(state, "test:1").is_idle(), "{state}");
    }
    for state in ["starting", "busy", "closing"] {
        assert!(!with(state, "test:1").is_idle(), "{state}");
        assert!(with(state, HARNESS_CHAT).is_idle(), "{state}: it is nobody's turn");
    }
    assert!(!Status { unsent: 1, ..with("idle", "test:1") }.is_idle());
}
