//! A program that ends is heard; one that does not is killed.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{RunError, run_unless, run_within};

#[test]
fn both_outputs_and_the_exit_code_are_kept() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo out; echo err >&2; exit 3"]);
    let finished = run_within(shell, Duration::from_secs(30)).expect("it ends");
    assert_eq!(finished.status.code(), Some(3));
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
}

#[test]
fn a_program_that_hangs_is_killed_at_the_limit() {
    let started = Instant::now();
    let mut hang = Command::new("tail");
    hang.args(["-f", "/dev/null"]);
    let ended = run_within(hang, Duration::from_millis(50));
    assert!(matches!(ended, Err(RunError::TooLong { .. })), "{ended:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_program_that_is_called_off_is_killed_at_once() {
    let started = Instant::now();
    let mut hang = Command::new("tail");
    hang.args(["-f", "/dev/null"]);
    let ended = run_unless(hang, Duration::from_mins(1), || true);
    assert!(matches!(ended, Err(RunError::CalledOff { .. })), "{ended:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = run_within(Command::new("no-such-program-here"), Duration::from_secs(1));
    let error = error.expect_err("it is not there").to_string();
    assert!(error.starts_with("run no-such-program-here: "), "{error}");
}
