//! What once went wrong elsewhere and takes a real process to go wrong here: every command against
//! a running daemon, restarts, a daemon that hangs, and what agents leave running.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::command::end_within;
use harness::processes::{Seen, Snapshot, signal};
use harness::sandbox::Sandbox;
use harness::wait::{wait_for, wait_until};
use rustix::process::Signal;

use crate::case::{ADMINS, Case, Definition, OWNER, SOON, unbroken};
use crate::views::{status, wait_echoes, wait_reply};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::incidents::every_command_is_obeyed_by_a_running_daemon",
        60,
        every_command_is_obeyed_by_a_running_daemon,
    ),
    Definition::fake(
        "tier2::incidents::restarts_leave_one_daemon_and_nothing_of_those_before",
        90,
        restarts_leave_one_daemon_and_nothing_of_those_before,
    ),
    Definition::fake(
        "tier2::incidents::a_daemon_that_hangs_is_not_called_well",
        60,
        a_daemon_that_hangs_is_not_called_well,
    ),
    Definition::fake(
        "tier2::incidents::a_daemon_is_ready_once_nothing_of_the_one_before_runs",
        60,
        a_daemon_is_ready_once_nothing_of_the_one_before_runs,
    ),
    Definition::fake(
        "tier2::incidents::what_an_agent_left_running_ends_with_it",
        60,
        what_an_agent_left_running_ends_with_it,
    ),
];

/// Orders that are one line of words and one of an answer, in an order in which each can be obeyed.
const ORDERS: [(&[&str], &str); 10] = [
    (&["status"], "fake"),
    (&["sessions"], "Zadminname1"),
    (&["history", "1"], "hello"),
    (&["dropped"], "nothing was given up"),
    (&["logs"], "agent ready"),
    (&["hold"], "messages are held"),
    (&["release"], "messages are delivered"),
    (&["send", "1", "past the agent"], "sent"),
    (&["inject", "1", "from the owner"], "accepted as message 2"),
    (&["kill-session", "1"], "1 session ended"),
];

/// A command that nobody runs in a test breaks without being noticed.
/// Incidents: 7.
fn every_command_is_obeyed_by_a_running_daemon(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    obey(sandbox, &["start"], "is up")?;
    sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(sandbox, &["hello".to_owned()], SOON)?;
    for (words, answer) in ORDERS {
        if words[0] == "kill-session" {
            wait_echoes(sandbox, &["from the owner".to_owned()], SOON)?;
        }
        obey(sandbox, words, answer)?;
    }
    wait_agent(sandbox, "asleep", None)?;
    obey(sandbox, &["restart-session", "1"], "1 session restarted")?;
    let first = wait_agent(sandbox, "idle", None)?;
    obey(sandbox, &["restart-sessions"], "1 session restarted")?;
    wait_agent(sandbox, "idle", first)?;
    obey(sandbox, &["kill-sessions"], "1 session ended")?;
    attach(sandbox)?;
    // What it finds depends on the machine; that it looks does not.
    let doctor = sandbox.cli(&["doctor"], SOON)?;
    ensure!(matches!(doctor.status.code(), Some(0 | 1)), "have it looked at: {}", doctor.status);
    ensure!(doctor.stdout.contains("daemon"), "say what was looked at: {}", doctor.stdout);
    obey(sandbox, &["restart"], "is up")?;
    obey(sandbox, &["stop"], "has ended")?;
    sandbox.start()?;

    let begun_elsewhere = ["start", "restart", "stop", "run", "attach", "doctor"];
    let sessions = ["restart-session", "restart-sessions", "kill-sessions"];
    let tried = ORDERS.iter().map(|(words, _)| words[0]).chain(begun_elsewhere).chain(sessions);
    let tried: BTreeSet<String> = tried.map(str::to_owned).collect();
    let offered = offered(sandbox)?;
    ensure!(tried == offered, "try every command: tried {tried:?}, there are {offered:?}");
    Ok(())
}

/// Gives an order and sees it obeyed.
fn obey(sandbox: &Sandbox, words: &[&str], answer: &str) -> anyhow::Result<()> {
    let said = sandbox.cli(words, SOON)?;
    ensure!(said.status.success(), "run {words:?}: {}: {}", said.status, said.stderr);
    ensure!(said.stdout.contains(answer), "hear {answer:?} of {words:?}: {}", said.stdout);
    Ok(())
}

/// Watches the session until its first line has come.
fn attach(sandbox: &Sandbox) -> anyhow::Result<()> {
    let mut watching = sandbox
        .command(&["attach", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("watch the session")?;
    let mut line = String::new();
    let pipe = watching.stdout.take().context("have a pipe")?;
    let read = BufReader::new(pipe).read_line(&mut line);
    // The pipe is gone: it has nobody left to tell.
    let ended = end_within(&mut watching, SOON).context("wait for its end")?;
    read.context("read what it shows")?;
    ensure!(line.starts_with("session 1 "), "show the session: {line}");
    let ended = ended.context("see it end with its reader")?;
    ensure!(ended.success(), "end well: {ended}");
    Ok(())
}

/// The commands that the help lists.
fn offered(sandbox: &Sandbox) -> anyhow::Result<BTreeSet<String>> {
    let help = sandbox.cli(&["--help"], SOON)?.stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.trim().is_empty());
    // A description that goes on stands further to the right than a name.
    let names =
        commands.filter_map(|line| line.strip_prefix("  ").filter(|it| !it.starts_with(' ')));
    let names: BTreeSet<String> =
        names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    ensure!(!names.is_empty(), "find the commands in the help: {help}");
    Ok(names)
}

/// Waits until the first session is in a state, with another agent than `before`; its agent.
fn wait_agent(sandbox: &Sandbox, state: &str, before: Option<u64>) -> anyhow::Result<Option<u64>> {
    let mut last = serde_json::Value::Null;
    let found = wait_for(SOON, || {
        last = status(sandbox).ok()?["sessions"][0].clone();
        let agent = last["agent_pid"].as_u64();
        (last["state"] == state && (before.is_none() || agent != before)).then_some(agent)
    });
    found.with_context(|| format!("see the session {state}: {last}"))
}

/// Restarts in a row.
const RESTARTS: usize = 4;

/// Nobody may be left of the daemons before, nor of their agents, and one alone may listen.
/// Incidents: 76, 78.
fn restarts_leave_one_daemon_and_nothing_of_those_before(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    obey(sandbox, &["start"], "is up")?;
    let mut texts = Vec::new();
    for round in 0..RESTARTS {
        texts.push(format!("round {round}"));
        sandbox.drop_message(OWNER, &texts[round])?;
        wait_echoes(sandbox, &texts, SOON)?;
        let before = status(sandbox)?;
        let there = alive(sandbox);
        obey(sandbox, &["restart"], "is up")?;
        let now = status(sandbox)?;
        let next = before["generation"].as_u64().map(|generation| generation + 1);
        ensure!(now["generation"].as_u64() == next, "run anew: {before} -> {now}");
        unbroken("processes of the daemon before", &still_there(&there))?;
        let all = alive(sandbox);
        let pid = now["pid"].as_u64().context("find its pid")?;
        ensure!(all.len() == 1 && u64::from(all[0].pid) == pid, "run one daemon: {all:?}");
    }
    obey(sandbox, &["stop"], "has ended")?;
    unbroken("processes left by stop", &named(&alive(sandbox)))
}

/// Everything that carries the sandbox's mark and lives.
fn alive(sandbox: &Sandbox) -> Vec<Seen> {
    let mut left = sandbox.leftovers();
    left.retain(|process| !process.zombie);
    left
}

/// Which of these still live.
fn still_there(processes: &[Seen]) -> Vec<String> {
    let now = Snapshot::take();
    let lives = |seen: &&Seen| {
        now.find(seen.pid).is_some_and(|found| !found.zombie && found.name == seen.name)
    };
    processes.iter().filter(lives).map(name).collect()
}

fn named(processes: &[Seen]) -> Vec<String> {
    processes.iter().map(name).collect()
}

fn name(process: &Seen) -> String {
    format!("{} {}", process.pid, process.name)
}

/// Long enough for a client that gives up, and too short for one that waits as for a long order.
const GIVEN_UP: Duration = Duration::from_secs(10);

/// That there is a process says nothing: only one that answers is well.
/// Incidents: K14.
fn a_daemon_that_hangs_is_not_called_well(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let ready = sandbox.start()?;
    status(sandbox)?;
    signal(ready.pid, Signal::STOP)?;
    let said = sandbox.cli(&["status"], GIVEN_UP);
    // First of all it goes on, whatever was said.
    signal(ready.pid, Signal::CONT)?;
    let said = said.context("hear in time that it does not answer")?;
    ensure!(said.status.code() == Some(69), "say that it does not answer: {}", said.status);
    ensure!(said.stderr.contains("no answer"), "say what is wrong: {}", said.stderr);
    ensure!(wait_until(SOON, || status(sandbox).is_ok()), "be well again");
    Ok(())
}

/// A tool that never ends: it outlives its agent and its daemon.
const TOOL: &str = "tool: tail -f /dev/null";

/// Two agents on one conversation would both write to it.
/// Incidents: 11, 103.
fn a_daemon_is_ready_once_nothing_of_the_one_before_runs(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    for admin in &ADMINS[..3] {
        sandbox.drop_message(admin, TOOL)?;
    }
    for _ in 0..3 {
        ensure!(
            wait_until(SOON, || tools(sandbox).len() == 3),
            "see the tools: {:?}",
            alive(sandbox)
        );
        let there = alive(sandbox);
        sandbox.kill9()?;
        sandbox.start()?;
        unbroken("processes of the daemon before, at READY", &still_there(&there))?;
    }
    Ok(())
}

/// The tools that run.
fn tools(sandbox: &Sandbox) -> Vec<Seen> {
    let mut tools = alive(sandbox);
    tools.retain(|process| process.name == "tail");
    tools
}

/// Tools that nobody ended have filled disks and memory.
/// Incidents: 84.
fn what_an_agent_left_running_ends_with_it(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    for round in 1..=2 {
        let leave = format!("tool: setsid tail -f /dev/null >/dev/null 2>&1 & echo left {round}");
        sandbox.drop_message(OWNER, &leave)?;
        let left = format!("The tool said: left {round}");
        wait_reply(sandbox, SOON, |reply| reply.text == left)?;
        ensure!(wait_until(SOON, || tools(sandbox).len() == 1), "see it run: {:?}", alive(sandbox));
        if round == 1 {
            obey(sandbox, &["kill-session", "1"], "1 session ended")?;
        } else {
            let agent = wait_agent(sandbox, "idle", None)?.context("find its agent")?;
            signal(u32::try_from(agent).context("read the agent's pid")?, Signal::KILL)?;
        }
        let _gone = wait_until(SOON, || alive(sandbox).is_empty());
        unbroken("processes that outlive their agent", &named(&alive(sandbox)))?;
    }
    Ok(())
}
