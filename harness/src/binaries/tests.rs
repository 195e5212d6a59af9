//! Both layouts of cargo lead to the same directory; what is missing names its cure.

use std::path::Path;

use super::{BUILT, Programs};

#[track_caller]
fn check(executable: &str, profile_dir: &str, target_dir: &str) {
    let programs = Programs::beside(Path::new(executable)).expect("it has a folder");
    assert_eq!(programs.profile_dir(), Path::new(profile_dir));
    assert_eq!(programs.target_dir(), Path::new(target_dir));
}

#[test]
fn a_test_runner_and_a_binary_find_the_same_build_directory() {
    check("/w/target/debug/xtask", "/w/target/debug", "/w/target");
    check("/w/target/debug/deps/tier2-0af3", "/w/target/debug", "/w/target");
    check("/w/target/release/deps/tier2-0af3", "/w/target/release", "/w/target");
}

#[test]
fn a_missing_program_says_what_builds_it() {
    let programs = Programs::beside(Path::new("/nowhere/target/release/xtask")).expect("a folder");
    assert_eq!(
        programs.fake_claude().expect_err("it is nowhere").to_string(),
        "find /nowhere/target/release/fake-claude: \
         `cargo build --release --package fakes --bin fake-claude` puts it there"
    );
    assert_eq!(programs.claude().expect_err("it is nowhere").command, "cargo xtask claude install");
}

#[test]
fn each_program_is_looked_for_under_the_name_that_is_listed() {
    let nowhere = Programs::beside(Path::new("/nowhere/debug/xtask")).expect("a folder");
    let looked_for = [
        nowhere.daemon(),
        nowhere.fake_claude(),
        nowhere.fake_messages_api(),
        nowhere.bench_probe(),
        nowhere.agent_tap(),
        nowhere.xtask(),
    ];
    let names = looked_for.map(|program| program.expect_err("it is nowhere").path);
    let listed = BUILT.map(|(name, _)| Path::new("/nowhere/debug").join(name));
    assert_eq!(names, listed);
}
