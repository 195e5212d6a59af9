//! Which runs are clean.

use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::report::{CaseReport, Outcome, Quarantined};
use jiff::civil::date;

use super::account::{Flake, RunAccount};
use super::{Doubt, code, flakes, withdraw};
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
fn a_failure_in_quarantine_is_a_flake_too() {
    let entry = Quarantined { issue: "7".to_owned(), expires: date(2999, 1, 1), expired: false };
    let tolerated = CaseReport { quarantine: Some(entry), ..case("b", Outcome::Failed) };
    let report = report(Gate::Closed, vec![case("a", Outcome::Passed), tolerated]);
    assert_eq!(report.verdict.exit_code, ExitCode::Pass);
    let expected = Flake { id: "b".to_owned(), outcome: "failed".to_owned() };
    assert_eq!(flakes(&report), [expected]);
}

#[test]
fn a_run_without_a_test_is_not_clean() {
    check(&[], &[("tier 2", "nothing selected")]);
}

#[test]
fn no_failure_under_no_load_or_in_other_files_is_no_pass() {
    assert_eq!(code(0, &[]), ExitCode::Pass);
    assert_eq!(code(1, &[]), ExitCode::Failed);
    assert_eq!(code(0, &[Doubt::WentOut]), ExitCode::Failed);
    assert_eq!(code(0, &[Doubt::Changed]), ExitCode::FileInvalid);
    assert_eq!(code(1, &[Doubt::Changed]), ExitCode::Failed);
    assert_eq!(code(0, &[Doubt::WentOut, Doubt::Changed]), ExitCode::Failed);
}

#[test]
fn a_run_that_was_not_clean_takes_the_receipt_of_its_tier_away() {
    let room = tempfile::tempdir().unwrap();
    let receipt = room.path().join("tier-2.json");
    std::fs::write(&receipt, "{}").unwrap();
    let mut run =
        RunAccount { elapsed_s: 1.0, passed: 1, tests: 1, flakes: Vec::new(), kept: None };
    withdraw(&receipt, &run).unwrap();
    assert!(receipt.exists());
    run.flakes.push(Flake { id: "b".to_owned(), outcome: "flaky".to_owned() });
    withdraw(&receipt, &run).unwrap();
    assert!(!receipt.exists());
    withdraw(&receipt, &run).unwrap();
}
