use std::process::{Command, Stdio};

use super::*;

#[test]
fn the_owners_own_processes_may_ask() {
    let check = no_agents();
    assert_eq!(check.admits(std::process::id()), Ok(()));
    assert_eq!(check.admits(std::os::unix::process::parent_id()), Ok(()));
}

/// Whatever an agent was talked into, it does not end or restart the daemon.
/// Incidents: 33.
#[test]
fn a_process_that_this_one_started_may_not() {
    let mut child =
        Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
    assert_eq!(no_agents().admits(child.id()), Err("a process of an agent may not ask"));
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// Nor does what an agent left behind.
/// Incidents: 33.
#[test]
fn a_process_that_left_its_agent_but_carries_the_mark_may_not() {
    // The shell ends, so that what it started belongs to somebody else; it waits for a line on
    // our pipe, and so ends with this test.
    let mut shell = Command::new("sh")
        .args(["-c", "exec 3<&0; sh -c 'echo $$; read line <&3' & exit 0"])
        .env(processes::MARK_NAME, "0000000000000000:1:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = shell.stdin.take();
    shell.wait().unwrap();
    let mut said = String::new();
    let mut lines = std::io::BufReader::new(shell.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut lines, &mut said).unwrap();
    let pid = said.trim().parse().unwrap();
    assert!(no_agents().admits(pid).is_err());
    drop(stdin);
}

#[test]
fn a_process_that_is_gone_may_not() {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    assert_eq!(no_agents().admits(child.id()), Err("who asked is gone"));
}

/// The daemon asks its launcher, and what the launcher started for a restart does; an agent does not.
/// Incidents: 33.
#[test]
fn a_launcher_is_asked_by_its_daemon_and_its_commands_but_not_by_what_the_daemon_started() {
    let start = |program: &str| {
        Command::new("sh").args(["-c", program]).stdin(Stdio::piped()).spawn().unwrap()
    };
    let (mut daemon, mut beside) = (start("read line"), start("read line"));
    let known = Daemon::default();
    let check = none_of(known.clone());
    assert_eq!(check.admits(beside.id()), Ok(()));
    known.is(Some(daemon.id()));
    assert_eq!(check.admits(daemon.id()), Ok(()));
    assert_eq!(check.admits(beside.id()), Ok(()));
    // As the parent of the two, this process stands where the daemon does for an agent.
    known.is(Some(std::process::id()));
    assert_eq!(check.admits(beside.id()), Err("a process of an agent may not ask"));
    known.is(None);
    for child in [&mut daemon, &mut beside] {
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(check.admits(child.id()), Err("who asked is gone"));
    }
}
