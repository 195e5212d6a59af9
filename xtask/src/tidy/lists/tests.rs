//! A document and some sources in, findings out.

use super::{
    List, check_numbers, check_references, check_row, check_tests, ids_of, rows_of, tests_of,
};
use crate::tidy::tree::Tree;

const LIST: List =
    List { mark: "incidents", word: "Incidents:", numbers: &[("", 2), ("K", 1)], named: &[] };

const SOURCES: &[(&str, &str)] = &[
    (
        "daemon/src/app/tests/lives.rs",
        "/// A crash loses nothing.\n///\n/// Incidents: 1, K1.\n#[tokio::test(start_paused = true)]\n\
         async fn nothing_is_lost() {\n}\n\nfn not_a_test() {}\n",
    ),
    ("daemon/tests/it/cli.rs", "#[test]\nfn every_verb_works() {}\n"),
    (
        "smoke/src/tier2/crashes.rs",
        "Definition::fake(\"tier2::crashes::the_daemon_is_killed\", 30, the_daemon_is_killed)\n\
         /// Incidents: 2.\nfn the_daemon_is_killed(case: &mut Case) -> anyhow::Result<()> {\n",
    ),
];

const GOOD: &str = "| 1 | kept | `claude-assistant app::tests::lives::nothing_is_lost` |\n\
                    | 2 | kept | `tier2::crashes::the_daemon_is_killed` |\n\
                    | K1 | kept | `claude-assistant app::tests::lives::nothing_is_lost`, *rights* |\n";

#[track_caller]
fn check(list: &str, expected: &[&str]) {
    let tests = tests_of(&Tree::of(SOURCES));
    let rows = rows_of(list, 1);
    let mut findings = check_numbers(&LIST, &rows);
    findings.extend(rows.iter().flat_map(|row| check_row(&LIST, row, &tests)));
    findings.extend(check_tests(&LIST, &rows, &tests));
    let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_list_that_tells_the_truth_is_left_alone() {
    check(&format!("| number | what | where |\n|---|---|---|\n{GOOD}"), &[]);
}

#[test]
fn a_reason_or_a_stage_is_enough_where_no_test_claims_the_number() {
    let sources = Tree::of(&[]);
    let rows = rows_of("| 1 | x | cannot arise: no such queue |\n| 2 | x | *messengers* |", 1);
    let tests = tests_of(&sources);
    assert!(rows.iter().all(|row| check_row(&LIST, row, &tests).is_empty()));
}

#[test]
fn a_missing_doubled_or_unknown_number_is_found() {
    let list = GOOD.replace("| 2 |", "| 3 |");
    check(
        &list,
        &[
            "error: docs/testing.md:2: there is no number 3 among the incidents",
            "error: docs/testing.md: 2 is missing among the incidents",
            "error: docs/testing.md:2: tier2::crashes::the_daemon_is_killed does not say \
             `Incidents: 3`",
            "error: smoke/src/tier2/crashes.rs:3: the_daemon_is_killed says `Incidents: 2` and is \
             not listed there in docs/testing.md",
        ],
    );
    let doubled = format!("{GOOD}| 2 | again | cannot arise |\n");
    let tests = tests_of(&Tree::of(SOURCES));
    let rows = rows_of(&doubled, 1);
    assert!(check_row(&LIST, &rows[3], &tests).is_empty());
    let found: Vec<String> = check_numbers(&LIST, &rows).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["error: docs/testing.md:4: 2 stands twice among the incidents"]);
}

#[test]
fn a_test_that_is_not_there_is_found() {
    check(
        &GOOD.replace("`tier2::crashes::the_daemon_is_killed`", "`tier2::crashes::gone`, *later*"),
        &[
            "error: docs/testing.md:2: there is no test tier2::crashes::gone",
            "error: docs/testing.md:2: there is no stage called \"later\"",
            "error: smoke/src/tier2/crashes.rs:3: the_daemon_is_killed says `Incidents: 2` and is \
             not listed there in docs/testing.md",
        ],
    );
}

#[test]
fn a_function_that_is_no_test_cannot_be_named() {
    let tests = tests_of(&Tree::of(SOURCES));
    let called = |name: &str| tests.iter().any(|test| test.is_called(name));
    assert!(called("claude-assistant app::tests::lives::nothing_is_lost"));
    assert!(called("claude-assistant app::tests::lives::deeper::nothing_is_lost"));
    assert!(called("claude-assistant cli::every_verb_works"));
    assert!(!called("claude-assistant app::tests::lives::not_a_test"));
    assert!(!called("claude-assistant app::tests::other::nothing_is_lost"));
    assert!(!called("fakes app::tests::lives::nothing_is_lost"));
}

#[test]
fn a_case_named_in_passing_exists_as_well() {
    let tree = Tree::of(SOURCES);
    let text = "`tier2::crashes::the_daemon_is_killed` and `tier2::crashes::gone`\n\
                ```\n`tier2::crashes::an_example`\n```\n`tier2` and `tier2::crashes`";
    let found: Vec<String> =
        check_references(text, &ids_of(&tree)).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["error: docs/testing.md:1: there is no case tier2::crashes::gone"]);
}
