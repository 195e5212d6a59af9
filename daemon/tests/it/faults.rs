//! Builds that go wrong on purpose, found out by `candidate`. Only with the feature `faults`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::candidate::stand_in;
use crate::place::{Place, Ran};

/// A copy of the program with a line in the file beside it, tried on a copy of a database.
#[track_caller]
fn check(fault: &str, expected: Option<(&str, &str)>) {
    let place = Place::fresh();
    place.write("config.toml", "[shutdown]\ndeadline_s = 5\n");
    assert_eq!((place.run("start").code, place.run("stop").code), (0, 0));
    let copy = place.home().join("copy.db");
    assert_eq!(place.run(&format!("backup {}", copy.display())).code, 0);
    let program = copied(&place, fault);
    let ran = Ran::of(
        Command::new(&program)
            .args(["candidate", "--json", "--database"])
            .arg(&copy)
            .arg("--agent")
            .arg(stand_in())
            .env("HOME", place.home())
            .env("CLAUDE_ASSISTANT_HOME", place.home())
            .output()
            .unwrap(),
    );
    let verdict: Value = serde_json::from_str(&ran.out).unwrap();
    let last = verdict["steps"].as_array().unwrap().last().unwrap()["name"].as_str().unwrap();
    match expected {
        None => assert_eq!((ran.code, last), (0, "keep"), "{verdict}"),
        Some((step, words)) => {
            assert_eq!((ran.code, last), (1, step), "{verdict}");
            assert!(verdict["failed"].as_str().unwrap().contains(words), "{verdict}");
        }
    }
}

fn copied(place: &Place, fault: &str) -> PathBuf {
    let program = place.home().join("claude-assistant");
    std::fs::copy(Path::new(env!("CARGO_BIN_EXE_claude-assistant")), &program).unwrap();
    place.write("fault", fault);
    program
}

#[test]
fn a_candidate_that_ends_at_its_start_is_found_out() {
    check("exit candidate\n", Some(("migrate", "it ended by itself (exit status: 1)")));
}

#[test]
fn a_candidate_that_falls_over_after_its_start_is_found_out() {
    check("crash candidate\n", Some(("message", "it ended by itself (signal: 6 (SIGABRT)")));
}

#[test]
fn a_candidate_that_stands_still_is_found_out() {
    check("hang candidate\n", Some(("message", "failed to find the candidate well: ")));
}

#[test]
fn a_candidate_that_damages_its_database_is_found_out() {
    check("corrupt candidate\n", Some(("stop", "the database is damaged")));
}

#[test]
fn a_fault_of_the_running_one_is_not_the_candidates() {
    check("exit live\n", None);
}

#[test]
fn a_line_that_is_no_fault_is_told() {
    check("exti candidate\n", Some(("migrate", "failed to read the fault")));
}
