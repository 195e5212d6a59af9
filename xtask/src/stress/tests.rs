//! Which runs are clean.

use harness::gate::Gate;
use harness::report::Outcome;

use super::account::Flake;
use super::flakes;
use crate::tier::tests::{case, report};

#[track_caller]
fn check(outcomes: &[(&str, Outcome)], expected: &[(&str, &str)]) {
    let cases = outcomes.iter().map(|(id, outcome)| case(id, *outcome)).collect();
    let found: Vec<(String, String)> = flakes(&report(Gate::Closed, cases))
        .into_iter()
        .map(|Flake { id, outcome }| (id, outcome))
        .collect();
    let expected: Vec<_> =
        expected.iter().map(|(id, what)| ((*id).to_owned(), (*what).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn whatever_does_not_hold_at_once_is_a_flake() {
    check(&[("a", Outcome::Passed), ("b", Outcome::Skipped)], &[]);
    check(
        &[("a", Outcome::Passed), ("b", Outcome::Flaky), ("c", Outcome::TimedOut)],
        &[("b", "flaky"), ("c", "timed out")],
    );
    check(&[("a", Outcome::Leaked)], &[("a", "leaked")]);
}

#[test]
fn a_run_without_a_test_is_not_clean() {
    check(&[], &[("tier 2", "nothing selected")]);
}
