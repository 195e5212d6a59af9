//! One daemon after another, and one agent after another: nothing of those before is left, and
//! nothing new begins beside it.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::processes::{Seen, Snapshot, signal};
use harness::sandbox::Sandbox;
use harness::wait::wait_until;
use rustix::process::Signal;

use crate::case::{ADMINS, Case, Definition, OWNER, SOON, unbroken};
use crate::launched::{Service, install};
use crate::views::{named, status, wait_echoes, wait_reply};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::succession::restarts_leave_one_daemon_and_nothing_of_those_before",
        90,
        restarts_leave_one_daemon_and_nothing_of_those_before,
    ),
    Definition::fake(
        "tier2::succession::a_daemon_is_ready_once_nothing_of_the_one_before_runs",
        60,
        a_daemon_is_ready_once_nothing_of_the_one_before_runs,
    ),
    Definition::fake(
        "tier2::succession::leftovers_that_do_not_hear_hold_up_a_start_for_seconds_at_most",
        60,
        leftovers_that_do_not_hear_hold_up_a_start_for_seconds_at_most,
    ),
    Definition::fake(
        "tier2::succession::what_an_agent_left_running_ends_with_it",
        60,
        what_an_agent_left_running_ends_with_it,
    ),
    Definition::fake(
        "tier2::succession::a_tool_that_hides_whose_it_is_ends_with_its_daemon",
        60,
        a_tool_that_hides_whose_it_is_ends_with_its_daemon,
    ),
];

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
    named(processes.iter().filter(lives))
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

/// A tool that never ends, and leaves another behind that its agent does not know of; neither
/// hears TERM.
const DEAF_TOOL: &str =
    "tool: trap '' TERM; setsid tail -f /dev/null >/dev/null 2>&1 & exec tail -f /dev/null";

/// Who does not hear is given this long to end.
const DEAF_MIN: Duration = Duration::from_secs(2);

/// The two seconds that leftovers have to end by themselves, the two that killed ones have to be
/// gone, one for the rest of a start, and as much again for a busy machine.
const READY_MAX: Duration = Duration::from_secs(10);

/// What is left over may cling to life, agents may be slow to start, and messages be owed: the
/// daemon is there in time all the same.
/// Incidents: 83.
fn leftovers_that_do_not_hear_hold_up_a_start_for_seconds_at_most(
    case: &mut Case,
) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    for admin in ADMINS {
        sandbox.drop_message(admin, DEAF_TOOL)?;
    }
    let run = wait_until(SOON, || tools(sandbox).len() == 2 * ADMINS.len());
    ensure!(run, "see the tools: {:?}", alive(sandbox));
    let there = alive(sandbox);
    sandbox.kill9()?;
    let path = sandbox.home().join("config.toml");
    let mut config = fs::read_to_string(&path).context("read the configuration")?;
    config.push_str("\n[memory]\ncommand = [\"tail\", \"-f\", \"/dev/null\"]\n");
    fs::write(&path, config).context("write the configuration")?;
    let began = Instant::now();
    sandbox.start()?;
    let took = began.elapsed();
    unbroken("processes of the daemon before, at READY", &still_there(&there))?;
    ensure!(DEAF_MIN <= took && took < READY_MAX, "be ready in time: {took:?}");
    status(sandbox)?;
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
            let agent = status(sandbox)?["sessions"][0]["agent_pid"].as_u64();
            let agent = agent.context("find its agent")?;
            signal(u32::try_from(agent).context("read the agent's pid")?, Signal::KILL)?;
        }
        let _gone = wait_until(SOON, || alive(sandbox).is_empty());
        unbroken("processes that outlive their agent", &named(&alive(sandbox)))?;
    }
    Ok(())
}

/// How a daemon ends here.
#[derive(Debug, Clone, Copy)]
enum End {
    Killed,
    Restarted,
}

/// Without its mark, and without a parent that anybody knows, it would count as the owner's for the next
/// daemon. Where the system has no subreaper nobody can tell whose it is.
/// Incidents: 33, 84.
fn a_tool_that_hides_whose_it_is_ends_with_its_daemon(case: &mut Case) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let service = Service::start(&case.sandbox)?;
    let sandbox = &mut case.sandbox;
    for (round, end) in [End::Killed, End::Restarted].into_iter().enumerate() {
        let file = sandbox.root().join(format!("hidden-{round}"));
        let path = file.display();
        let hide = format!(
            "tool: (env -i setsid sh -c 'echo $$ > {path}; exec tail -f /dev/null' \
             >/dev/null 2>&1 &); until [ -s {path} ]; do :; done; echo hidden {round}"
        );
        sandbox.drop_message(OWNER, &hide)?;
        let said = format!("The tool said: hidden {round}");
        wait_reply(sandbox, SOON, |reply| reply.text == said)?;
        let pid = fs::read_to_string(&file).context("read its number")?;
        let pid = pid.trim().parse().context("read its number")?;
        let runs = || Snapshot::take().find(pid).is_some_and(|process| !process.zombie);
        ensure!(runs(), "see it run");
        let before = status(sandbox)?;
        match end {
            End::Killed => {
                let daemon = before["pid"].as_u64().context("find the daemon")?;
                signal(u32::try_from(daemon).context("read its pid")?, Signal::KILL)?;
            }
            End::Restarted => obey(sandbox, &["restart"], "is up")?,
        }
        let next = before["generation"].as_u64().map(|generation| generation + 1);
        let is_next = || status(sandbox).is_ok_and(|now| now["generation"].as_u64() == next);
        ensure!(wait_until(SOON, is_next), "see the next daemon");
        let lives = runs() && cfg!(target_os = "linux");
        if lives {
            signal(pid, Signal::KILL)?;
        }
        ensure!(!lives, "end with its daemon: {end:?}");
    }
    service.stop(SOON)
}

/// Gives an order and sees it obeyed.
fn obey(sandbox: &Sandbox, words: &[&str], answer: &str) -> anyhow::Result<()> {
    let said = sandbox.cli(words, SOON)?;
    ensure!(said.status.success(), "run {words:?}: {}: {}", said.status, said.stderr);
    ensure!(said.stdout.contains(answer), "hear {answer:?} of {words:?}: {}", said.stdout);
    Ok(())
}
