use super::read;
use crate::report::{CaseReport, Outcome};
use crate::tier::Tier;

/// Written by nextest 0.9.143 for a crate with one test of each kind; backtraces taken out.
const WRITTEN: &str = include_str!("nextest.xml");

#[track_caller]
fn case(id: &str) -> CaseReport {
    let cases = read(WRITTEN).unwrap();
    let found = cases.into_iter().find(|case| case.id == id);
    found.unwrap_or_else(|| panic!("no case {id}"))
}

#[test]
fn every_test_is_a_case_of_tier_1_named_after_its_binary() {
    let cases = read(WRITTEN).unwrap();
    let found: Vec<(&str, Outcome)> =
        cases.iter().map(|case| (case.id.as_str(), case.outcome)).collect();
    assert_eq!(
        found,
        [
            ("tier1::specimen::tests::aborts", Outcome::Failed),
            ("tier1::specimen::tests::flaky", Outcome::Flaky),
            ("tier1::specimen::tests::fails", Outcome::Failed),
            ("tier1::specimen::tests::leaks", Outcome::Leaked),
            ("tier1::specimen::tests::passes", Outcome::Passed),
            ("tier1::specimen::tests::returns_an_error", Outcome::Failed),
            ("tier1::specimen::tests::hangs", Outcome::TimedOut),
            ("tier1::specimen::it::outside", Outcome::Passed),
            ("tier1::specimen::bin/specimen::of_the_binary", Outcome::Passed),
        ]
    );
    assert!(cases.iter().all(|case| Tier::of_id(&case.id) == Some(Tier::InProcess)));
}

#[test]
fn a_failure_says_why_and_how_to_repeat_it() {
    let failed = case("tier1::specimen::tests::fails");
    let message = failed.message.unwrap();
    assert!(message.contains("assertion `left == right` failed: colour red"), "{message}");
    assert_eq!(
        failed.repeat.as_deref(),
        Some(
            "cargo nextest run --locked -p specimen \
             -E 'binary_id(=specimen) and test(=tests::fails)'"
        )
    );
    let hung = case("tier1::specimen::tests::hangs");
    assert_eq!(hung.message.as_deref(), Some("test timeout"));
    let passed = case("tier1::specimen::it::outside");
    assert_eq!((passed.message, passed.repeat), (None, None));
}

#[test]
fn the_tries_are_counted_and_their_times_summed() {
    let flaky = case("tier1::specimen::tests::flaky");
    assert_eq!((flaky.tries, flaky.elapsed_ms.round()), (2, 241.0));
    assert!(flaky.message.unwrap().contains("first time"));
    let aborted = case("tier1::specimen::tests::aborts");
    assert_eq!((aborted.tries, aborted.elapsed_ms.round()), (2, 14.0));
}

#[test]
fn a_test_that_held_at_last_is_flaky_even_where_nextest_fails_it() {
    let told = r#"<testsuites name="n" tests="1" failures="1" errors="0">
        <testsuite name="specimen" tests="1" disabled="0" errors="0" failures="1">
        <testcase name="late" classname="specimen" time="1.5"><failure type="flaky failure"/>
        <flakyFailure time="0.5" type="test failure with exit code 101">first time</flakyFailure>
        </testcase></testsuite></testsuites>"#;
    let cases = read(told).unwrap();
    let late = &cases[0];
    assert_eq!((late.outcome, late.tries, late.elapsed_ms.round()), (Outcome::Flaky, 2, 2000.0));
}

#[test]
fn a_file_without_tests_has_no_cases_and_half_a_file_is_refused() {
    let empty = r#"<testsuites name="n" tests="0" failures="0" errors="0"></testsuites>"#;
    assert_eq!(read(empty).unwrap(), []);
    let half = &WRITTEN[..WRITTEN.len() / 2];
    assert!(read(half).unwrap_err().to_string().starts_with("read the JUnit file: "));
    assert!(read("").is_err());
}
