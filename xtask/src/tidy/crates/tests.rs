//! Metadata in, findings out.

use serde_json::{Value, json};

use super::{Metadata, check, names_of};

/// `(package, [(dependency, kind)])`; kind `""` is code. Everything named is a package, and those
/// with a known name of ours are members.
fn metadata(packages: &[(&str, &[(&str, &str)])]) -> Metadata {
    let kind = |kind: &str| if kind.is_empty() { Value::Null } else { json!(kind) };
    let all: Vec<Value> = packages
        .iter()
        .map(|(name, deps)| {
            let deps: Vec<Value> =
                deps.iter().map(|(dep, of)| json!({"name": dep, "kind": kind(of)})).collect();
            json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT",
                   "description": "x", "dependencies": deps})
        })
        .collect();
    let outside = ["tokio", "wrapper"];
    let members: Vec<&str> =
        packages.iter().map(|(name, _)| *name).filter(|name| !outside.contains(name)).collect();
    let text = json!({"packages": all, "workspace_members": members});
    Metadata::parse(&text.to_string()).expect("it has the form of cargo's")
}

#[track_caller]
fn play(packages: &[(&str, &[(&str, &str)])], expected: &[&str]) {
    check_built(packages, &[], expected);
}

/// The same with packages that are built from others: `(package, names)`.
#[track_caller]
fn check_built(packages: &[(&str, &[(&str, &str)])], built: &[(&str, &[&str])], expected: &[&str]) {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let built_from =
        built.iter().map(|&(package, below)| (package.to_owned(), names(below))).collect();
    let findings = check(&metadata(packages), &built_from);
    let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_allowed_imports_pass() {
    play(
        &[
            ("assistant-core", &[]),
            ("fakes", &[("tokio", "")]),
            ("tokio", &[]),
            ("claude-assistant", &[("assistant-core", ""), ("fakes", "dev"), ("tokio", "")]),
        ],
        &[],
    );
}

#[test]
fn a_fake_that_knows_the_daemon_is_found() {
    play(
        &[("assistant-core", &[]), ("fakes", &[("assistant-core", "")])],
        &["error: fakes: its code may not import assistant-core"],
    );
}

#[test]
fn the_daemons_code_may_not_import_what_its_tests_may() {
    play(
        &[("fakes", &[]), ("claude-assistant", &[("fakes", "")])],
        &["error: claude-assistant: its code may not import fakes"],
    );
}

#[test]
fn what_comes_in_through_a_dependency_is_found() {
    let packages: &[(&str, &[(&str, &str)])] = &[("xtask", &[("wrapper", "")]), ("wrapper", &[])];
    let found = ["error: xtask: its code is built from tokio through a dependency"];
    check_built(packages, &[("xtask", &["wrapper", "tokio"])], &found);
    check_built(packages, &[("xtask", &["wrapper"]), ("smoke", &["tokio"])], &[]);
}

#[test]
fn a_build_goes_wrong_on_purpose_only_where_somebody_asks_for_it() {
    let found = |features: Value, dependency: Value| {
        let dependency = json!({"name": "assistant-core", "kind": null, "features": dependency});
        let package = json!({"id": "a", "name": "claude-assistant", "version": "1.0.0",
                             "description": "x", "dependencies": [dependency],
                             "features": features});
        let text = json!({"packages": [package], "workspace_members": ["a"]});
        let metadata = Metadata::parse(&text.to_string()).expect("it has the form of cargo's");
        let findings = check(&metadata, &super::BuiltFrom::new());
        findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let mine = "error: claude-assistant: its feature default turns on faults";
    let none: [&str; 0] = [];
    assert_eq!(found(json!({"faults": [], "default": []}), json!(["std"])), none);
    assert_eq!(found(json!({"faults": [], "default": ["faults"]}), json!([])), [mine]);
    assert_eq!(found(json!({"default": ["assistant-core/faults"]}), json!([])), [mine]);
    assert_eq!(found(json!({"default": ["assistant-core?/faults"]}), json!([])), [mine]);
    let others = "error: claude-assistant: turns on faults of assistant-core";
    assert_eq!(found(json!({}), json!(["faults"])), [others]);
}

#[test]
fn a_tree_of_cargo_is_read_without_its_root() {
    let tree =
        "xtask v0.1.0 (/there/xtask)\nanyhow v1.0.104\nharness v0.1.0 (/there/harness) (*)\n";
    let names: Vec<String> = names_of(tree).into_iter().collect();
    assert_eq!(names, ["anyhow", "harness"]);
}

#[test]
fn the_core_stays_pure_and_a_new_crate_needs_a_rule() {
    play(
        &[("assistant-core", &[("tokio", "dev")]), ("tokio", &[]), ("newcomer", &[])],
        &[
            "error: assistant-core: may not depend on tokio",
            "error: newcomer: no rule says what it may import; add one to tidy",
        ],
    );
}
