//! Every verb of the command line, with and without a daemon.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::place::{Place, Ran};

#[track_caller]
fn check(place: &Place, typed: &str, code: i32, out: &str, err: &str) {
    let ran = place.run(typed);
    let home = place.home().display().to_string();
    let said = (ran.code, ran.out.replace(&home, "HOME"), ran.err.replace(&home, "HOME"));
    assert_eq!(said, (code, out.to_owned(), err.to_owned()), "{typed}");
}

#[test]
fn without_a_daemon_every_order_says_so_and_makes_nothing() {
    let place = Place::fresh();
    let nobody = "claude-assistant: no daemon is running on HOME (claude-assistant start)\n";
    for typed in [
        "stop",
        "status",
        "status --json",
        "hold",
        "release",
        "kill-session 1",
        "kill-sessions",
        "restart-session 1",
        "restart-sessions",
        "inject test:+15555550123 hi",
        "inject test:+15555550123 hi --admin",
        "send test:+15555550123 hi",
    ] {
        check(&place, typed, 69, "", nobody);
    }
    assert!(!place.home().exists());
}

#[test]
fn without_a_daemon_what_is_on_record_is_shown() {
    let place = Place::fresh();
    check(&place, "sessions", 0, "no session yet\n", "");
    check(&place, "sessions --json", 0, "[]\n", "");
    check(&place, "dropped", 0, "nothing was given up\n", "");
    check(&place, "dropped --json", 0, "[]\n", "");
    check(&place, "history test:+15555550123", 0, "nothing was said\n", "");
    check(&place, "history test:+15555550123 --json", 0, "[]\n", "");
    check(&place, "logs", 0, "no log yet at HOME/logs/daemon.log\n", "");
    check(&place, "attach", 1, "", "claude-assistant: there is no session yet\n");
    check(&place, "attach 7", 1, "", "claude-assistant: no session is called 7\n");
    assert!(!place.home().exists());
}

#[test]
fn what_is_typed_wrongly_ends_with_64() {
    let place = Place::fresh();
    for typed in
        ["", "dance", "status --jsno", "inject", "inject signal: hi", "inject c --file /nowhere"]
    {
        let ran = place.run(typed);
        assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{typed}: {ran:?}");
        assert!(!ran.err.is_empty(), "{typed}");
    }
    for typed in ["--help", "--version", "inject --help"] {
        let ran = place.run(typed);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{typed}: {ran:?}");
    }
}

#[test]
fn a_broken_file_is_one_line_with_its_place_and_starts_nothing() {
    for typed in ["run", "start", "restart"] {
        let place = Place::fresh();
        let before = if typed == "restart" { "no daemon was running\n" } else { "" };
        place.write("config.toml", "[log]\nlevel = \"info\"\n[agent]\nalive = 3\n");
        let error = "claude-assistant: HOME/config.toml:4: agent.alive: unknown key\n";
        check(&place, typed, 64, before, error);
        place.write("config.toml", "[test]\ndir = \"/nowhere/at/all\"\n");
        let error = "claude-assistant: HOME/config.toml:2: test.dir: directory does not exist\n";
        check(&place, typed, 64, before, error);
        place.write("config.toml", "");
        place.write("contacts.toml", "[[contact]]\nname = 3\n");
        let error = "claude-assistant: HOME/contacts.toml:2: contact.name: \
                     wrong type: expected a string, found an integer\n";
        check(&place, typed, 64, before, error);
        assert!(!place.home().join("run/control.sock").exists());
    }
}

#[test]
fn a_home_too_deep_for_a_socket_is_said_so() {
    let place = Place::fresh();
    let deep = place.home().join("x".repeat(100));
    let ran = Ran::of(place.command(["run"]).env("CLAUDE_ASSISTANT_HOME", &deep).output().unwrap());
    assert_eq!(ran.code, 64, "{ran:?}");
    assert!(ran.err.contains("too long for a socket"), "{ran:?}");
}

#[test]
fn a_daemon_starts_answers_and_stops() {
    let place = Place::fresh();
    let started = place.run("start");
    assert_eq!(started.code, 0, "{started:?}");
    assert!(started.out.starts_with("claude-assistant is up: pid "), "{started:?}");
    let status = place.run("status --json");
    assert_eq!(status.code, 0, "{status:?}");
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let pid = format!("{}\n", status["pid"]);
    assert_eq!(std::fs::read_to_string(place.home().join("run/daemon.pid")).unwrap(), pid);
    let second = place.run("start");
    assert_eq!(second.code, 75, "{second:?}");
    let expected = format!("already running: pid {}, since ", pid.trim());
    assert!(second.err.contains(&expected), "{second:?}");
    assert_eq!(place.run("run").err, second.err);
    assert_eq!(place.open_to_others(), Vec::<std::path::PathBuf>::new());
    let stopped = place.run("stop");
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert!(!place.home().join("run/control.sock").exists());
    assert_eq!(place.run("status").code, 69);
}

#[test]
fn a_start_that_fails_says_why_once_and_nothing_of_earlier_runs() {
    let place = Place::fresh();
    place.write("logs/daemon.log", "a line of an earlier run\n");
    place.write("state/assistant.db", &"this is no database\n".repeat(100));
    let ran = place.run("start");
    assert_eq!(ran.code, 64, "{ran:?}");
    let cause = "state/assistant.db: not an SQLite database";
    assert_eq!(ran.err.matches(cause).count(), 1, "{ran:?}");
    assert!(ran.err.contains("failed to open "), "{ran:?}");
    assert!(!ran.err.contains("earlier run"), "{ran:?}");
}

/// Whoever starts right after a kill takes over everything.
/// Incidents: 11.
#[test]
fn a_killed_daemons_leavings_keep_nobody_from_starting() {
    let place = Place::fresh();
    assert_eq!(place.run("start").code, 0);
    let pid = std::fs::read_to_string(place.home().join("run/daemon.pid")).unwrap();
    let killed = std::process::Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
    assert!(killed.success());
    // Until the system has taken the lock back, the daemon is still there.
    while place.run("start").code == 75 {}
    assert_eq!(place.run("status").code, 0);
    assert!(place.home().join("run/control.sock").exists());
}

/// Numbers of processes are used again, after a reboot for instance.
/// Incidents: 74.
#[test]
fn a_pid_file_that_names_a_living_stranger_does_not_matter() {
    let place = Place::fresh();
    place.write("run/daemon.pid", &format!("{}\n", std::process::id()));
    let stranger = format!("{{\"pid\":{},\"started_at\":\"then\"}}\n", std::process::id());
    place.write("run/lock", &stranger);
    let started = place.run("start");
    assert_eq!(started.code, 0, "{started:?}");
}

/// What a crash between making a file and writing it leaves.
/// Incidents: K8.
#[test]
fn files_of_its_own_that_are_empty_keep_nobody_from_starting() {
    let place = Place::fresh();
    let files = ["config.toml", "contacts.toml", "logs/daemon.log", "run/daemon.pid", "run/lock"];
    for name in files.into_iter().chain(["state/assistant.db"]) {
        place.write(name, "");
    }
    let started = place.run("start");
    assert_eq!(started.code, 0, "{started:?}");
    assert_eq!(place.run("status").code, 0);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let place = Place::fresh();
    place.write("logs/daemon.log", &"a line\n".repeat(200_000));
    let mut logs = place
        .command(["logs", "-n", "200000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(logs.stdout.take());
    let ran = Ran::of(logs.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn a_follower_ends_when_its_reader_goes_away_though_nothing_is_added() {
    let place = Place::fresh();
    place.write("logs/daemon.log", "a line\n");
    let mut logs = place.command(["logs", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(logs.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    assert_eq!((line.as_str(), logs.wait().unwrap().code()), ("a line\n", Some(0)));
}

#[test]
fn doctor_says_what_is_missing_and_what_to_do() {
    let place = Place::fresh();
    place.write("config.toml", "[agent]\nprogram = \"/nowhere/claude\"\n");
    let ran = place.run("doctor --json");
    assert_eq!(ran.code, 1, "{ran:?}");
    let findings: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let program = findings.as_array().unwrap().iter().find(|it| it["name"] == "program").unwrap();
    assert_eq!(program["verdict"], "missing", "{program}");
    assert!(program["advice"].is_string(), "{program}");
}
