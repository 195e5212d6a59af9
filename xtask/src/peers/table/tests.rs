//! The table as it is written, and what is wrong with one that was not written.

use super::super::tests::comparison;
use super::{markdown, problem, terminal};

#[track_caller]
fn check(text: &str, wanted: &str) {
    assert_eq!(problem(text).as_deref(), Some(wanted));
}

#[test]
fn what_is_written_is_found_right() {
    assert_eq!(problem(&markdown(&comparison())), None);
}

#[test]
fn a_table_that_somebody_mended_by_hand_is_told_of() {
    let written = markdown(&comparison());
    check("", "has no heading of the comparison");
    check(&written.replace("SDK / ours", "ratio"), "has no heading of the comparison");
    check(&written.replace("| interrupt |", "| break |"), "has not the rows of the comparison");
    let shorter: String = written
        .lines()
        .filter(|line| !line.starts_with("| interrupt |"))
        .collect::<Vec<_>>()
        .join("\n");
    check(&shorter, "has not the rows of the comparison");
}

#[test]
fn a_row_says_both_medians_the_ratio_and_what_it_means() {
    let written = markdown(&comparison());
    let row = written.lines().find(|line| line.starts_with("| connect |"));
    assert_eq!(row, Some("| connect | 300 ms | 150 ms | 2.00 | 2.00 to 2.00 | 1 | better |"));
    let shown = terminal(&comparison());
    assert!(shown.lines().any(|line| line.starts_with("connect  ")), "{shown}");
    assert!(
        shown.contains("on 0123456789; linux x86_64, 2 cores, others had 12 % of them; sdk 1"),
        "{shown}"
    );
}
