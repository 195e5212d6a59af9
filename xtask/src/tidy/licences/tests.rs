//! An expression and whether the list permits it.

use super::{Policy, permits};

#[track_caller]
fn check(expression: &str, expected: bool) {
    let allowed =
        ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    assert_eq!(permits(expression, &allowed), expected, "{expression}");
}

#[test]
fn one_permitted_choice_is_enough_and_every_part_is_needed() {
    check("MIT", true);
    check("GPL-3.0", false);
    check("MIT OR GPL-3.0", true);
    check("MIT or GPL-3.0", true);
    check("MIT AND GPL-3.0", false);
    check("GPL-3.0/MIT", true);
    check("MPL-2.0 OR GPL-3.0", false);
}

#[test]
fn brackets_and_precedence_are_kept() {
    check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    check("(MIT OR Apache-2.0) AND GPL-3.0", false);
    check("(MIT or Apache-2.0) and GPL-3.0", false);
    check("GPL-3.0 AND Unicode-3.0 OR MIT", true);
    check("MIT AND (GPL-3.0 OR LGPL-3.0)", false);
}

#[test]
fn an_exception_belongs_to_its_licence() {
    check("Apache-2.0 WITH LLVM-exception", true);
    check("MIT WITH LLVM-exception", false);
    check("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true);
}

#[test]
fn what_is_no_expression_is_not_permitted() {
    check("", false);
    check("MIT OR", false);
    check("(MIT", false);
    check("MIT Apache-2.0", false);
}

#[track_caller]
fn check_source(source: Option<&str>, expected: bool) {
    let text = "[licenses]\nallow = []\n[bans]\n[sources]\nunknown-git = \"deny\"\n\
                allow-git = [\"https://git.example/ours\"]\n\
                allow-registry = [\"https://registry.example/index\"]\n";
    let policy = Policy::parse(text).expect("it is valid");
    assert_eq!(policy.sources.permit(source), expected, "{source:?}");
}

#[test]
fn a_package_comes_from_here_from_crates_io_or_from_where_the_list_says() {
    check_source(None, true);
    check_source(Some("registry+https://github.com/rust-lang/crates.io-index"), true);
    check_source(Some("registry+https://registry.example/index"), true);
    check_source(Some("registry+https://elsewhere.example/index"), false);
    check_source(Some("git+https://git.example/ours?rev=1#1234"), true);
    check_source(Some("git+https://git.example/theirs#1234"), false);
}

#[test]
fn the_policy_is_read_from_deny_toml() {
    let text =
        "[licenses]\nallow = [\"MIT\"]\n[bans]\ndeny = [{ crate = \"x\", reason = \"y\" }]\n";
    let policy = Policy::parse(text).expect("it is valid");
    assert_eq!(policy.licenses.allow, ["MIT"]);
    assert_eq!(
        (policy.bans.deny[0].name.as_str(), policy.bans.deny[0].reason.as_str()),
        ("x", "y")
    );
}
