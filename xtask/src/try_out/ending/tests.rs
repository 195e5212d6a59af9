//! What was seen at the end, and what is said of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;

use harness::processes::Seen;
use harness::sandbox::{Agent, Sandbox, Settings};

use super::{Home, Left, Stopped, end, last_words};

fn survivor() -> Seen {
    Seen { pid: 7, parent: None, name: "tool".to_owned(), zombie: false, rss_bytes: 0 }
}

#[track_caller]
fn check(stopped: Stopped, survivors: &[Seen], home: &Home, expected: &[&str]) {
    assert_eq!(last_words(stopped, survivors, home), expected);
}

#[test]
fn nothing_left_is_said_only_where_nothing_was_seen() {
    let well = Stopped::With(ExitStatus::from_raw(0));
    let removed = Home::Removed;
    let kept = Home::Kept("/tmp/x".to_owned());
    let remains = Home::Remains("/tmp/x".to_owned());
    let left = "left behind and ended: process 7 (tool)";
    check(well, &[], &removed, &["stopped, nothing is left behind"]);
    check(well, &[], &kept, &["stopped, nothing runs on; kept /tmp/x"]);
    check(well, &[], &remains, &["stopped; left behind: /tmp/x"]);
    check(well, &[survivor()], &removed, &[left, "stopped"]);
    check(well, &[survivor()], &kept, &[left, "stopped; kept /tmp/x"]);
}

#[test]
fn how_the_assistant_ended_is_said_as_it_was() {
    let removed = Home::Removed;
    let ends = [
        (Stopped::ByItself, "the assistant has ended"),
        (Stopped::With(ExitStatus::from_raw(70 << 8)), "the assistant ended with exit status: 70"),
        (Stopped::Killed, "the assistant did not stop in 20s and was killed"),
    ];
    for (stopped, words) in ends {
        check(stopped, &[], &removed, &[&format!("{words}, nothing is left behind")]);
    }
}

/// Leaves behind what a script started and did not end.
#[track_caller]
fn play(left_by_script: &str) -> (Left, bool) {
    let directory = tempfile::tempdir().expect("a temp directory");
    let daemon = directory.path().join("daemon");
    let script = format!(
        "#!/bin/sh\ntrap 'exit 0' TERM\n{left_by_script}\n\
         echo 'READY {{\"pid\":1,\"generation\":1,\"ready_ms\":1}}'\nwhile :; do read x < fifo; done\n"
    );
    fs::write(&daemon, script).expect("it is ours");
    fs::set_permissions(&daemon, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let settings = Settings::new(Agent::new(PathBuf::from("/bin/agent")), "+15555550123");
    let mut sandbox = Sandbox::new(daemon, &settings).expect("a sandbox");
    let made = std::process::Command::new("mkfifo").arg(sandbox.root().join("fifo")).status();
    assert!(made.expect("mkfifo is everywhere").success());
    sandbox.start().expect("it says READY");
    let root = sandbox.root().to_path_buf();
    let left = end(sandbox, false).expect("it stops");
    (left, root.exists())
}

#[test]
fn a_process_that_survives_the_daemon_is_seen() {
    assert_eq!(play(""), (Left::Nothing, false));
    assert_eq!(play("sleep 600 > /dev/null 2>&1 &"), (Left::Something, false));
}
