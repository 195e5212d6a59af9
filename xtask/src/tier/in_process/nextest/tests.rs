//! What nextest lists, the filter made of it, and how its end and its file fit together.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use harness::gate::Gate;
use harness::report::{CaseReport, Outcome};
use harness::tier::Tier;

use super::{Test, cases, filter, listed_tests};
use crate::tier::Order;
use crate::tier::tests::case;

fn test(binary: &str, name: &str) -> Test {
    Test { binary: binary.to_owned(), name: name.to_owned() }
}

#[test]
fn tests_are_listed_by_binary_and_name() {
    let listed = r#"{"test-count": 2, "rust-suites": {
        "fakes::bin/fake-claude": {"binary-id": "fakes::bin/fake-claude",
            "testcases": {"args::tests::a": {"ignored": false}}},
        "harness": {"binary-id": "harness", "testcases": {"seed::tests::b": {"ignored": false}}}}}"#;
    let listed = serde_json::from_str(listed).unwrap();
    let expected =
        [test("fakes::bin/fake-claude", "args::tests::a"), test("harness", "seed::tests::b")];
    assert_eq!(listed_tests(&listed), expected);
}

#[test]
fn a_filter_names_every_test_once_below_its_binary() {
    let selected = [test("b::bin/c", "z"), test("a", "x"), test("b::bin/c", "y")];
    assert_eq!(
        filter(&selected),
        "(binary_id(=a) & (test(=x))) | (binary_id(=b::bin/c) & (test(=y) | test(=z)))"
    );
}

/// What nextest's end with `status` means beside a file that tells of one test with this outcome, or
/// beside none.
#[track_caller]
fn check(status: ExitStatus, told: Option<Outcome>, expected: &[&str]) {
    let read = match told {
        Some(outcome) => Ok(vec![case("tier1::a::b", outcome)]),
        None => Err(anyhow::anyhow!("read junit.xml")),
    };
    let found: Vec<String> = cases(&Order::whole(Tier::InProcess, Gate::Open), status, read)
        .into_iter()
        .map(|CaseReport { id, message, .. }| message.unwrap_or(id))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn an_end_that_the_file_does_not_explain_is_a_failure_of_its_own() {
    let ended = |code: i32| ExitStatus::from_raw(code << 8);
    check(ended(0), Some(Outcome::Passed), &["tier1::a::b"]);
    check(ended(100), Some(Outcome::Failed), &["tier1::a::b"]);
    let unsaid = "nextest says that a test has failed, and its report does not";
    check(ended(100), Some(Outcome::Passed), &["tier1::a::b", unsaid]);
    check(ended(0), None, &["nextest left no report: failed to read junit.xml"]);
    check(ended(101), None, &["nextest ended with exit status: 101"]);
    let killed = "nextest ended with signal: 9 (SIGKILL)";
    check(ExitStatus::from_raw(9), Some(Outcome::Passed), &["tier1::a::b", killed]);
    check(ended(4), None, &[]);
}
