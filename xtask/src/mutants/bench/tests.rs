use super::*;

const HELD: &str =
    "        PASS [   0.1s] (1/1) a::b\n     Summary [   0.1s] 1 test run: 1 passed\n";
const HELD_BY_CARGO: &str = "test a::b ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
const NONE_BY_CARGO: &str = "test result: ok. 0 passed; 0 failed; 0 ignored; 9 filtered out\n";
const FAILED: &str = "        FAIL [   0.1s] a::b\n     Summary [   0.1s] 2 tests run: 1 passed, 1 failed, 9 skipped\n";
const FAILED_IN_A_LIST: &str = "        FAIL [   0.1s] (2/9) assistant-core c::d\n";
const HUNG: &str = "     TIMEOUT [  30.0s] a::b\n     Summary [  30.1s] 2 tests run: 1 passed, 1 timed out, 9 skipped\n";

#[track_caller]
fn check(ended: Ended, said: &str, expected: &Finding) {
    assert_eq!(finding(ended, said, &[NEXTEST_FAILED]), *expected, "{ended:?} {said}");
}

fn nothing(why: &str) -> Finding {
    Finding::Nothing { why: why.to_owned() }
}

fn noticed(by: &[&str], timeout: bool) -> Finding {
    Finding::Noticed { by: by.iter().map(|&name| name.to_owned()).collect(), timeout }
}

#[test]
fn a_test_that_fails_has_noticed_and_one_that_hangs_is_marked() {
    check(Ended::With(100), FAILED, &noticed(&["a::b"], false));
    check(Ended::With(100), HUNG, &noticed(&["a::b"], true));
    check(Ended::With(100), &[HUNG, FAILED_IN_A_LIST].concat(), &noticed(&["a::b", "c::d"], false));
    check(Ended::TooLate, "", &noticed(&[], true));
}

#[test]
fn every_test_that_failed_is_named_however_it_ended() {
    let crashed = "     SIGABRT [   0.1s] (3/9) assistant-core c::d\n\
                   \x20  TERMINATING [> 30.0s] (4/9) assistant-core e::f\n\
                   \x20 FAIL + LEAK [   0.2s] (5/9) assistant-core::it g::h\n\
                   \x20       SLOW [> 10.0s] (6/9) assistant-core i::j\n";
    check(Ended::With(100), crashed, &noticed(&["c::d", "g::h"], false));
    let by_cargo = "test a::b ... FAILED\ntest c::d ... ok\n";
    let found = finding(Ended::With(101), by_cargo, &[CARGO_FAILED]);
    assert_eq!(found, noticed(&["a::b"], false));
}

#[test]
fn tests_that_pass_have_not_noticed() {
    check(Ended::With(0), HELD, &Finding::Held);
    check(Ended::With(0), HELD_BY_CARGO, &Finding::Held);
}

#[test]
fn a_run_that_shows_nothing_is_no_kill() {
    check(Ended::With(0), "", &nothing("no test ran"));
    check(Ended::With(0), NONE_BY_CARGO, &nothing("no test ran"));
    // A build that failed after all, a list that could not be made, no test of this name.
    for code in [101, 104, 4, 1, -1] {
        check(Ended::With(code), "", &nothing(&format!("the tests ended with {code}")));
    }
    check(Ended::Interrupted, FAILED, &Finding::Interrupted);
}

/// The report of a run of one case, which ended like this.
fn report(outcome: Outcome) -> Report {
    let case =
        serde_json::json!({"id": "tier2::a::b", "outcome": outcome, "elapsed_ms": 1.0, "tries": 1});
    let cases = vec![serde_json::from_value(case).unwrap()];
    Report {
        schema: harness::report::SCHEMA.to_owned(),
        tier: harness::tier::Tier::RealBinaries,
        gate: harness::gate::Gate::Open,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        elapsed_ms: 1,
        selection: harness::report::Selection::default(),
        machine: harness::report::Machine::here(),
        ends: Vec::new(),
        problems: Vec::new(),
        verdict: harness::verdict::judge(harness::gate::Gate::Open, &cases, &[]),
        cases,
    }
}

#[track_caller]
fn check_case(outcome: Outcome, expected: &Finding) {
    let report = report(outcome);
    let code = i32::from(report.verdict.exit_code.number());
    assert_eq!(finding_of_cases(Ended::With(code), Some(&report)), *expected, "{outcome}");
}

#[test]
fn a_case_that_fails_has_noticed_and_one_that_ran_out_of_time_is_marked() {
    for outcome in [Outcome::Failed, Outcome::Panicked, Outcome::Broken] {
        check_case(outcome, &noticed(&["tier2::a::b"], false));
    }
    check_case(Outcome::TimedOut, &noticed(&["tier2::a::b"], true));
    check_case(Outcome::Passed, &Finding::Held);
}

#[test]
fn a_runner_that_tried_nothing_or_left_no_report_is_no_kill() {
    check_case(Outcome::MissingPrecondition, &nothing("the runner ended with 41"));
    let found = finding_of_cases(Ended::With(20), None);
    assert_eq!(found, nothing("the runner ended with 20 and left no report"));
    let late = finding_of_cases(Ended::TooLate, None);
    assert_eq!(late, noticed(&[], true));
}
