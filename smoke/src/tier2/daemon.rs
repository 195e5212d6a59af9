//! The daemon as a program: starting, stopping, telling how it is.

use anyhow::{Context, ensure};
use harness::leaks::{Footprint, Leak};
use harness::processes::Snapshot;
use harness::wait::wait_until;
use serde_json::Value;
use std::fs;

use crate::case::{Case, Definition, OWNER, SOON, unbroken};
use crate::views::{named, status, wait_echoes, wait_settled};

pub(super) const CASES: &[Definition] = &[
    Definition::fake("tier2::daemon::a_second_daemon_is_refused", 30, a_second_daemon_is_refused),
    Definition::fake("tier2::daemon::status_tells_how_it_is", 30, status_tells_how_it_is),
    Definition::fake(
        "tier2::daemon::a_stop_leaves_nothing_behind",
        60,
        a_stop_leaves_nothing_behind,
    ),
    Definition::fake(
        "tier2::daemon::start_returns_when_it_is_ready",
        60,
        start_returns_when_it_is_ready,
    ),
    Definition::fake(
        "tier2::daemon::bad_configuration_is_named_by_line_and_key",
        30,
        bad_configuration_is_named_by_line_and_key,
    ),
    Definition::fake(
        "tier2::daemon::hundred_sessions_come_and_go",
        120,
        hundred_sessions_come_and_go,
    ),
];

/// No two daemons ever write one database.
/// Incidents: 93.
fn a_second_daemon_is_refused(case: &mut Case) -> anyhow::Result<()> {
    let ready = case.sandbox.start()?;
    let second = case.sandbox.cli(&["run"], SOON)?;
    ensure!(second.status.code() == Some(75), "be refused with 75: {}", second.status);
    let holder = ready.pid.to_string();
    ensure!(second.stderr.contains(&holder), "name the holder {holder}: {}", second.stderr);
    ensure!(status(&case.sandbox)?["pid"] == ready.pid, "leave the first one alone");
    Ok(())
}

fn status_tells_how_it_is(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let without = sandbox.cli(&["status", "--json"], SOON)?;
    ensure!(without.status.code() == Some(69), "say that nobody answers: {}", without.status);

    let ready = sandbox.start()?;
    let text = sandbox.drop_message(OWNER, "hello").map(|_| "hello".to_owned())?;
    wait_echoes(sandbox, &[text], SOON)?;
    // The reply is there before the turn that sent it is over.
    wait_settled(sandbox, SOON)?;
    let status = status(sandbox)?;
    ensure!(status["pid"] == ready.pid, "tell the pid: {status}");
    ensure!(status["generation"] == ready.generation, "tell the generation: {status}");
    ensure!(status["counts"]["answered"] == 1, "count what is answered: {status}");
    let sessions = status["sessions"].as_array().map_or(0, Vec::len);
    ensure!(sessions == 1, "list the session: {status}");
    let chat = format!("test:{OWNER}");
    ensure!(status["sessions"][0]["chat"] == chat.as_str(), "name the chat: {status}");
    for (command, wanted) in [("sessions", "Zadminname1"), ("status", "fake")] {
        let said = sandbox.cli(&[command], SOON)?;
        ensure!(said.status.success(), "run {command}: {}", said.stderr);
        ensure!(said.stdout.contains(wanted), "show {wanted} in {command}: {}", said.stdout);
    }
    Ok(())
}

fn a_stop_leaves_nothing_behind(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(sandbox, &["hello".to_owned()], SOON)?;
    ensure!(!sandbox.leftovers().is_empty(), "find the agent by its mark");
    let ended = sandbox.stop(SOON)?.context("see it end in time")?;
    ensure!(ended.success(), "end well: {ended}");
    unbroken("processes left by an orderly stop", &named(&sandbox.leftovers()))
}

fn start_returns_when_it_is_ready(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let started = sandbox.cli(&["start"], SOON)?;
    ensure!(started.status.success(), "start: {}", started.stderr);
    let pid = status(sandbox)?["pid"].as_u64().context("find its pid")?;
    let pid = u32::try_from(pid).context("read its pid")?;
    ensure!(Snapshot::take().find(pid).is_some(), "see it run");
    sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(sandbox, &["hello".to_owned()], SOON)?;

    let again = sandbox.cli(&["start"], SOON)?;
    ensure!(again.status.code() == Some(75), "refuse a second start: {}", again.status);
    let stopped = sandbox.cli(&["stop"], SOON)?;
    ensure!(stopped.status.success(), "stop: {}", stopped.stderr);
    ensure!(
        wait_until(SOON, || Snapshot::take().find(pid).is_none_or(|daemon| daemon.zombie)),
        "see it end"
    );
    unbroken("processes left by stop", &named(&sandbox.leftovers()))
}

fn bad_configuration_is_named_by_line_and_key(case: &mut Case) -> anyhow::Result<()> {
    let path = case.sandbox.home().join("config.toml");
    let good = fs::read_to_string(&path).context("read the configuration")?;
    let lines = good.lines().count();
    for (addition, line, key) in [
        ("[shutdown_]\n", lines + 2, "shutdown_"),
        ("[log]\nlevell = 3\n", lines + 3, "levell"),
        ("[memory]\ncommand = 3\n", lines + 3, "command"),
    ] {
        fs::write(&path, format!("{good}\n{addition}")).context("write the configuration")?;
        let said = case.sandbox.cli(&["run"], SOON)?;
        ensure!(said.status.code() == Some(64), "end with 64: {} {}", said.status, said.stderr);
        let place = format!("config.toml:{line}");
        ensure!(
            said.stderr.contains(&place) && said.stderr.contains(key),
            "name {place} and {key}: {}",
            said.stderr
        );
        ensure!(said.stderr.trim().lines().count() == 1, "say it in one line: {}", said.stderr);
    }
    Ok(())
}

/// Sessions created and ended on the daemon's side, with everything that belongs to them.
const CYCLES: usize = 100;

/// No child, zombie, descriptor or file of a session stays: a leak of one in each is seen.
/// Files, processes and tasks of a session go with it.
/// Incidents: 85, 87, 88, J3, J5, J22, J27.
fn hundred_sessions_come_and_go(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let ready = sandbox.start()?;
    let directories = [sandbox.home(), sandbox.temp_dir(), sandbox.messages_dir().join("claimed")];
    let directories: Vec<&std::path::Path> =
        directories.iter().map(std::path::PathBuf::as_path).collect();
    let mut before: Option<(Footprint, Value)> = None;
    let mut texts = Vec::new();
    for cycle in 0..=CYCLES {
        texts.push(format!("cycle {cycle}"));
        sandbox.drop_message(OWNER, &texts[cycle])?;
        wait_echoes(sandbox, &texts, SOON)?;
        let killed = sandbox.cli(&["kill-session", &format!("test:{OWNER}")], SOON)?;
        ensure!(killed.status.success(), "end the session: {}", killed.stderr);
        // The first cycle opens what stays open for good: files of the session, caches.
        if before.is_none() {
            wait_alone(ready.pid)?;
            before = Some((Footprint::of(ready.pid, &directories)?, status(sandbox)?));
        }
    }
    wait_alone(ready.pid)?;
    let (footprint, then) = before.context("run a first cycle")?;
    // What belongs to an agent is closed a moment after the agent itself is gone.
    let growth = || Ok(Footprint::of(ready.pid, &directories)?.growth(&footprint));
    let _closed = wait_until(SOON, || growth().is_ok_and(|leaks: Vec<Leak>| leaks.is_empty()));
    let leaks: anyhow::Result<Vec<Leak>> = growth();
    unbroken("left over", &leaks?.iter().map(Leak::to_string).collect::<Vec<_>>())?;
    let now = status(sandbox)?;
    ensure!(
        now["tasks_alive"].as_u64() <= then["tasks_alive"].as_u64(),
        "keep the number of tasks: {} -> {}",
        then["tasks_alive"],
        now["tasks_alive"]
    );
    Ok(())
}

/// Waits until the daemon has no child, not even an ended one.
fn wait_alone(pid: u32) -> anyhow::Result<()> {
    let alone = wait_until(SOON, || Snapshot::take().descendants(pid).is_empty());
    ensure!(alone, "see its agents end: {:?}", Snapshot::take().descendants(pid));
    Ok(())
}
