//! The table, the totals and the exit code of finished steps.

use std::io;
use std::process::Command;
use std::time::Duration;

use harness::exit_code::ExitCode;

use super::{Finished, Kind, Outcome, Run, outcome, pass_through, steps_line, table, total, worst};
use crate::tally::Tally;

fn step(name: &'static str, outcome: Outcome, passed: u64, failed: u64) -> Finished {
    Finished {
        name,
        outcome,
        elapsed: Duration::from_millis(1234),
        tally: Tally { passed, failed },
    }
}

#[test]
fn the_table_names_counts_and_reasons() {
    let finished = [
        step("format", Outcome::Passed, 0, 0),
        step("unit tests", Outcome::Failed(ExitCode::Failed), 40, 2),
        step("tier 3", Outcome::Skipped("no agent program".to_owned()), 0, 0),
    ];
    assert_eq!(
        table(&finished),
        "format         1.2 s  ok\n\
         unit tests     1.2 s  failed (40 passed, 2 failed)\n\
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
fn output_of_both_streams_is_counted_and_the_code_is_kept() {
    let mut shell = Command::new("sh");
    let script = "echo 'test result: ok. 2 passed; 1 failed; 0 ignored'; \
                  echo '  Summary [ 0.1s] 3 tests run: 3 passed, 0 skipped' >&2; exit 33";
    shell.args(["-c", script]);
    // Not to the terminal: a run of these tests would count the lines as results of its own.
    let (code, tally) = pass_through(shell, io::sink(), io::sink()).expect("a shell is everywhere");
    assert_eq!((code, tally), (Some(33), Tally { passed: 5, failed: 1 }));
}

/// What an end means that came after `passed` tests held and `failed` did not.
#[track_caller]
fn check(kind: Kind, code: Option<i32>, (passed, failed): (u64, u64), expected: &Outcome) {
    let meant = outcome(kind, code, Tally { passed, failed }, ExitCode::Failed);
    assert_eq!(meant, *expected, "{kind:?} {code:?} {passed} {failed}");
}

#[test]
fn a_runner_of_ours_says_itself_how_it_ended() {
    for kind in [Kind::Check, Kind::Tests] {
        check(kind, Some(0), (3, 0), &Outcome::Passed);
        check(kind, Some(21), (3, 1), &Outcome::Failed(ExitCode::InvariantBroken));
        check(kind, Some(33), (0, 0), &Outcome::Failed(ExitCode::NothingSelected));
        check(kind, Some(101), (3, 1), &Outcome::Failed(ExitCode::Failed));
        check(kind, None, (3, 0), &Outcome::Failed(ExitCode::Failed));
        let why = "what it needs is not on this machine".to_owned();
        check(kind, Some(41), (0, 0), &Outcome::Skipped(why));
    }
}

#[test]
fn tests_of_which_none_ran_have_not_passed() {
    let nothing = Outcome::Failed(ExitCode::NothingSelected);
    check(Kind::Tests, Some(0), (0, 0), &nothing);
    check(Kind::Tests, Some(4), (0, 0), &nothing);
    check(Kind::Check, Some(0), (0, 0), &Outcome::Passed);
    check(Kind::Check, Some(4), (0, 0), &Outcome::Failed(ExitCode::Failed));
}

#[test]
fn a_step_takes_its_outcome_from_its_command() {
    let ends_well = || Command::new("true");
    let mut run = Run::default();
    assert_eq!(run.command("tidy", ExitCode::Failed, ends_well()), Outcome::Passed);
    let nothing = Outcome::Failed(ExitCode::NothingSelected);
    assert_eq!(run.tests("tier 1", ends_well()), nothing);
}
