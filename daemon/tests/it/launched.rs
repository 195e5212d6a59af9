//! The daemon as a launcher runs it, and what a restart asks of it on the command line.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::Place;

/// How long a daemon may take for anything that it says by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// A daemon whose standard input is ours, and the line that it said.
fn start(mut command: Command) -> (Child, Value) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let ready = line.strip_prefix("READY ").unwrap_or_else(|| panic!("not ready: {line}"));
    (child, serde_json::from_str(ready).unwrap())
}

fn json_of(place: &Place, typed: &str, code: i32) -> Value {
    let ran = place.run(typed);
    assert_eq!(ran.code, code, "{typed}: {ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// The next thing that the daemon says to its service manager.
fn heard(listener: &UnixDatagram) -> String {
    let mut block = [0; 256];
    let bytes = listener.recv(&mut block).unwrap();
    String::from_utf8(block[..bytes].to_vec()).unwrap()
}

#[test]
fn a_launched_daemon_says_how_it_is_and_ends_in_order_with_its_launcher() {
    let place = Place::fresh();
    place.write("state/restart/pending.json", "{}");
    let pending = place.home().join("state/restart/pending.json");
    let socket = place.home().join("notify.sock");
    let listener = UnixDatagram::bind(&socket).unwrap();
    listener.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = place.command(["run", "--launched", "--slot", "s-1", "--held-by"]);
    command.arg(&pending).env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "400000");
    let (mut child, ready) = start(command);
    assert_eq!(ready["pid"], json!(child.id()));
    let said = (&ready["generation"], &ready["slot"], &ready["held"]);
    assert_eq!(said, (&json!(1), &json!("s-1"), &json!(true)));
    // The first sign of life may come before the word that it serves.
    let words: Vec<String> = (0..3).map(|_| heard(&listener)).collect();
    assert!(
        words.contains(&"READY=1\nSTATUS=generation 1, slot s-1, held".to_owned()),
        "{words:?}"
    );
    assert_eq!(words.iter().filter(|word| *word == "WATCHDOG=1").count(), 2, "{words:?}");

    let status = json_of(&place, "status --json", 0);
    assert_eq!(status["slot"], json!("s-1"));
    assert_eq!((&status["held"], &status["held_by"]), (&json!(true), &json!(["restart"])));
    assert_eq!(status["schema"], json!({"version": 1, "min_reader": 1}));
    assert_eq!(status["unsent"], json!(0));
    let drained = json_of(&place, "drain --within 1 --lease 5 --json", 0);
    let rest = (&drained["quiet"], &drained["busy"], &drained["unsent"]);
    assert_eq!(rest, (&json!(true), &json!([]), &json!(0)), "{drained}");
    assert_eq!(place.run("release --restart").code, 0);
    assert_eq!(json_of(&place, "status --json", 0)["held_by"], json!([]));

    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "one line is all it says");
    while heard(&listener) != "STOPPING=1" {}
}

/// As its launcher starts it: on a socket that stays between the two, and that no agent inherits.
#[test]
fn a_daemon_speaks_to_its_launcher_and_to_nobody_else() {
    let place = Place::fresh();
    let (began, agent) = (place.home().join("agent.pid"), place.home().join("agent"));
    let dir = place.home().join("messages");
    // One that outlives its daemon.
    place.write(
        "agent",
        &format!("#!/bin/sh\necho $$ > {}\nexec tail -f /dev/null\n", began.display()),
    );
    std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o700)).unwrap();
    place.write("config.toml", &format!("[agent]\nprogram = {agent:?}\n[test]\ndir = {dir:?}\n"));
    place.write("messages/m.json", r#"{"from": "harness", "text": "hi"}"#);
    let manager = UnixDatagram::bind(place.home().join("notify.sock")).unwrap();
    let (launcher, theirs) = UnixStream::pair().unwrap();
    launcher.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = place.command(["run", "--launched", "--heartbeat", "400"]);
    command.env("NOTIFY_SOCKET", place.home().join("notify.sock")).env("WATCHDOG_USEC", "400000");
    let mut child = command.stdin(Stdio::piped()).stdout(OwnedFd::from(theirs)).spawn().unwrap();
    drop(command);
    let mut lines = BufReader::new(launcher).lines().map(Result::unwrap);
    let first: Vec<String> = lines.by_ref().take(4).collect();
    let beats = first.iter().filter(|line| *line == "BEAT").count();
    let ready = first.iter().filter(|line| line.starts_with("READY {")).count();
    assert_eq!((ready, beats), (1, 3), "{first:?}");
    while !std::fs::read_to_string(&began).is_ok_and(|pid| pid.ends_with('\n')) {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // To its end, which never came while anybody held the other one.
    assert!(lines.all(|line| line == "BEAT"));
    let pid = std::fs::read_to_string(began).unwrap();
    assert!(Command::new("kill").args(["-KILL", pid.trim()]).status().unwrap().success());
    manager.set_nonblocking(true).unwrap();
    let said = manager.recv(&mut [0; 64]).map_err(|error| error.kind());
    assert_eq!(said, Err(ErrorKind::WouldBlock), "the launcher speaks with the service manager");
}

#[test]
fn a_daemon_that_is_to_speak_to_a_launcher_over_a_pipe_is_refused() {
    let place = Place::fresh();
    let ran = place.run("run --launched --heartbeat 400");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("speak to the launcher on standard output"), "{ran:?}");
}

/// Whoever starts it by hand may close or use its terminal's input as they like.
#[test]
fn a_daemon_started_by_hand_never_looks_at_its_input() {
    let place = Place::fresh();
    let (mut child, ready) = start(place.command(["run"]));
    assert_eq!((&ready["slot"], &ready["held"]), (&json!(null), &json!(false)));
    drop(child.stdin.take());
    assert_eq!(json_of(&place, "status --json", 0)["held_by"], json!([]));
    assert_eq!(place.run("hold").code, 0);
    assert_eq!(place.run("stop").code, 0);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let (mut child, ready) = start(place.command(["run"]));
    assert_eq!(ready["held"], json!(true), "the owner's hold outlives the daemon");
    assert_eq!(place.run("stop").code, 0);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A runner reads the exit code first.
#[test]
fn a_drain_that_comes_to_no_rest_ends_with_75_and_says_what_is_under_way() {
    let place = Place::fresh();
    assert_eq!(place.run("start").code, 0);
    let db = rusqlite::Connection::open(place.home().join("state/assistant.db")).unwrap();
    // As if its sender were at it, and slow.
    db.execute_batch(
        "INSERT INTO outbox (source, chat, text, attachments, key, state, created_at_ms)
         VALUES ('test', 'test:+15555550199', 't', '[]', 'k', 'attempting', 1)",
    )
    .unwrap();
    let drained = json_of(&place, "drain --within 0 --lease 5 --json", 75);
    let rest = (&drained["quiet"], &drained["busy"], &drained["unsent"]);
    assert_eq!(rest, (&json!(false), &json!([]), &json!(1)), "{drained}");
    let refused = place.run("drain --within 1 --lease 0");
    assert_eq!(refused.code, 64, "{refused:?}");
    assert_eq!(json_of(&place, "status --json", 0)["held_by"], json!(["restart"]));
}

#[test]
fn a_launched_daemon_whose_input_is_no_pipe_is_refused() {
    let place = Place::fresh();
    let ran = place.run("run --launched");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("listen to the launcher's pipe"), "{ran:?}");
}

#[test]
fn a_program_says_which_forms_it_knows_without_a_home() {
    let place = Place::fresh();
    let version = json_of(&place, "version --json", 0);
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "schema": {"version": 1, "min_reader": 1},
        "formats": {"pending": 1, "manifest": 1},
    });
    assert_eq!(version, expected);
    assert!(!place.home().exists());
}
