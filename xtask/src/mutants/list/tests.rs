//! A small tree and a list in, what is wrong with the list out.

use std::fs;

use super::*;

const ENTRY: &str = r#"
[[mutant]]
name = "off-by-one"
file = "daemon/src/a.rs"
find = "one < two"
replace = "one <= two"
fault = "One too many is let in."
killed_by = "claude-assistant a::tests::one_too_many_is_refused"
"#;

/// The problems of the one entry, that there are too few apart; `change` is made to the entry.
#[track_caller]
fn check((from, to): (&str, &str), expected: &[&str]) {
    let tree = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("daemon/src/a.rs", "if one < two { three() }\nif four < five { six() }\n");
    write("daemon/src/a/tests.rs", "fn one_too_many_is_refused() { assert!(one < two); }\n");
    write("smoke/src/tier2.rs", "Definition::fake(\"tier2::a::b\", 1, b)\n");
    assert!(ENTRY.contains(from), "nothing to change");
    let mutants = parse(&ENTRY.replace(from, to)).unwrap();
    let found: Vec<String> = problems(&mutants, tree.path())
        .into_iter()
        .filter(|problem| !problem.contains("there have to be"))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_fault_that_can_be_put_in_and_has_its_test_is_in_order() {
    check(("", ""), &[]);
    check(("claude-assistant a::tests::one_too_many_is_refused", "tier2 tier2::a::b"), &[]);
}

#[test]
fn a_text_that_stands_there_never_or_twice_is_no_fault() {
    check(
        ("one < two", "two < one"),
        &["off-by-one: daemon/src/a.rs holds its text 0 times, and not once"],
    );
    check(
        ("find = \"one < two\"", "find = \" < \""),
        &["off-by-one: daemon/src/a.rs holds its text 2 times, and not once"],
    );
}

#[test]
fn a_test_that_is_not_there_kills_nothing() {
    check(
        ("one_too_many_is_refused", "one_too_many_is_let_in"),
        &["off-by-one: there is no test `claude-assistant a::tests::one_too_many_is_let_in`"],
    );
    check(
        ("claude-assistant a::tests::one_too_many_is_refused", "tier2 tier2::a::c"),
        &["off-by-one: there is no test `tier2::a::c`"],
    );
}

#[test]
fn only_sources_are_made_faulty() {
    let what = "is no source of the daemon or its core";
    check(
        ("daemon/src/a.rs", "daemon/src/a/tests.rs"),
        &[&format!("off-by-one: daemon/src/a/tests.rs {what}")],
    );
    check(("daemon/src/a.rs", "xtask/src/a.rs"), &[&format!("off-by-one: xtask/src/a.rs {what}")]);
}

#[test]
fn an_entry_says_what_it_has_to_and_changes_something() {
    check(("off-by-one", "off by one"), &["off by one: its name is not in kebab-case"]);
    check(("let in.", "let in"), &["off-by-one: what goes wrong has to be one sentence"]);
    check(("one <= two", "one < two"), &["off-by-one: it changes nothing"]);
}

#[test]
fn a_short_list_is_said_to_be_short_and_a_name_is_given_once() {
    let mutants = parse(&ENTRY.repeat(2)).unwrap();
    let problems = problems(&mutants, Path::new("nowhere"));
    assert_eq!(problems[0], "2 faults, and there have to be 30");
    assert_eq!(problems[1], "faults in 1 files, and there have to be 20");
    assert!(problems.contains(&"off-by-one: two faults have this name".to_owned()));
}

#[test]
fn what_is_not_understood_is_refused() {
    assert!(parse(&ENTRY.replace("fault =", "faults =")).is_err());
    assert!(parse(&ENTRY.replace("claude-assistant ", "")).is_err());
    assert!(parse(&ENTRY.replace("claude-assistant ", "fakes ")).is_err());
}

#[test]
fn a_fault_is_put_where_its_text_stands() {
    let mutants = parse(ENTRY).unwrap();
    let faulty = mutants[0].applied_to("if one < two { three() }");
    assert_eq!(faulty.as_deref(), Some("if one <= two { three() }"));
    assert_eq!(mutants[0].applied_to("one < two || one < two"), None);
    assert_eq!(mutants[0].package(), Package::Daemon);
}
