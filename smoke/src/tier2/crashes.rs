//! Kill -9 at random moments: of the daemon, of its agents. Nothing may get lost, nothing may be
//! delivered twice without saying so, and nothing of a dead daemon may go on living.

use std::time::Duration;

use anyhow::{Context, ensure};
use harness::processes::{Snapshot, signal};
use harness::sandbox::{AGENT_ENV_MARK, Sandbox};
use harness::wait::wait_until;
use rustix::process::Signal;

use crate::case::{ADMINS, Case, Definition, SOON, unbroken};
use crate::stream::{Stream, Work, wait_answers};
use crate::views::status;

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::crashes::the_daemon_is_killed_at_random_points",
        120,
        the_daemon_is_killed_at_random_points,
    )
    .beside_others(),
    Definition::fake(
        "tier2::crashes::agents_are_killed_at_random_points",
        180,
        agents_are_killed_at_random_points,
    )
    .beside_others(),
];

/// How often something is killed in one case.
const KILLS: usize = 20;

/// From the moment after a message was written to well after its answer.
const MOMENT_MAX: Duration = Duration::from_millis(150);

/// A kill between any two steps, and a start right after it.
/// Incidents: 1, 2, 11.
fn the_daemon_is_killed_at_random_points(case: &mut Case) -> anyhow::Result<()> {
    let Case { seed, sandbox, .. } = case;
    let mut stream = Stream::new(3);
    sandbox.start()?;
    for _ in 0..KILLS {
        for _ in 0..=seed.below(4) {
            let chat = usize::try_from(seed.below(3)).unwrap_or_default();
            stream.send(sandbox, chat, Work::any(seed))?;
        }
        wait_moment(sandbox, &stream, seed.between(Duration::ZERO, MOMENT_MAX))?;
        let agents: Vec<u32> = sandbox.leftovers().iter().map(|agent| agent.pid).collect();
        sandbox.kill9()?;
        if seed.below(2) == 0 {
            // Messages that arrive while nobody is there.
            stream.send(sandbox, 0, Work::any(seed))?;
        }
        sandbox.start()?;
        ensure_gone(sandbox, &agents)?;
    }
    settle_after_kills(sandbox, &stream)
}

/// Waits for the moment, or until everything is answered: then a later moment finds nothing new.
fn wait_moment(sandbox: &Sandbox, stream: &Stream, moment: Duration) -> anyhow::Result<()> {
    let sent = stream.words().len();
    sandbox.wait_replies(moment, |replies| sent <= replies.len())?;
    Ok(())
}

fn settle_after_kills(sandbox: &mut Sandbox, stream: &Stream) -> anyhow::Result<()> {
    let marked = stream.settle(sandbox, Duration::from_mins(1))?;
    // Otherwise the kills all hit moments at which nothing was going on, and showed nothing.
    ensure!(0 < marked, "kill while something is under way");
    end_well(sandbox)
}

/// Nothing of the daemon before this one goes on living.
fn ensure_gone(sandbox: &Sandbox, agents: &[u32]) -> anyhow::Result<()> {
    let alive = || -> Vec<String> {
        let mut left = sandbox.leftovers();
        left.retain(|process| agents.contains(&process.pid) && !process.zombie);
        left.iter().map(|process| format!("{} {}", process.pid, process.name)).collect()
    };
    let _gone = wait_until(SOON, || alive().is_empty());
    unbroken("agents of a dead daemon", &alive())
}

/// Whenever an agent is killed, what its chat writes before and after that is answered.
/// A crash of an agent leaves nothing behind that is owed.
/// Incidents: 2, 34.
fn agents_are_killed_at_random_points(case: &mut Case) -> anyhow::Result<()> {
    let Case { seed, sandbox, .. } = case;
    let mut stream = Stream::new(ADMINS.len());
    sandbox.start()?;
    for kill in 0..KILLS {
        // Every chat gets over the kill before it sees another: three in a row are another story.
        let chat = kill % stream.chats();
        wait_answers(sandbox, stream.words_of(chat), SOON)?;
        for _ in 0..=seed.below(3) {
            stream.send(sandbox, chat, Work::any(seed))?;
        }
        wait_moment(sandbox, &stream, seed.between(Duration::ZERO, MOMENT_MAX))?;
        kill_agent(sandbox, chat)?;
    }
    settle_after_kills(sandbox, &stream)
}

/// Kills the agent of a chat, if it has one at this moment.
fn kill_agent(sandbox: &Sandbox, chat: usize) -> anyhow::Result<()> {
    let status = status(sandbox)?;
    let wanted = format!("test:{}", ADMINS[chat]);
    let sessions = status["sessions"].as_array().context("find the sessions")?;
    let session = sessions.iter().find(|session| session["chat"] == wanted.as_str());
    if let Some(pid) = session.and_then(|session| session["agent_pid"].as_u64()) {
        signal(u32::try_from(pid).context("read the agent's pid")?, Signal::KILL)?;
    }
    Ok(())
}

/// Stops the daemon and looks for what it forgot, by the sandbox's mark and by its own.
fn end_well(sandbox: &mut Sandbox) -> anyhow::Result<()> {
    let marked = sandbox.leftovers();
    let own = Snapshot::take().marked_with_prefix(AGENT_ENV_MARK);
    let unmarked: Vec<&str> = marked
        .iter()
        .filter(|agent| !agent.zombie && own.iter().all(|seen| seen.pid != agent.pid))
        .map(|agent| agent.name.as_str())
        .collect();
    ensure!(unmarked.is_empty(), "mark every agent: {unmarked:?}");
    let ended = sandbox.stop(SOON)?.context("see it end in time")?;
    ensure!(ended.success(), "end well: {ended}");
    let left: Vec<String> =
        sandbox.leftovers().iter().map(|left| format!("{} {}", left.pid, left.name)).collect();
    unbroken("processes left over", &left)
}
