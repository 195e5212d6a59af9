use std::collections::BTreeSet;

use super::words::{Turn, parse};
use super::{KillOutcome, KillsOutcome, Point, all};
use crate::launched::Victim;
use crate::proof::Account;

#[test]
fn everybody_is_killed_at_every_point_once() {
    let kills = all("");
    assert_eq!(kills.len(), 48);
    let names: BTreeSet<String> = kills.iter().map(super::Kill::name).collect();
    assert_eq!(names.len(), 48);
    assert!(names.contains("lock/runner") && names.contains("verify-released/all"));
    for point in Point::ALL {
        let victims: Vec<Victim> =
            kills.iter().filter(|kill| kill.point == point).map(|kill| kill.victim).collect();
        assert_eq!(victims, Victim::ALL);
    }
}

#[test]
fn some_of_them_keep_their_numbers() {
    let kills = all("bless/");
    let numbers: Vec<usize> = kills.iter().map(|kill| kill.number).collect();
    assert_eq!(numbers, [41, 42, 43, 44]);
    assert!(all("nowhere").is_empty());
}

#[test]
fn a_line_tells_of_the_beginning_of_a_step_or_of_its_end() {
    let begins = |step: &str| Some((step.to_owned(), Turn::Begins));
    let ended = |step: &str| Some((step.to_owned(), Turn::Ended));
    assert_eq!(parse(" 6 hold and drain: at most 160 s"), begins("hold and drain"));
    assert_eq!(parse("12 bless: passed in 0.1 s of 30 s"), ended("bless"));
    assert_eq!(parse(" R roll back: at most 240 s"), begins("roll back"));
    assert_eq!(parse(" 5 candidate: failed in 3.0 s of 300 s: at most 5"), ended("candidate"));
    assert_eq!(parse("xtask: failed to find the home"), None);
    assert_eq!(parse(""), None);
}

#[test]
fn a_proof_in_which_nobody_was_killed_proves_nothing() {
    let account = Account { sent: 1, marked_again: 0, broken: None };
    let outcome = KillsOutcome { seed: 1, kills: Vec::new(), account, elapsed_s: 0.0 };
    assert_eq!(outcome.faults(), ["nobody was killed"]);
    assert_eq!((outcome.meant(), outcome.hits()), (0, 0));
}

#[test]
fn a_kill_that_was_tried_again_counts_once_and_as_hit_when_one_try_was() {
    let missed = KillOutcome::of(&all("lock/launcher")[0]);
    let hit = KillOutcome { hit: true, ..missed.clone() };
    let never = KillOutcome::of(&all("lock/all")[0]);
    let account = Account { sent: 1, marked_again: 0, broken: None };
    let kills = vec![missed, hit, never];
    let outcome = KillsOutcome { seed: 1, kills, account, elapsed_s: 0.0 };
    assert_eq!((outcome.meant(), outcome.hits()), (2, 1));
    assert!(outcome.faults().is_empty());
}
