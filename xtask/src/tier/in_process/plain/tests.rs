//! Lines of cargo's own runner in, tests and cases out.

use std::io;
use std::process::Command;

use super::{listed_tests, run_merged, told};
use crate::tier::build::Executable;

fn built() -> Vec<Executable> {
    [("harness-1", "harness"), ("it-2", "fakes::it")]
        .map(|(file, binary)| Executable::runner(&format!("/t/debug/deps/{file}"), binary))
        .into()
}

/// Checks the cases that some lines tell of: `ID OUTCOME`.
#[track_caller]
fn check(lines: &str, expected: &[&str]) {
    let cases = told(lines, &built());
    let cases: Vec<String> =
        cases.iter().map(|case| format!("{} {}", case.id, case.outcome)).collect();
    assert_eq!(cases, expected);
}

#[test]
fn every_test_is_a_case_of_the_binary_it_ran_in() {
    check(
        "     Running unittests src/lib.rs (target/debug/deps/harness-1)\n\n\
         running 3 tests\n\
         test seed::tests::a ... ok\n\
         test wait::tests::b - should panic ... ok\n\
         test wait::tests::c ... ignored, because\n\n\
         test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\n     \
         Running tests/it/main.rs (target/debug/deps/it-2)\n\
         test drift::d ... FAILED\n\n\
         failures:\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n",
        &[
            "tier1::harness::seed::tests::a passed",
            "tier1::harness::wait::tests::b passed",
            "tier1::harness::wait::tests::c skipped",
            "tier1::fakes::it::drift::d failed",
        ],
    );
}

#[test]
fn what_is_counted_and_not_named_is_a_case_all_the_same() {
    check(
        "     Running unittests src/lib.rs (target/debug/deps/harness-1)\n\
         test seed::tests::a ... some output of a child ok\n\
         test seed::tests::b ... ok\n\
         test result: FAILED. 2 passed; 1 failed; 0 ignored\n",
        &[
            "tier1::harness::seed::tests::b passed",
            "tier1::harness::(passed, number 2) passed",
            "tier1::harness::(failed, number 1) failed",
        ],
    );
}

#[test]
fn a_binary_that_ends_without_its_result_line_has_failed() {
    let broken = "     Running unittests src/lib.rs (target/debug/deps/harness-1)\n\
                  test seed::tests::a ... ok\n";
    let expected = ["tier1::harness::seed::tests::a passed", "tier1::harness::(runner) failed"];
    check(broken, &expected);
    let followed = "     Running tests/it/main.rs (target/debug/deps/it-2)\n\
                    test result: ok. 0 passed; 0 failed; 0 ignored\n";
    check(&format!("{broken}{followed}"), &expected);
}

#[test]
fn a_listing_names_the_tests_of_each_binary() {
    let listed = listed_tests(
        "     Running unittests src/lib.rs (target/debug/deps/harness-1)\n\
         seed::tests::a: test\n\
         \x20    Running tests/it/main.rs (target/debug/deps/it-2)\n\
         drift::d: test\n\
         drift::speed: benchmark\n",
        &built(),
    );
    let ids: Vec<String> = listed.iter().map(super::Test::id).collect();
    assert_eq!(ids, ["tier1::harness::seed::tests::a", "tier1::fakes::it::drift::d"]);
}

#[test]
fn both_outputs_of_a_command_come_in_their_order() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo one >&2; echo two; echo three >&2; exit 3"]);
    let (status, text) = run_merged(shell, io::sink()).unwrap();
    assert_eq!((status.code(), text.as_str()), (Some(3), "one\ntwo\nthree\n"));
}
