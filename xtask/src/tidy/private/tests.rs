use std::path::Path;

use super::check;
use crate::tidy::tree::Tree;

/// Whether a line is let through.
fn passes(line: &str) -> bool {
    check(&Tree::of(&[("a.txt", line)])).is_empty()
}

/// What is given away once stays given away: it is found before it goes in, in every file.
/// Incidents: 113.
#[test]
fn what_belongs_to_somebody_is_found() {
    // Put together here, so that this file does not hold them itself.
    for line in [
        format!("call +{}", "12025550123"),
        format!("{{\"from\": \"+{}\"}}", "4930901820"),
        format!("mail someone@{}", "mail.test.org"),
        format!("KEY = {}{}-03-{}", "sk-", "ant", "a".repeat(40)),
        format!("{}{}{}", "gh", "p_", "Ab1".repeat(12)),
        format!("-----BEGIN {} {}-----", "PRIVATE", "KEY"),
    ] {
        assert!(!passes(&line), "{line}");
    }
}

/// Every run of tier 1 looks at every file, whether or not somebody thinks of tidy.
/// Incidents: 113.
#[test]
fn nothing_of_anybodys_is_in_this_very_workspace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in it");
    let tree = Tree::read(root).expect("the workspace can be read");
    assert!(tree.find("xtask/Cargo.toml").is_some(), "it was looked at");
    let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn examples_and_what_only_looks_alike_pass() {
    for line in [
        "+15555550123 +4915555550123 +1 (555) 555-0123",
        "a + 1234567890, b+12345678, +1234567890123456",
        "owner@example.com, OWNER@Example.com, a@b.c, someone@mail.example.org.",
        "user@host:path, #[tokio::test], fakes@0.1.0, an @ alone, @example.com",
        "ask-ant-hill-about-this-and-that, the ghp_ prefix, PRIVATE KEY",
    ] {
        assert!(passes(line), "{line}");
    }
}
