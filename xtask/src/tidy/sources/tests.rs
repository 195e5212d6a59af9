//! One file in, its findings out.

use super::check;
use crate::tidy::tree::Tree;

#[track_caller]
fn play(path: &str, text: &str, expected: &[&str]) {
    let findings = check(&Tree::of(&[(path, text)]));
    let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_good_file_has_no_findings() {
    play("a/src/lib.rs", "//! Doc with todo! and unsafe.\nfn f() { g(\"todo!\") }\n", &[]);
}

#[test]
fn banned_words_are_found_in_code_alone() {
    play(
        "a/src/lib.rs",
        "//! x\nfn f() { todo!() }\nunsafe fn g() {}\nlet unsafe_code = 1;\n",
        &[
            "error: a/src/lib.rs:2: `todo!`: finish it or leave it out",
            "error: a/src/lib.rs:3: `unsafe`: the workspace has no unsafe code",
        ],
    );
    play(
        "a/src/lib.rs",
        "//! x\nfn f() { tokio::spawn(g()); set.spawn(g()); }\n",
        &[
            "error: a/src/lib.rs:2: `tokio::spawn`: nothing is spawned without an owner: use a JoinSet",
        ],
    );
}

#[test]
fn a_sleep_is_found_in_tests_and_a_thread_sleep_everywhere() {
    let sleep = "//! x\nfn f() { time::sleep(d).await }\n";
    play("a/src/b.rs", sleep, &[]);
    let why = "a test waits for what it wants to see, under paused time or with a deadline";
    let real = "#[tokio::test]\nasync fn f() { time::sleep(d).await }\n";
    play("a/src/b/tests.rs", real, &[&format!("error: a/src/b/tests.rs:2: `sleep(`: {why}")]);
    let with_test = format!("{sleep}#[test]\nfn g() {{}}\n");
    play("a/src/b/tests.rs", &with_test, &[&format!("error: a/src/b/tests.rs:2: `sleep(`: {why}")]);
    // Whose time it is cannot be told from a file without a test.
    play("a/tests/b.rs", sleep, &[&format!("warning: a/tests/b.rs:2: `sleep(`: {why}")]);
    let paused = "#[tokio::test(start_paused = true)]\nasync fn f() { sleep(d).await }\n";
    play("a/src/b/tests.rs", paused, &[]);
    play(
        "a/src/b/tests.rs",
        &format!("{paused}#[tokio::test]\nasync fn g() {{ sleep(d).await }}\n"),
        &[&format!("error: a/src/b/tests.rs:4: `sleep(`: {why}")],
    );
    play(
        "a/src/b.rs",
        "//! x\nfn f() { thread::sleep(d) }\n",
        &[
            "error: a/src/b.rs:2: `thread::sleep`: wait for a condition, or for a deadline in a select",
        ],
    );
}

#[test]
fn what_looks_from_outside_waits_with_the_harness_alone() {
    let why = "wait for a condition with harness::wait";
    for word in ["sleep(", "park_timeout("] {
        let text = format!("//! x\nfn f() {{ {word}d) }}\n");
        for path in ["harness/src/a.rs", "smoke/src/tier2/b.rs", "xtask/src/c/tests.rs"] {
            play(path, &text, &[&format!("error: {path}:2: `{word}`: {why}")]);
        }
        play("harness/src/wait.rs", &text, &[]);
        play("daemon/src/a.rs", &text, &[]);
    }
}

#[test]
fn only_constants_may_differ_by_system() {
    let on_mac = "#[cfg(target_os = \"macos\")]\n";
    play("a/src/b.rs", &format!("//! x\n{on_mac}/// Doc.\npub const A: u8 = 1;\n"), &[]);
    play(
        "a/src/b.rs",
        &format!("//! x\n{on_mac}fn f() {{}}\n"),
        &["error: a/src/b.rs:2: only constants may differ by system"],
    );
    play("a/src/b.rs", "//! x\nconst A: bool = cfg!(target_os = \"macos\");\n", &[]);
    play("a/src/b.rs", "//! x\n#[cfg(target_os = \"linux\")]\nfn f() {}\n", &[]);
}

#[test]
fn files_are_named_documented_and_short() {
    play(
        "a/src/b/mod.rs",
        "//! x\n",
        &["error: a/src/b/mod.rs: name it after its module, beside its folder"],
    );
    play(
        "a/src/b.rs",
        "fn f() {}\n",
        &["error: a/src/b.rs:1: begin with `//!`: what the file is for"],
    );
    play("a/src/b/tests.rs", "fn f() {}\n", &[]);
    let long = |lines: usize| format!("//! x\n{}", "\n".repeat(lines - 1));
    play("a/src/b.rs", &long(600), &[]);
    play("a/src/b.rs", &long(601), &["warning: a/src/b.rs: 601 lines: split it"]);
    play("a/src/b.rs", &long(801), &["error: a/src/b.rs: 801 lines: split it"]);
}
