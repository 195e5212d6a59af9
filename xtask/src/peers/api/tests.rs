//! Stand-ins that are scripts of a shell: what they are given, and what they may do wrong.

use std::time::Instant;

use harness::processes::Snapshot;
use rustix::process::{Pid, getpgid};

use super::*;

struct Played {
    room: tempfile::TempDir,
}

impl Played {
    fn new() -> Self {
        Self { room: tempfile::tempdir().unwrap() }
    }

    fn start(&self, script: &str, interrupt: &Interrupt) -> Result<Api, Trouble> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        Api::start(command, &self.dir(), interrupt)
    }

    fn dir(&self) -> PathBuf {
        self.room.path().join("api")
    }

    fn mark(&self) -> String {
        format!("{MARK_NAME}={}", self.dir().display())
    }

    fn left(&self) -> usize {
        Snapshot::take().marked(&self.mark()).len()
    }
}

/// Where a stand-in says it listens, or why it is none; and that nothing is left of it.
#[track_caller]
fn check(script: &str, wanted: Result<&str, &str>) {
    let played = Played::new();
    let api = played.start(script, &Interrupt::never());
    let url = api.as_ref().map(Api::url).map_err(ToString::to_string);
    assert_eq!(url.as_ref().map(|url| *url).map_err(String::as_str), wanted);
    drop(api);
    assert_eq!(played.left(), 0);
}

#[test]
fn where_it_listens_is_its_first_line() {
    check("echo listening on http://127.0.0.1:1; tail -f /dev/null", Ok("http://127.0.0.1:1"));
}

#[test]
fn it_has_nothing_of_our_environment() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    check(
        r#"echo "listening on [$CARGO_MANIFEST_DIR] ${PATH:+path}"; tail -f /dev/null"#,
        Ok("[] path"),
    );
}

#[test]
fn what_it_started_goes_with_it() {
    check("tail -f /dev/null & echo listening on x; tail -f /dev/null", Ok("x"));
}

#[test]
fn one_that_says_something_else_is_none() {
    check("echo hello; tail -f /dev/null", Err("understand the stand-in of the API: hello"));
    check("echo boom >&2", Err("hear from the stand-in of the API: it is gone; it wrote:\nboom"));
}

#[test]
fn it_leads_a_group_of_its_own_so_that_a_ctrl_c_is_for_us() {
    let played = Played::new();
    let _api = played.start("echo listening on x; cat", &Interrupt::never()).unwrap();
    let seen = Snapshot::take().marked(&played.mark());
    let leader = seen.first().and_then(|seen| Pid::from_raw(i32::try_from(seen.pid).ok()?));
    assert_eq!(getpgid(leader).ok(), leader);
}

#[test]
fn who_interrupts_waits_neither_for_it_nor_for_a_request() {
    let played = Played::new();
    let began = Instant::now();
    let silent = played.start("tail -f /dev/null", &Interrupt::at_once());
    assert!(matches!(silent, Err(Trouble::Interrupted)));
    assert_eq!(played.left(), 0);
    let api = played.start("echo listening on x; cat", &Interrupt::never()).unwrap();
    assert!(matches!(api.await_more(0, &Interrupt::at_once()), Err(Trouble::Interrupted)));
    assert!(began.elapsed() < LISTEN_MAX);
}

#[test]
fn only_what_a_model_is_asked_counts() {
    let played = Played::new();
    let api = played.start("echo listening on x; cat", &Interrupt::never()).unwrap();
    assert_eq!(api.asked().unwrap(), 0);
    let asked = r#"{"messages":1,"path":"/v1/messages","status":200}"#;
    let counted = r#"{"messages":1,"path":"/v1/messages/count_tokens","status":200}"#;
    fs::write(&api.log, format!("{asked}\n{counted}\n")).unwrap();
    assert_eq!(api.asked().unwrap(), 1);
    api.await_more(0, &Interrupt::never()).unwrap();
}
