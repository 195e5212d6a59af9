//! One line for one case.

use super::line;
use crate::report::{CaseReport, Outcome};

#[test]
fn a_line_says_how_a_case_ended_and_why_it_did_not_pass() {
    let case = CaseReport {
        id: "tier2::a::b".to_owned(),
        tags: vec![],
        outcome: Outcome::Failed,
        elapsed_ms: 1234.0,
        wrapper_ms: 0.5,
        tries: 1,
        seed: Some(7),
        log: None,
        message: Some("failed to see the sun\nand the moon".to_owned()),
        repeat: None,
        quarantine: None,
    };
    assert_eq!(
        line(&case),
        "failed                  1.23 s  tier2::a::b  seed 7\n    failed to see the sun"
    );
    let passed = CaseReport { outcome: Outcome::Passed, message: None, seed: None, ..case };
    assert_eq!(line(&passed), "passed                  1.23 s  tier2::a::b");
}
