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
    check("MIT AND GPL-3.0", false);
    check("GPL-3.0/MIT", true);
    check("MPL-2.0 OR GPL-3.0", false);
}

#[test]
fn brackets_and_precedence_are_kept() {
    check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    check("(MIT OR Apache-2.0) AND GPL-3.0", false);
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
