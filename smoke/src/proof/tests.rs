use super::round::all;
use super::{Account, Flow, Kind, Outcome};

#[test]
fn good_and_bad_builds_take_turns_and_each_fault_has_its() {
    let rounds = all(10, 10);
    assert_eq!(rounds.len(), 20);
    let good = rounds.iter().filter(|round| round.kind == Kind::Good).count();
    assert_eq!(good, 10);
    let mut faults: Vec<&str> = rounds.iter().filter_map(|round| round.fault).collect();
    faults.sort_unstable();
    faults.dedup();
    assert_eq!(faults.len(), 10);
    let numbers: Vec<usize> = rounds.iter().map(|round| round.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    assert!(
        rounds.windows(2).all(|pair| (pair[0].kind == Kind::Good) != (pair[1].kind == Kind::Good))
    );
}

#[test]
fn fewer_rounds_of_one_kind_end_earlier() {
    let kinds: Vec<bool> = all(1, 3).iter().map(|round| round.fault.is_some()).collect();
    assert_eq!(kinds, [false, true, true, true]);
    assert!(all(0, 0).is_empty());
}

#[test]
fn a_proof_without_messages_proves_nothing() {
    let account = Account { sent: 0, marked_again: 0, broken: None };
    let outcome = Outcome {
        flow: Flow::Always,
        rounds: Vec::new(),
        account,
        gap_ms_p50: None,
        elapsed_s: 0.0,
    };
    assert_eq!(outcome.faults(), ["no message was sent"]);
}
