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
fn what_a_failed_test_printed_itself_is_not_counted() {
    check("    test result: FAILED. 0 passed; 1 failed; 0 ignored", None);
    check("test tally::tests::nothing ... ok", None);
    check("Summary of the day: 3 passed", None);
}
