//! The table, the totals and the exit code of finished steps.

use std::io;
use std::process::Command;
use std::time::Duration;

use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::report::Outcome as CaseOutcome;
use harness::tier::Tier;

use super::{Finished, Outcome, Run, pass_through, steps_line, table, total, worst};
use crate::tally::Tally;
use crate::tier::tests::{case, report};

fn step(name: &'static str, outcome: Outcome, passed: u64, failed: u64) -> Finished {
    Finished {
        name,
        outcome,
        elapsed: Duration::from_millis(1234),
        tally: Tally { passed, failed },
        remarks: Vec::new(),
    }
}

#[test]
fn the_table_names_counts_reasons_and_remarks() {
    let mut finished = [
        step("format", Outcome::Passed, 0, 0),
        step("unit tests", Outcome::Failed(ExitCode::Failed), 40, 2),
        step("tier 3", Outcome::Skipped("no agent program".to_owned()), 0, 0),
    ];
    finished[1].remarks.push("2 failed: a, b".to_owned());
    finished[2].remarks.push("no agent program".to_owned());
    assert_eq!(
        table(&finished),
        "format         1.2 s  ok\n\
         unit tests     1.2 s  failed (40 passed, 2 failed)\n    \
             2 failed: a, b\n\
         tier 3         1.2 s  SKIPPED: no agent program\n"
    );
    assert_eq!(steps_line(&finished), "steps: 1 ok, 1 failed, 1 skipped; tests:");
    // The check is no test.
    assert_eq!(total(&finished), Tally { passed: 40, failed: 2 });
}

#[test]
fn a_step_that_fails_without_counting_still_shows_as_a_failure() {
    let finished = [step("clippy", Outcome::Failed(ExitCode::BuildFailed), 0, 0)];
    assert_eq!(total(&finished), Tally { passed: 0, failed: 1 });
}

/// Incidents: K-also.
#[test]
fn a_build_failure_outranks_what_failed_before_it() {
    let failed = |code| step("x", Outcome::Failed(code), 0, 0);
    assert_eq!(worst(&[]), ExitCode::Pass);
    assert_eq!(worst(&[failed(ExitCode::PreconditionMissing)]), ExitCode::PreconditionMissing);
    assert_eq!(
        worst(&[failed(ExitCode::Failed), failed(ExitCode::BuildFailed)]),
        ExitCode::BuildFailed
    );
}

#[test]
fn a_broken_invariant_outranks_a_failure_of_an_earlier_step() {
    use ExitCode::{Failed, FileInvalid, InvariantBroken, PreconditionMissing, Skipped, Warnings};
    let of = |codes: &[ExitCode]| {
        let steps: Vec<_> = codes.iter().map(|it| step("x", Outcome::Failed(*it), 0, 0)).collect();
        worst(&steps)
    };
    assert_eq!(of(&[Failed, InvariantBroken]), InvariantBroken);
    assert_eq!(of(&[Skipped, PreconditionMissing, FileInvalid, Failed]), Failed);
    assert_eq!(of(&[Skipped, PreconditionMissing]), PreconditionMissing);
    // A number that no verdict has counts for no less than one that says that nothing was tried.
    assert_eq!(of(&[Skipped, Warnings]), Warnings);
}

#[test]
fn output_of_both_streams_is_counted_and_the_code_is_kept() {
    let mut shell = Command::new("sh");
    let script = "echo 'test result: ok. 2 passed; 1 failed; 0 ignored'; \
                  echo 'test result: ok. 3 passed; 0 failed; 0 ignored' >&2; exit 33";
    shell.args(["-c", script]);
    // Not to the terminal: a run of these tests would count the lines as results of its own.
    let (code, tally) = pass_through(shell, io::sink(), io::sink()).expect("a shell is everywhere");
    assert_eq!((code, tally), (Some(33), Tally { passed: 5, failed: 1 }));
}

#[test]
fn a_step_takes_its_outcome_from_its_command() {
    let mut run = Run::default();
    let code = ExitCode::BuildFailed;
    assert_eq!(run.command("tidy", code, Command::new("true")), Outcome::Passed);
    assert_eq!(run.command("build", code, Command::new("false")), Outcome::Failed(code));
}

#[test]
fn a_tier_takes_its_outcome_and_its_counts_from_its_report() {
    let mut run = Run::default();
    let cases = vec![case("tier2::a", CaseOutcome::Passed), case("tier2::b", CaseOutcome::Broken)];
    let back = run.tier("tier 2", || Ok(report(Gate::Closed, cases)));
    assert_eq!(back.map(|report| report.cases.len()), Some(2));
    assert_eq!(run.tier("tier 3", || anyhow::bail!("start it")), None);
    assert_eq!(run.finished[0].outcome, Outcome::Failed(ExitCode::InvariantBroken));
    assert_eq!(run.finished[0].tally, Tally { passed: 1, failed: 1 });
    assert_eq!(run.finished[1].outcome, Outcome::Failed(ExitCode::Failed));
    assert!(run.text().ends_with("\n1 passed, 2 failed\n"), "{}", run.text());
}

#[test]
fn a_whole_tier_that_took_longer_than_its_limit_is_remarked() {
    let remarks = |elapsed_ms, only: Option<&str>| {
        let mut slow = report(Gate::Closed, vec![case("tier2::a", CaseOutcome::Passed)]);
        slow.elapsed_ms = elapsed_ms;
        slow.selection.only = only.map(str::to_owned);
        let mut run = Run::default();
        run.tier("tier 2", || Ok(slow));
        assert_eq!(run.finished[0].outcome, Outcome::Passed);
        run.finished.remove(0).remarks
    };
    let limit = Tier::RealBinaries.policy().limit;
    let limit_ms = u64::try_from(limit.as_millis()).unwrap();
    assert_eq!(remarks(limit_ms, None), [""; 0]);
    assert_eq!(
        remarks(limit_ms + 1500, None),
        ["it took 61.5 s, and tier 2 is to take 60 s at most"]
    );
    assert_eq!(remarks(limit_ms + 1500, Some("a")), [""; 0]);
}

/// Incidents: K-also.
#[test]
fn a_tier_that_selected_nothing_is_not_green_and_one_that_tried_nothing_is_skipped() {
    let of = |gate, cases| Outcome::of(&report(gate, cases));
    assert_eq!(of(Gate::Open, Vec::new()), Outcome::Failed(ExitCode::NothingSelected));
    let missing = || vec![case("tier3::a", CaseOutcome::MissingPrecondition)];
    assert!(matches!(of(Gate::Open, missing()), Outcome::Skipped(_)));
    let refused = Outcome::Failed(ExitCode::PreconditionMissing);
    assert_eq!(of(Gate::Closed, missing()), refused);
    let skipped = || vec![case("tier3::a", CaseOutcome::Skipped)];
    assert!(matches!(of(Gate::Open, skipped()), Outcome::Skipped(_)));
    assert_eq!(of(Gate::Closed, skipped()), Outcome::Failed(ExitCode::Skipped));
}

#[test]
fn what_is_missing_is_skipped_on_a_desk_and_fails_behind_the_gate() {
    assert_eq!(Outcome::missing(Gate::Open, "npm"), Outcome::Skipped("npm".to_owned()));
    let refused = Outcome::Failed(ExitCode::PreconditionMissing);
    assert_eq!(Outcome::missing(Gate::Closed, "npm"), refused);
}
