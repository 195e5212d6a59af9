//! Hosts that are scripts of a shell: what they can do wrong, and that nothing is left of them.

use std::path::Path;
use std::process::Command;

use harness::bench::peers::{Answer, Ask};
use harness::processes::Snapshot;
use tempfile::TempDir;

use super::{Peer, Trouble};
use crate::running::Interrupt;

const MARK: &str = "ASSISTANT_SANDBOX";

struct Played {
    room: TempDir,
    mark: String,
}

impl Played {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let mark = format!("{MARK}={}", room.path().display());
        Self { room, mark }
    }

    fn start(&self, script: &str) -> Result<Peer, Trouble> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).env(MARK, self.room.path());
        let words = self.room.path().join("words");
        let interrupt = Interrupt::never();
        Peer::start("a host", command, &self.mark, words, &interrupt).map(|(peer, _)| peer)
    }

    fn left(&self) -> usize {
        Snapshot::take().marked(&self.mark).len()
    }
}

/// What comes of one question to a host that says hello and then does this with its line.
#[track_caller]
fn check(script: &str, wanted: Result<&Answer, &str>) {
    let played = Played::new();
    let script = format!("echo '{{\"host\": \"sh\"}}'; read line; {script}");
    let mut peer = played.start(&script).unwrap();
    let interrupt = Interrupt::never();
    let answer = peer.ask(&Ask::Connect, &interrupt).map_err(|trouble| trouble.to_string());
    assert_eq!(answer.as_ref().map_err(String::as_str), wanted);
    drop(peer);
    assert_eq!(played.left(), 0);
}

#[test]
fn a_host_is_asked_in_lines_and_answers_in_lines() {
    check(r#"test "$line" = '{"do":"connect"}' && echo '{"ms": 1.5}'"#, Ok(&Answer::took(1.5)));
}

#[test]
fn what_a_host_failed_to_do_is_told_in_its_words() {
    check(r#"echo '{"failed": "start the agent"}'"#, Err("start the agent (a host)"));
}

#[test]
fn a_host_that_ends_or_talks_nonsense_is_told_of() {
    check("echo boom >&2", Err("hear from a host: it is gone; it wrote:\nboom"));
    check("echo hm; cat", Err("understand a host: hm"));
}

#[test]
fn a_host_that_says_nothing_of_itself_is_none() {
    let played = Played::new();
    assert!(matches!(played.start("exit 0"), Err(Trouble::Silent { .. })));
}

#[test]
fn a_host_ends_with_its_input() {
    let played = Played::new();
    let peer = played.start("echo '{\"host\": \"sh\"}'; cat").unwrap();
    peer.end().unwrap();
    assert_eq!(played.left(), 0);
}

#[test]
fn what_a_host_leaves_behind_is_told_of_and_ended() {
    let played = Played::new();
    // It has to be there before the host is gone: the shell starts it before it reads.
    let script = "tail -f /dev/null >/dev/null 2>&1 & echo '{\"host\": \"sh\"}'; read line";
    let peer = played.start(script).unwrap();
    assert!(matches!(peer.end(), Err(Trouble::Left { left: 1, .. })));
    assert_eq!(played.left(), 0);
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let played = Played::new();
    let interrupt = Interrupt::never();
    let command = Command::new(Path::new("/nonexistent/program"));
    let words = played.room.path().join("words");
    let started = Peer::start("a host", command, &played.mark, words, &interrupt);
    assert!(matches!(started, Err(Trouble::Io { .. })));
}

#[test]
fn who_interrupts_does_not_wait_for_an_answer() {
    let played = Played::new();
    let mut peer = played.start("echo '{\"host\": \"sh\"}'; cat >/dev/null").unwrap();
    let asked = peer.ask(&Ask::Connect, &Interrupt::at_once());
    assert!(matches!(asked, Err(Trouble::Interrupted)));
    drop(peer);
    assert_eq!(played.left(), 0);
}
