use super::*;

const HELD: &str = "     Summary [   0.1s] 2 tests run: 2 passed, 9 skipped\n";
const FAILED: &str = "        FAIL [   0.1s] a::b\n     Summary [   0.1s] 2 tests run: 1 passed, 1 failed, 9 skipped\n";
const HUNG: &str = "     TIMEOUT [  30.0s] a::b\n     Summary [  30.1s] 2 tests run: 1 passed, 1 timed out, 9 skipped\n";

#[track_caller]
fn check(ended: Ended, said: &str, expected: &Finding) {
    assert_eq!(finding(ended, said, &[NEXTEST_FAILED]), *expected, "{ended:?} {said}");
}

fn nothing(why: &str) -> Finding {
    Finding::Nothing { why: why.to_owned() }
}

#[test]
fn a_test_that_fails_has_noticed_and_one_that_hangs_is_marked() {
    check(Ended::With(100), FAILED, &Finding::Noticed { timeout: false });
    check(Ended::With(100), HUNG, &Finding::Noticed { timeout: true });
    check(Ended::TooLate, "", &Finding::Noticed { timeout: true });
}

#[test]
fn tests_that_pass_have_not_noticed() {
    check(Ended::With(0), HELD, &Finding::Held);
}

#[test]
fn a_run_that_shows_nothing_is_no_kill() {
    check(Ended::With(0), "", &nothing("no test ran"));
    // A build that failed after all, a list that could not be made, no test of this name.
    for code in [101, 104, 4, 1, -1] {
        check(Ended::With(code), "", &nothing(&format!("the tests ended with {code}")));
    }
    check(Ended::Interrupted, FAILED, &Finding::Interrupted);
}
