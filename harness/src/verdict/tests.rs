use proptest::prelude::*;

use super::{PRECEDENCE, Standing, judge};
use crate::exit_code::ExitCode;
use crate::gate::Gate;
use crate::report::{CaseReport, Outcome};
use crate::specimen::{Entry, any_report, case, quarantined};

/// Judges these cases beside one that passes, and returns the number and the counts:
/// `20: 1 passed, 1 failed, 0 skipped, 0 quarantined`.
#[track_caller]
fn play(gate: Gate, cases: &[CaseReport], problems: &[&str]) -> String {
    let problems: Vec<String> = problems.iter().map(|&problem| problem.to_owned()).collect();
    let verdict = judge(gate, cases, &problems);
    let counted = verdict.passed + verdict.failed + verdict.skipped + verdict.quarantined;
    assert_eq!(counted, cases.len());
    format!(
        "{}: {} passed, {} failed, {} skipped, {} quarantined",
        verdict.exit_code.number(),
        verdict.passed,
        verdict.failed,
        verdict.skipped,
        verdict.quarantined
    )
}

/// One case of this outcome beside one that passes, open and closed.
#[track_caller]
fn beside_a_pass(other: &CaseReport) -> [String; 2] {
    let cases = || [case("good", Outcome::Passed), other.clone()];
    [play(Gate::Open, &cases(), &[]), play(Gate::Closed, &cases(), &[])]
}

#[test]
fn every_outcome_has_its_number_behind_either_gate() {
    let passed = "0: 2 passed, 0 failed, 0 skipped, 0 quarantined";
    let skipped = "0: 1 passed, 0 failed, 1 skipped, 0 quarantined";
    let failed = |number| format!("{number}: 1 passed, 1 failed, 0 skipped, 0 quarantined");
    for (outcome, open, closed) in [
        (Outcome::Passed, passed.to_owned(), passed.to_owned()),
        (Outcome::Skipped, skipped.to_owned(), skipped.to_owned()),
        (Outcome::MissingPrecondition, skipped.to_owned(), failed(40)),
        (Outcome::Flaky, passed.to_owned(), failed(20)),
        (Outcome::Leaked, passed.to_owned(), failed(21)),
        (Outcome::Failed, failed(20), failed(20)),
        (Outcome::Panicked, failed(20), failed(20)),
        (Outcome::TimedOut, failed(20), failed(20)),
        (Outcome::Broken, failed(21), failed(21)),
    ] {
        assert_eq!(beside_a_pass(&case("one", outcome)), [open, closed], "{outcome}");
    }
}

#[test]
fn a_quarantine_that_holds_takes_the_count_and_not_the_run() {
    let tolerated = "0: 1 passed, 0 failed, 0 skipped, 1 quarantined";
    for outcome in [Outcome::Failed, Outcome::Panicked, Outcome::TimedOut, Outcome::Broken] {
        let case = quarantined(Entry::Holds, case("one", outcome));
        assert_eq!(beside_a_pass(&case), [tolerated, tolerated], "{outcome}");
    }
    let passes = quarantined(Entry::Holds, case("one", Outcome::Passed));
    assert_eq!(beside_a_pass(&passes), ["0: 2 passed, 0 failed, 0 skipped, 0 quarantined"; 2]);
}

#[test]
fn a_quarantine_that_has_expired_fails_whatever_the_case_does() {
    for (outcome, number) in [
        (Outcome::Passed, 32),
        (Outcome::Skipped, 32),
        (Outcome::Failed, 20),
        (Outcome::Broken, 21),
    ] {
        let case = quarantined(Entry::Expired, case("one", outcome));
        let failed = format!("{number}: 1 passed, 1 failed, 0 skipped, 0 quarantined");
        assert_eq!(beside_a_pass(&case), [failed.clone(), failed], "{outcome}");
    }
}

#[test]
fn a_problem_refuses_a_run_in_which_every_case_passed() {
    let cases = [case("good", Outcome::Passed)];
    let all = "32: 1 passed, 0 failed, 0 skipped, 0 quarantined";
    assert_eq!(play(Gate::Open, &cases, &["quarantine of tier2::x: no such case"]), all);
}

#[test]
fn nothing_selected_is_never_a_pass() {
    for gate in [Gate::Open, Gate::Closed] {
        assert_eq!(play(gate, &[], &[]), "33: 0 passed, 0 failed, 0 skipped, 0 quarantined");
    }
}

#[test]
fn nothing_tried_is_never_a_pass() {
    let missing = [case("one", Outcome::MissingPrecondition), case("two", Outcome::Skipped)];
    let none = "41: 0 passed, 0 failed, 2 skipped, 0 quarantined";
    assert_eq!(play(Gate::Open, &missing, &[]), none);
    let some = "40: 0 passed, 1 failed, 1 skipped, 0 quarantined";
    assert_eq!(play(Gate::Closed, &missing, &[]), some);
    let skipped = [case("one", Outcome::Skipped)];
    let one = "41: 0 passed, 0 failed, 1 skipped, 0 quarantined";
    assert_eq!(play(Gate::Closed, &skipped, &[]), one);
    let quarantined = [quarantined(Entry::Holds, case("one", Outcome::Failed))];
    let only = "41: 0 passed, 0 failed, 0 skipped, 1 quarantined";
    assert_eq!(play(Gate::Open, &quarantined, &[]), only);
}

#[test]
fn what_the_running_daemon_lacks_is_an_error_even_behind_an_open_gate() {
    let lacking =
        CaseReport { id: "tier4::answers".into(), ..case("", Outcome::MissingPrecondition) };
    let failed = "40: 1 passed, 1 failed, 0 skipped, 0 quarantined";
    assert_eq!(beside_a_pass(&lacking), [failed, failed]);
}

#[test]
fn the_worst_number_wins() {
    let all = |outcomes: &[Outcome], problems: &[&str]| {
        let cases: Vec<CaseReport> = outcomes.iter().map(|&outcome| case("one", outcome)).collect();
        play(Gate::Closed, &cases, problems).split(':').next().map(str::to_owned)
    };
    let missing = Outcome::MissingPrecondition;
    let found = [
        all(&[missing, Outcome::Failed, Outcome::Broken], &["p"]),
        all(&[missing, Outcome::Failed], &["p"]),
        all(&[missing], &["p"]),
        all(&[], &["p"]),
        all(&[missing], &[]),
        all(&[], &[]),
        all(&[Outcome::Skipped], &[]),
    ];
    assert_eq!(found.map(Option::unwrap), ["21", "20", "32", "32", "40", "33", "41"]);
}

#[test]
fn the_reasons_name_the_cases_worst_first() {
    let mut cases: Vec<CaseReport> =
        ["a", "b", "c", "d", "e"].map(|name| case(name, Outcome::Failed)).into();
    cases.push(case("gone", Outcome::Skipped));
    cases.push(case("twice", Outcome::Flaky));
    cases.push(case("lost", Outcome::Broken));
    cases.push(quarantined(Entry::Holds, case("late", Outcome::Panicked)));
    cases.push(quarantined(Entry::Expired, case("old", Outcome::Passed)));
    let verdict = judge(Gate::Open, &cases, &["the file is odd".to_owned()]);
    assert_eq!(
        verdict.reasons,
        [
            "1 invariant broken: tier2::lost",
            "5 failed: tier2::a, tier2::b, tier2::c and 2 more",
            "the file is odd",
            "1 in a quarantine that has expired: tier2::old",
            "1 failed in quarantine: tier2::late",
            "1 passed on a later try only: tier2::twice",
            "1 skipped: tier2::gone",
        ]
    );
}

#[test]
fn a_plain_pass_has_no_reasons() {
    assert_eq!(judge(Gate::Closed, &[case("one", Outcome::Passed)], &[]).reasons, [""; 0]);
}

proptest! {
    #[test]
    fn green_means_that_something_passed_and_nothing_failed(report in any_report()) {
        let verdict = &report.verdict;
        let all = verdict.passed + verdict.failed + verdict.skipped + verdict.quarantined;
        prop_assert_eq!(all, report.cases.len());
        let green = verdict.exit_code == ExitCode::Pass;
        let deserved = 0 < verdict.passed && verdict.failed == 0 && report.problems.is_empty();
        prop_assert_eq!(green, deserved);
        prop_assert!(green || PRECEDENCE.contains(&verdict.exit_code));
        prop_assert!(green || !verdict.reasons.is_empty());
    }

    #[test]
    fn closing_the_gate_makes_nothing_better(report in any_report()) {
        let open = judge(Gate::Open, &report.cases, &report.problems);
        let closed = judge(Gate::Closed, &report.cases, &report.problems);
        prop_assert!(open.failed <= closed.failed && closed.passed <= open.passed);
        let passes = |code| code == ExitCode::Pass;
        prop_assert!(passes(open.exit_code) || !passes(closed.exit_code));
        for case in &report.cases {
            let failed = |gate| matches!(Standing::of(gate, case), Standing::Failed(_));
            prop_assert!(failed(Gate::Closed) || !failed(Gate::Open));
        }
    }
}
