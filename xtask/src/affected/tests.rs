//! Changed paths in, checks out.

use harness::tier::Tier;

use super::rules::{matches, rule_of};
use super::{Check, RULES, plan};
use crate::tidy::tree_of_this_workspace;

#[track_caller]
fn check(paths: &[&str], expected: &[&str]) {
    let commands: Vec<String> =
        plan(paths.iter().copied()).iter().map(|asked| asked.check.command()).collect();
    assert_eq!(commands, expected, "{paths:?}");
}

#[test]
fn documents_ask_for_tidy_alone() {
    check(&["README.md", "docs/operations.md", "daemon/core/NOTES.md"], &["cargo xtask tidy"]);
}

#[test]
fn nothing_changed_asks_for_nothing() {
    check(&[], &[]);
}

#[test]
fn what_no_rule_knows_asks_for_everything() {
    check(&["a/new/place.rs"], &["cargo xtask test"]);
}

#[test]
fn the_build_the_harness_and_xtask_ask_for_everything() {
    for path in ["Cargo.lock", "xtask/src/main.rs", "harness/src/wait.rs", ".ci/run"] {
        check(&[path], &["cargo xtask test"]);
    }
}

#[test]
fn everything_swallows_the_rest_but_the_benches() {
    check(
        &["Cargo.lock", "README.md", "daemon/src/store/inbox.rs"],
        &[
            "cargo xtask test",
            "cargo bench -p benches --bench in_process -- registry",
            "cargo xtask bench-check --quick",
        ],
    );
}

#[test]
fn product_code_asks_for_its_own_tests_first_and_then_for_the_tiers() {
    check(
        &["daemon/src/tools/reply.rs"],
        &[
            "cargo xtask tidy",
            "cargo nextest run -p claude-assistant tools::",
            "cargo xtask test-tier 1",
            "cargo xtask test-tier 2",
            "cargo xtask test-tier 3",
        ],
    );
}

#[test]
fn what_is_promised_asks_for_the_tests_that_read_it() {
    check(
        &["baselines/metrics.toml"],
        &[
            "cargo xtask tidy",
            "cargo nextest run -p benches",
            "cargo nextest run -p harness bench::",
            "cargo nextest run -p xtask bench::",
        ],
    );
    check(&["baselines/README.md"], &["cargo xtask tidy"]);
}

/// Each of these paths is on the way of something that a quick run times.
#[test]
fn what_moves_a_figure_of_every_day_asks_for_the_comparison() {
    let paths = [
        "benches/src/route.rs",
        "daemon/core/src/access.rs",
        "daemon/core/src/chat.rs",
        "daemon/core/src/framing.rs",
        "daemon/core/src/prompt.rs",
        "daemon/core/src/routing.rs",
        "daemon/src/app.rs",
        "daemon/src/claude/process.rs",
        "daemon/src/cli/status.rs",
        "daemon/src/control/server.rs",
        "daemon/src/intake.rs",
        "daemon/src/measured/route.rs",
        "daemon/src/processes.rs",
        "daemon/src/router.rs",
        "daemon/src/session.rs",
        "daemon/src/source/test_dir.rs",
        "daemon/src/store/inbox.rs",
        "daemon/src/supervisor.rs",
    ];
    for path in paths {
        let asked = plan([path]);
        assert!(asked.iter().any(|asked| asked.check == Check::Comparison), "{path}");
    }
}

#[test]
fn a_check_is_asked_for_once_with_every_reason() {
    let asked = plan(["docs/style.md", "README.md", "docs/style.md"]);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].check, Check::Tidy);
    assert_eq!(asked[0].reasons.len(), 2, "{asked:?}");
}

#[test]
fn all_product_code_asks_for_all_of_tier_1() {
    let tree = tree_of_this_workspace();
    for path in tree.iter().filter(|path| path.starts_with("daemon/") && path.contains("src/")) {
        let asked = plan([path.as_str()]);
        let whole = [Check::Tier(Tier::InProcess), Check::Everything];
        assert!(asked.iter().any(|asked| whole.contains(&asked.check)), "{path}");
    }
}

/// A file that moved leaves a rule without meaning, which nobody would notice.
#[test]
fn every_pattern_is_of_use_and_every_file_is_known() {
    let tree = tree_of_this_workspace();
    for pattern in RULES.iter().flat_map(|rule| rule.paths) {
        assert!(tree.iter().any(|path| matches(pattern, path)), "nothing matches {pattern}");
    }
    for path in &tree {
        assert!(rule_of(path).is_some(), "no rule knows {path}");
    }
}
