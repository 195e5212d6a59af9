//! A small tree in, findings out; what is merely missing from it is left aside.

use super::{check, resolve};
use crate::tidy::tree::Tree;

#[track_caller]
fn play(files: &[(&str, &str)], expected: &[&str]) {
    let found: Vec<String> = check(&Tree::of(files))
        .iter()
        .map(ToString::to_string)
        .filter(|finding| !finding.ends_with("is missing"))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_has_to_be_there_is_asked_for() {
    let findings = check(&Tree::of(&[("README.md", "")]));
    let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(found.contains(&"error: LICENSE-MIT: is missing".to_owned()), "{found:?}");
    assert!(!found.contains(&"error: README.md: is missing".to_owned()), "{found:?}");
}

#[test]
fn links_lead_to_files_or_directories_of_the_tree() {
    play(
        &[
            ("docs/a.md", "[b](b.md#part) [up](../README.md) [dir](decisions/) [w](https://x.y/z)"),
            ("docs/b.md", "[gone](gone.md) `[code](nowhere.md)` [top](#top)\n```\n[x](y)\n```"),
            ("docs/decisions/1.md", ""),
            ("README.md", "[missing](docs/c.md \"title\")"),
        ],
        &[
            "error: docs/b.md:1: the link to gone.md leads nowhere",
            "error: README.md:1: the link to docs/c.md leads nowhere",
        ],
    );
}

#[test]
fn a_link_is_followed_from_the_file_it_stands_in() {
    assert_eq!(resolve("docs/a.md", "../xtask/src/./main.rs"), "xtask/src/main.rs");
    assert_eq!(resolve("README.md", "docs/a.md"), "docs/a.md");
    assert_eq!(resolve("docs/a.md", "/deny.toml"), "deny.toml");
}

#[test]
fn somebodys_home_is_found_and_a_tilde_is_not() {
    let home = concat!("cp /ho", "me/someone/x .");
    let nobody = concat!("cp /ho", "me/you/x .");
    play(
        &[("docs/a.md", &format!("~/x\nwww.site/{}\n{home}\n{nobody}", concat!("ho", "me/page")))],
        &[concat!("error: docs/a.md:3: a path below /ho", "me/ holds for one machine only")],
    );
}

#[test]
fn the_architecture_stays_short() {
    play(&[("ARCHITECTURE.md", &"x\n".repeat(249))], &[]);
    play(
        &[("ARCHITECTURE.md", &"x\n".repeat(250))],
        &["error: ARCHITECTURE.md: 250 lines, and it has to stay under 250"],
    );
}

#[test]
fn a_dependency_beyond_the_base_set_says_why() {
    play(
        &[(
            "Cargo.toml",
            "[workspace.dependencies]\nserde = \"1\"\nours = { path = \"ours\" }\n\
             # axum: a reason.\naxum = \"0.8\"\nrand = \"0.9\"\n",
        )],
        &["error: Cargo.toml: say why rand is needed: `# rand: ...` before it"],
    );
}
