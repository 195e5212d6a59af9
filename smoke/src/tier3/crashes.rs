//! Kill -9 with the real program: between messages, in the middle of a tool, of the agent itself.

use anyhow::{Context, ensure};
use harness::processes::{Seen, signal};
use harness::sandbox::Sandbox;
use harness::wait::{wait_for, wait_until};
use rustix::process::Signal;

use super::conversation::TURN;
use crate::case::{Case, Definition, OWNER, unbroken};
use crate::views::{events, status, wait_echoes, wait_reply, wait_settled};

pub(super) const CASES: &[Definition] = &[
    Definition::real(
        "tier3::crashes::a_killed_daemon_comes_back_with_its_memory",
        120,
        a_killed_daemon_comes_back_with_its_memory,
    ),
    Definition::real(
        "tier3::crashes::a_daemon_killed_in_a_tool_ends_it_and_answers",
        150,
        a_daemon_killed_in_a_tool_ends_it_and_answers,
    ),
    Definition::real(
        "tier3::crashes::an_agent_killed_in_a_turn_comes_back",
        120,
        an_agent_killed_in_a_turn_comes_back,
    ),
];

/// The conversation was on record when its first turn was over.
/// Incidents: 45.
fn a_killed_daemon_comes_back_with_its_memory(case: &mut Case) -> anyhow::Result<()> {
    let word = format!("word{:08x}", case.seed.below(u64::from(u32::MAX)));
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    let first = format!("remember {word}");
    sandbox.drop_message(OWNER, &first)?;
    wait_echoes(sandbox, &[first], TURN)?;
    let old = alive(sandbox);
    sandbox.kill9()?;
    // A message that arrives while nobody is there.
    sandbox.drop_message(OWNER, "recall")?;
    sandbox.start()?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.starts_with("I remember"))?;
    ensure!(reply.text.contains(&word), "recall across the kill: {}", reply.text);
    ensure_gone(sandbox, &old)
}

fn a_daemon_killed_in_a_tool_ends_it_and_answers(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let flag = sandbox.root().join("was-here");
    sandbox.start()?;
    sandbox.drop_message(OWNER, "the first one")?;
    wait_echoes(sandbox, &["the first one".to_owned()], TURN)?;
    // Hangs the first time it runs and ends the second time.
    let hang = format!(
        "tool: if test -e {flag}; then echo again; else touch {flag}; tail -f /dev/null; fi",
        flag = flag.display()
    );
    sandbox.drop_message(OWNER, &hang)?;
    let tail = wait_for(TURN, || alive(sandbox).into_iter().find(|seen| seen.name == "tail"));
    tail.context("see the tool run")?;
    let old = alive(sandbox);
    sandbox.kill9()?;
    sandbox.start()?;
    ensure_gone(sandbox, &old)?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.starts_with("The tool said"))?;
    ensure!(reply.text.contains("again"), "answer what the kill cut off: {}", reply.text);
    wait_settled(sandbox, TURN)?;

    let deliveries: Vec<bool> = events(sandbox)?
        .iter()
        .filter(|event| {
            event.kind == "IN"
                && event.entry["text"].as_str().unwrap_or_default().contains("was-here")
        })
        .map(|event| event.entry["text"].as_str().unwrap_or_default().contains("[Redelivery"))
        .collect();
    let unmarked: Vec<String> = deliveries
        .iter()
        .skip(1)
        .filter(|marked| !**marked)
        .map(|_| "the message with the tool".to_owned())
        .collect();
    ensure!(deliveries.len() == 2, "deliver it twice: {deliveries:?}");
    unbroken("messages delivered again unmarked", &unmarked)?;
    sandbox.drop_message(OWNER, "recall")?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.starts_with("I remember"))?;
    ensure!(reply.text.contains("the first one"), "recall across the kill: {}", reply.text);
    Ok(())
}

fn an_agent_killed_in_a_turn_comes_back(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "the first one")?;
    wait_echoes(sandbox, &["the first one".to_owned()], TURN)?;
    sandbox.drop_message(OWNER, "slow 20 200")?;
    let busy = wait_for(TURN, || {
        let status = status(sandbox).ok()?;
        let session = &status["sessions"][0];
        (session["state"] == "busy").then(|| session["agent_pid"].as_u64())?
    });
    let pid = busy.context("see the turn run")?;
    signal(u32::try_from(pid).context("read the agent's pid")?, Signal::KILL)?;
    sandbox.drop_message(OWNER, "recall")?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.starts_with("I remember"))?;
    ensure!(reply.text.contains("the first one"), "recall across the kill: {}", reply.text);
    wait_settled(sandbox, TURN)
}

/// Everything that runs in the sandbox below the daemon.
fn alive(sandbox: &Sandbox) -> Vec<Seen> {
    let mut alive = sandbox.leftovers();
    alive.retain(|process| !process.zombie);
    alive
}

/// None of these processes goes on living.
fn ensure_gone(sandbox: &Sandbox, old: &[Seen]) -> anyhow::Result<()> {
    let left = || -> Vec<String> {
        alive(sandbox)
            .iter()
            .filter(|now| old.iter().any(|then| then.pid == now.pid))
            .map(|process| format!("{} {}", process.pid, process.name))
            .collect()
    };
    let _gone = wait_until(TURN, || left().is_empty());
    unbroken("agents and tools of a dead daemon", &left())
}
