use super::super::views::Counts;
use super::*;

/// A daemon with one session in this state, with two messages of which one was delivered.
fn with(state: &str) -> Status {
    let session = Session { row: 3, chat: "test:1".to_owned(), state: state.to_owned(), queue: 2 };
    let counts = Counts { accepted: 1, delivered: 1 };
    Status { sessions: vec![session], counts, ..Status::default() }
}

/// Whether nothing waits that did not wait before, where nothing did.
fn is_settled(status: &Status) -> bool {
    Stuck::default().is_settled(status)
}

#[test]
fn what_waits_behind_a_turn_is_no_backlog() {
    for state in ["busy", "starting", "closing"] {
        assert!(is_settled(&with(state)), "{state}");
    }
    // Nobody works on it.
    for state in ["idle", "asleep"] {
        assert!(!is_settled(&with(state)), "{state}");
    }
    let unsent = Status { unsent: 1, ..with("busy") };
    assert!(!is_settled(&unsent));
}

#[test]
fn what_waits_for_a_session_that_waits_itself_is_left_there() {
    for state in ["dead", "waiting", "resting"] {
        let mut status = with(state);
        assert!(is_settled(&status), "{state}");
        status.counts.accepted += 1;
        assert!(!is_settled(&status), "{state}: one more waits elsewhere");
    }
}

#[test]
fn only_what_is_worse_than_before_is_a_backlog() {
    let mut before = with("idle");
    before.counts = Counts { accepted: 2, delivered: 1 };
    let stuck = Stuck::of(&before, &Stuck::default());
    assert!(stuck.is_settled(&before));
    before.counts.accepted += 1;
    assert!(!stuck.is_settled(&before));
    assert_eq!(
        stuck.complaint(&before),
        "4 messages and 0 replies still wait, where 3 messages did before"
    );
}

#[test]
fn what_was_on_its_way_before_has_to_come() {
    // Two messages of a turn that runs, and one that nobody reads.
    let mut before = with("busy");
    before.counts.accepted += 1;
    let stuck = Stuck::of(&before, &Stuck::default());
    let mut after = with("asleep");
    after.counts = Counts { accepted: 1, delivered: 0 };
    assert!(stuck.is_settled(&after));
    after.counts.accepted += 1;
    assert!(!stuck.is_settled(&after));
}

#[test]
fn what_the_owner_holds_is_no_backlog() {
    let held = |by: &str| Status { held_by: vec![by.to_owned()], ..with("asleep") };
    assert!(is_settled(&held("owner")));
    assert!(!is_settled(&held("restart")));
    assert!(!is_settled(&Status { unsent: 1, ..held("owner") }), "a reply passes a hold");
}

#[test]
fn who_is_down_is_remembered() {
    for (state, down) in [
        ("dead", Some(Down::GivenUp)),
        ("waiting", Some(Down::Trying)),
        ("resting", Some(Down::Trying)),
        ("idle", None),
    ] {
        let stuck = Stuck::of(&with(state), &Stuck::default());
        assert_eq!(stuck.down, down.map(|down| (3, down)).into_iter().collect(), "{state}");
    }
}

#[test]
fn who_is_down_below_a_hold_is_added_and_what_waits_there_is_not() {
    let held = |state: &str| Status { held_by: vec!["restart".to_owned()], ..with(state) };
    let down = [(2, Down::GivenUp), (3, Down::Trying)].into();
    let before = Stuck { messages: 4, down, is_mute: true };
    let stuck = Stuck::of(&held("dead"), &before);
    let down = [(2, Down::GivenUp), (3, Down::GivenUp)].into();
    assert_eq!(stuck, Stuck { down, ..before });
    assert_eq!(Stuck::of(&held("asleep"), &stuck), stuck);
    // Once delivery is open again, it is looked at anew.
    let anew = Stuck { messages: 2, down: BTreeMap::new(), ..stuck.clone() };
    assert_eq!(Stuck::of(&with("asleep"), &stuck), anew);
}
