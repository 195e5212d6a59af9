use std::process::{Command, Stdio};

use super::*;

#[test]
fn the_owners_own_processes_may_ask() {
    let check = owner_or_agent();
    assert_eq!(check.admits(std::process::id()), Ok(Peer::Owner));
    assert_eq!(check.admits(std::os::unix::process::parent_id()), Ok(Peer::Owner));
}

/// Whatever an agent was talked into, it does not end or restart the daemon.
/// Incidents: 33.
#[test]
fn a_process_that_this_one_started_is_an_agents() {
    let mut child =
        Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    assert_eq!(owner_or_agent().admits(pid), Ok(Peer::OfAgent(pid)));
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
    assert!(owner_or_agent().admits(pid).is_err());
    drop(stdin);
}

#[test]
fn a_process_that_is_gone_may_not() {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    assert_eq!(owner_or_agent().admits(child.id()), Err("who asked is gone"));
}

/// The daemon asks its launcher, and what the launcher started for a restart does; an agent does not.
/// Incidents: 33.
#[tokio::test]
async fn a_launcher_is_asked_by_its_daemon_and_its_commands_but_not_by_what_the_daemon_started() {
    let start = |program: &str| {
        let mut command = tokio::process::Command::new("sh");
        adopted::spawn(command.args(["-c", program]).stdin(Stdio::piped())).unwrap()
    };
    let (mut daemon, mut beside) = (start("(read line <&0); exit 0"), start("read line"));
    let [daemon_pid, beside_pid] = [&daemon, &beside].map(|own| own.child.id().unwrap());
    let known = Daemon::default();
    let check = none_of(known.clone());
    assert_eq!(check.admits(beside_pid), Ok(Peer::Owner));
    known.is(Some(daemon_pid));
    assert_eq!(check.admits(daemon_pid), Ok(Peer::Owner));
    assert_eq!(check.admits(beside_pid), Ok(Peer::Owner));
    let mut agent = processes::descendants(daemon_pid);
    while agent.is_empty() {
        agent = processes::descendants(daemon_pid);
    }
    assert_eq!(check.admits(agent[0].pid), Err("a process of an agent may not ask"));
    known.is(None);
    for own in [&mut daemon, &mut beside] {
        let pid = own.child.id().unwrap();
        drop(own.child.stdin.take());
        own.child.wait().await.unwrap();
        assert_eq!(check.admits(pid), Err("who asked is gone"));
    }
}

/// Before it is ended it may not use the moment.
/// Incidents: 33.
#[test]
fn a_launcher_is_not_asked_by_what_fell_to_it() {
    // A child that is not known as one of ours, as an orphan is not.
    let mut orphan =
        Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
    let asked = none_of(Daemon::default()).admits(orphan.id());
    assert_eq!(asked, Err("a process that fell to the launcher may not ask"));
    drop(orphan.stdin.take());
    orphan.wait().unwrap();
}
