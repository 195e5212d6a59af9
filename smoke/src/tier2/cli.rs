//! Every command of the command line once, over a daemon that was started by one of them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Child, Stdio};

use anyhow::{Context, ensure};
use harness::command::{Finished, end_within, run_within};
use harness::sandbox::Sandbox;
use harness::wait::wait_until;

use crate::case::{Case, Definition, OWNER, SOON, unbroken};
use crate::views::{registry, status, wait_echoes, wait_reply};

pub(super) const CASES: &[Definition] = &[
    Definition::fake("tier2::cli::every_command_does_its_work", 90, every_command_does_its_work)
        .beside_others(),
    Definition::fake(
        "tier2::cli::who_watches_sees_what_happens_and_may_leave",
        60,
        who_watches_sees_what_happens_and_may_leave,
    ),
];

/// What each step below runs, so that a new command without a step is found.
const TRIED: [&str; 22] = [
    "attach",
    "backup",
    "doctor",
    "dropped",
    "history",
    "hold",
    "inject",
    "install",
    "kill-session",
    "kill-sessions",
    "logs",
    "release",
    "restart",
    "restart-session",
    "restart-sessions",
    "run",
    "send",
    "sessions",
    "start",
    "status",
    "stop",
    "uninstall",
];

/// A command that nobody runs in a test breaks without being noticed.
/// Incidents: 7.
fn every_command_does_its_work(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let listed = commands(&done(sandbox, &["--help"])?.stdout);
    let tried: BTreeSet<String> = TRIED.into_iter().map(str::to_owned).collect();
    ensure!(listed == tried, "try every command: there are {listed:?}");

    done(sandbox, &["start"])?;
    let first = status(sandbox)?;
    sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(sandbox, &["hello".to_owned()], SOON)?;
    messages(sandbox)?;
    sessions(sandbox)?;
    views(sandbox)?;

    let restarted = done(sandbox, &["restart"])?;
    let second = status(sandbox)?;
    ensure!(
        second["generation"].as_u64() > first["generation"].as_u64()
            && second["pid"] != first["pid"],
        "be another daemon after a restart: {}",
        restarted.stdout
    );
    sandbox.drop_message(OWNER, "after the restart")?;
    wait_echoes(sandbox, &["after the restart".to_owned()], SOON)?;
    copies(sandbox)?;
    done(sandbox, &["stop"])?;
    service(sandbox)?;
    let gone = sandbox.cli(&["status"], SOON)?;
    ensure!(gone.status.code() == Some(69), "see nobody answer after a stop: {}", gone.status);
    let left: Vec<String> =
        sandbox.leftovers().iter().map(|left| format!("{} {}", left.pid, left.name)).collect();
    unbroken("processes left by the commands", &left)
}

/// `backup`, beside a daemon that has the database open.
fn copies(sandbox: &Sandbox) -> anyhow::Result<()> {
    let copy = sandbox.root().join("copy.db");
    done(sandbox, &["backup", &copy.display().to_string()])?;
    let whole = fs::metadata(&copy).is_ok_and(|copy| 0 < copy.len());
    ensure!(whole, "find a copy of the database");
    Ok(())
}

/// `install`, `uninstall`, with a service manager that does nothing: the machine's own is not ours.
fn service(sandbox: &Sandbox) -> anyhow::Result<()> {
    let programs = sandbox.root().join("bin");
    fs::create_dir(&programs).context("make a directory for programs")?;
    symlink("/bin/true", programs.join("systemctl")).context("make a service manager")?;
    let unit = sandbox.root().join("user/.config/systemd/user");
    for (verb, present) in [("install", true), ("uninstall", false)] {
        let mut command = sandbox.command(&[verb, "--manager", "systemd"]);
        command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        let said = run_within(command, SOON)?;
        ensure!(said.status.success(), "{verb}: {}: {}", said.status, said.stderr);
        let files = fs::read_dir(&unit)
            .map_or(0, |all| all.flatten().filter(|it| it.path().is_file()).count());
        ensure!((0 < files) == present, "{verb}: find {files} files of services");
    }
    Ok(())
}

/// `inject`, `send`, `hold`, `release`, `history`, `dropped`.
fn messages(sandbox: &mut Sandbox) -> anyhow::Result<()> {
    let chat = format!("test:{OWNER}");
    done(sandbox, &["inject", &chat, "a note of the owner"])?;
    wait_reply(sandbox, SOON, |reply| reply.text.contains("a note of the owner"))?;
    done(sandbox, &["inject", &chat, "--admin", "an order"])?;
    wait_reply(sandbox, SOON, |reply| reply.text.contains("an order"))?;
    done(sandbox, &["send", &chat, "past the agent"])?;
    wait_reply(sandbox, SOON, |reply| reply.text == "past the agent")?;
    let nobody = sandbox.cli(&["send", "test:+15555550150", "hi"], SOON)?;
    ensure!(nobody.status.code() == Some(1), "refuse a made-up chat: {}", nobody.status);

    done(sandbox, &["hold"])?;
    ensure!(status(sandbox)?["held"] == true, "say that messages are held");
    done(sandbox, &["release"])?;
    ensure!(status(sandbox)?["held"] == false, "say that messages are delivered");

    let history = done(sandbox, &["history", &chat])?.stdout;
    for text in ["hello", "a note of the owner", "past the agent"] {
        ensure!(history.contains(text), "show {text:?} in the history: {history}");
    }
    let dropped = done(sandbox, &["dropped"])?.stdout;
    ensure!(dropped.contains("nothing was given up"), "show what was given up: {dropped}");
    Ok(())
}

/// `sessions`, `kill-session`, `kill-sessions`, `restart-session`, `restart-sessions`.
fn sessions(sandbox: &mut Sandbox) -> anyhow::Result<()> {
    let records = registry(sandbox)?;
    let row = records.first().context("find a session")?["row"].to_string();
    let table = done(sandbox, &["sessions"])?.stdout;
    ensure!(table.contains("Zadminname1"), "name the contact: {table}");

    let first = agent(sandbox)?;
    done(sandbox, &["restart-session", &row])?;
    wait_agent(sandbox, |pid| pid.is_some() && pid != first)?;
    let second = agent(sandbox)?;
    done(sandbox, &["restart-sessions"])?;
    wait_agent(sandbox, |pid| pid.is_some() && pid != second)?;
    done(sandbox, &["kill-session", &format!("test:{OWNER}")])?;
    wait_agent(sandbox, |pid| pid.is_none())?;
    sandbox.drop_message(OWNER, "wake up")?;
    wait_echoes(sandbox, &["wake up".to_owned()], SOON)?;
    done(sandbox, &["kill-sessions"])?;
    wait_agent(sandbox, |pid| pid.is_none())
}

/// `status`, `logs`, `doctor`, and `run` beside a daemon.
fn views(sandbox: &Sandbox) -> anyhow::Result<()> {
    let said = done(sandbox, &["status"])?.stdout;
    ensure!(said.contains("generation 1"), "tell the generation: {said}");
    let log = done(sandbox, &["logs", "-n", "1000"])?.stdout;
    ensure!(log.contains("turn ended"), "show the log: {log}");
    let findings = sandbox.cli(&["doctor"], SOON)?;
    ensure!(findings.stdout.contains("daemon"), "look at the daemon: {}", findings.stdout);
    let second = sandbox.cli(&["run"], SOON)?;
    ensure!(second.status.code() == Some(75), "refuse to run twice: {}", second.status);
    Ok(())
}

fn who_watches_sees_what_happens_and_may_leave(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "the first one")?;
    wait_echoes(sandbox, &["the first one".to_owned()], SOON)?;
    let row = registry(sandbox)?.first().context("find a session")?["row"].to_string();
    let mut session = Watch::start(sandbox, &["attach", &row])?;
    session.wait_line("the first one")?;
    let mut log = Watch::start(sandbox, &["logs", "-f"])?;
    sandbox.drop_message(OWNER, "the second one")?;
    session.wait_line("the second one")?;
    session.wait_line("You said: the second one")?;
    log.wait_line("turn ended")?;
    session.leave()?;
    log.leave()?;
    ensure!(status(sandbox)?["sessions"][0]["state"] == "idle", "leave the session alone");
    Ok(())
}

/// Runs a command that has to end with 0.
fn done(sandbox: &Sandbox, arguments: &[&str]) -> anyhow::Result<Finished> {
    let said = sandbox.cli(arguments, SOON)?;
    ensure!(said.status.success(), "{}: {}: {}", arguments.join(" "), said.status, said.stderr);
    Ok(said)
}

/// The commands that the help lists: the first word of every line that is indented by two.
fn commands(help: &str) -> BTreeSet<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    listed
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .map(str::to_owned)
        .collect()
}

/// The process of the only agent.
fn agent(sandbox: &Sandbox) -> anyhow::Result<Option<u64>> {
    Ok(status(sandbox)?["sessions"][0]["agent_pid"].as_u64())
}

fn wait_agent(sandbox: &Sandbox, wanted: impl Fn(Option<u64>) -> bool) -> anyhow::Result<()> {
    let seen = wait_until(SOON, || agent(sandbox).is_ok_and(&wanted));
    ensure!(seen, "see the agent come or go: {}", status(sandbox)?["sessions"]);
    Ok(())
}

/// A command that goes on until nobody reads it.
struct Watch {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Watch {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = sandbox.command(arguments);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("watch")?;
        let stdout = child.stdout.take().context("read what is watched")?;
        Ok(Self { child, lines: BufReader::new(stdout) })
    }

    /// Reads on to a line with these words. If none comes, the limit of the case ends the watching.
    fn wait_line(&mut self, words: &str) -> anyhow::Result<()> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).context("read what is watched")? != 0 {
            if line.contains(words) {
                return Ok(());
            }
            line.clear();
        }
        anyhow::bail!("see {words:?}: the watching ended before")
    }

    /// Reads no more; the command notices by itself.
    fn leave(self) -> anyhow::Result<()> {
        let Self { mut child, lines } = self;
        drop(lines);
        let ended = end_within(&mut child, SOON).context("end the watching")?;
        ensure!(ended.is_some(), "end when nobody reads any more");
        Ok(())
    }
}
