//! One line in, the counts out.

use super::{Tally, of_line};

#[track_caller]
fn check(line: &str, expected: Option<(u64, u64)>) {
    assert_eq!(of_line(line), expected.map(|(passed, failed)| Tally { passed, failed }));
}

#[test]
fn the_result_line_of_the_standard_runner_is_read() {
    check(
        "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
        Some((3, 0)),
    );
    check("test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 0.2s", Some((3, 2)));
}

#[test]
fn the_summary_of_nextest_is_read_in_its_variants() {
    check("     Summary [   0.286s] 26 tests run: 26 passed, 0 skipped", Some((26, 0)));
    check(
        "     Summary [   0.309s] 23/26 tests run: 22 passed, 1 failed, 0 skipped",
        Some((22, 1)),
    );
    check("Summary [ 9s] 4 tests run: 2 passed (1 slow), 1 failed, 1 timed out", Some((2, 2)));
    check("     Summary [   0.1s] 1 test run: 1 passed, 0 skipped", Some((1, 0)));
}

#[test]
fn what_a_failed_test_printed_itself_is_not_counted() {
    check("    test result: FAILED. 0 passed; 1 failed; 0 ignored", None);
    check("test tally::tests::nothing ... ok", None);
    check("Summary of the day: 3 passed", None);
}
