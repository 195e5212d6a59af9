//! The life of an agent and of its turns, with the real program: connecting, answering, resuming,
//! being interrupted, steered and stopped.

use std::fs;

use anyhow::{Context, ensure};
use harness::leaks::Footprint;
use harness::processes::{Snapshot, rss_bytes};
use harness::sandbox::Sandbox;
use harness::wait::{wait_for, wait_until};

use super::conversation::TURN;
use super::words;
use crate::case::{Case, Definition, OWNER, unbroken};
use crate::views::{Event, delivered_twice_unmarked, events, status, wait_reply, wait_settled};

pub(super) const CASES: &[Definition] = &[
    Definition::real(
        "tier3::turns::an_agent_connects_answers_and_disconnects",
        60,
        an_agent_connects_answers_and_disconnects,
    )
    .also_live(),
    Definition::real(
        "tier3::turns::a_resumed_agent_recalls_what_was_said",
        90,
        a_resumed_agent_recalls_what_was_said,
    )
    .also_live(),
    Definition::real(
        "tier3::turns::an_interrupted_turn_is_over_and_the_next_one_runs",
        90,
        an_interrupted_turn_is_over_and_the_next_one_runs,
    )
    .also_live(),
    Definition::real(
        "tier3::turns::a_message_joins_the_turn_that_runs",
        90,
        a_message_joins_the_turn_that_runs,
    )
    .also_live(),
    Definition::real(
        "tier3::turns::a_stop_in_a_turn_loses_nothing",
        90,
        a_stop_in_a_turn_loses_nothing,
    ),
    Definition::real(
        "tier3::turns::five_agents_come_and_go_and_leave_nothing",
        120,
        five_agents_come_and_go_and_leave_nothing,
    ),
];

fn an_agent_connects_answers_and_disconnects(case: &mut Case) -> anyhow::Result<()> {
    let word = word(case);
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    answered(sandbox, &words::say(&word), &word)?;
    wait_settled(sandbox, TURN)?;
    let session = &status(sandbox)?["sessions"][0];
    ensure!(session["agent_session"].is_string(), "know its conversation: {session}");
    end_agent(sandbox)?;

    let seen = events(sandbox)?;
    let kinds: Vec<&str> = seen.iter().map(|event| event.kind.as_str()).collect();
    for kind in ["SESSION_START", "IN", "OUT", "TURN", "SESSION_STOP"] {
        ensure!(kinds.contains(&kind), "write down {kind}: {kinds:?}");
    }
    ensure!(!kinds.contains(&"ERROR"), "meet no error: {seen:?}");
    let stop = seen.iter().find(|event| event.kind == "SESSION_STOP").context("find the end")?;
    // By itself, when its input was closed: neither TERM nor KILL was needed.
    ensure!(stop.entry["reason"] == "exit 0", "end by itself: {}", stop.entry);
    Ok(())
}

fn a_resumed_agent_recalls_what_was_said(case: &mut Case) -> anyhow::Result<()> {
    let word = word(case);
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, &words::remember(&word))?;
    wait_reply(sandbox, TURN, |_| true)?;
    wait_settled(sandbox, TURN)?;
    end_agent(sandbox)?;
    let earlier = sandbox.replies()?.len();
    sandbox.drop_message(OWNER, &words::recall())?;
    let replies = sandbox.wait_replies(TURN, |replies| earlier < replies.len())?;
    let reply = replies.get(earlier).context("see a reply of the second agent")?;
    ensure!(reply.text.contains(&word), "recall over the end of the agent: {}", reply.text);

    let starts: Vec<Event> =
        events(sandbox)?.into_iter().filter(|event| event.kind == "SESSION_START").collect();
    ensure!(starts.len() == 2, "start twice: {starts:?}");
    ensure!(
        starts[0].entry["resumed"] == false && starts[1].entry["resumed"] == true,
        "resume the second time: {starts:?}"
    );
    ensure!(
        starts[0].entry["agent_session"] == starts[1].entry["agent_session"],
        "go on with the same conversation: {starts:?}"
    );
    Ok(())
}

fn an_interrupted_turn_is_over_and_the_next_one_runs(case: &mut Case) -> anyhow::Result<()> {
    let (first, second) = (word(case), word(case));
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    let hang = hang_once(sandbox, &first);
    sandbox.drop_message(OWNER, &words::run(&hang))?;
    wait_tool(sandbox)?;
    // Ends the turn by an interrupt. It is not the message's fault, which waits for the next agent.
    end_agent(sandbox)?;
    ensure!(!runs_tail(sandbox), "end the tool with its turn");
    let cut = events(sandbox)?.into_iter().find(|event| event.kind == "TURN");
    let cut = cut.context("find the turn that was cut")?;
    let outcome = cut.entry["outcome"].as_str().unwrap_or_default();
    ensure!(outcome.starts_with("aborted"), "end it as interrupted: {}", cut.entry);

    sandbox.drop_message(OWNER, &words::say(&second))?;
    for word in [&first, &second] {
        wait_reply(sandbox, TURN, |reply| reply.text.contains(word.as_str()))?;
    }
    wait_settled(sandbox, TURN)?;
    unbroken("rows delivered again unmarked", &delivered_twice_unmarked(sandbox)?)
}

fn a_message_joins_the_turn_that_runs(case: &mut Case) -> anyhow::Result<()> {
    let (first, second) = (word(case), word(case));
    let sandbox = &mut case.sandbox;
    let flag = sandbox.root().join("go-on");
    sandbox.start()?;
    // Goes on for a second more than it has to: the program reads while its tool runs, but nobody
    // sees when.
    let wait = format!(
        "until test -e {}; do timeout 0.1 tail -f /dev/null; done; timeout 1 tail -f /dev/null; \
         echo {first}",
        flag.display()
    );
    sandbox.drop_message(OWNER, &words::run(&wait))?;
    wait_tool(sandbox)?;
    sandbox.drop_message(OWNER, &words::say(&second))?;
    let deliveries = || events(sandbox).map_or(0, |seen| of_kind(&seen, "IN").len());
    ensure!(wait_until(TURN, || deliveries() == 2), "deliver it while the turn runs");
    fs::write(&flag, "").context("let the tool end")?;
    let both = |replies: &[harness::sandbox::Reply]| {
        [&first, &second]
            .into_iter()
            .all(|word| replies.iter().any(|reply| reply.text.contains(word.as_str())))
    };
    let replies = sandbox.wait_replies(TURN, both)?;
    ensure!(both(&replies), "answer both: {replies:?}");
    wait_settled(sandbox, TURN)?;
    let seen = events(sandbox)?;
    let turns = of_kind(&seen, "TURN");
    let covered: Vec<usize> =
        turns.iter().map(|turn| turn.entry["attempts"].as_array().map_or(0, Vec::len)).collect();
    ensure!(covered == [2], "answer both in one turn: {covered:?}");
    Ok(())
}

fn a_stop_in_a_turn_loses_nothing(case: &mut Case) -> anyhow::Result<()> {
    let word = word(case);
    case.settings.turn_grace_s = 0;
    let sandbox = &mut case.sandbox;
    sandbox.write_config(&case.settings)?;
    sandbox.start()?;
    let hang = hang_once(sandbox, &word);
    sandbox.drop_message(OWNER, &words::run(&hang))?;
    wait_tool(sandbox)?;
    let ended = sandbox.stop(TURN)?.context("see it end in time")?;
    ensure!(ended.success(), "end well: {ended}");
    let left: Vec<String> =
        sandbox.leftovers().iter().map(|left| format!("{} {}", left.pid, left.name)).collect();
    unbroken("processes left by a stop in a turn", &left)?;

    sandbox.start()?;
    wait_reply(sandbox, TURN, |reply| reply.text.contains(&word))?;
    wait_settled(sandbox, TURN)?;
    unbroken("rows delivered again unmarked", &delivered_twice_unmarked(sandbox)?)
}

/// Agents that are started and ended.
const CYCLES: usize = 5;

/// More growth of the daemon's memory over all cycles is a concern.
const GROWTH_BYTES_MAX: u64 = 5 * 1024 * 1024;

fn five_agents_come_and_go_and_leave_nothing(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let ready = sandbox.start()?;
    let mut before = None;
    // The first cycle opens what stays open for good.
    for cycle in 0..=CYCLES {
        let word = format!("cycle{cycle}");
        answered(sandbox, &words::say(&word), &word)?;
        end_agent(sandbox)?;
        ensure!(
            wait_until(TURN, || Snapshot::take().descendants(ready.pid).is_empty()),
            "be alone"
        );
        if before.is_none() {
            before = Some(held_by(sandbox, ready.pid)?);
        }
    }
    let (footprint, tasks, bytes) = before.context("run a first cycle")?;
    let growth = || held_by(sandbox, ready.pid).map(|(now, ..)| now.growth(&footprint));
    let _closed = wait_until(TURN, || growth().is_ok_and(|leaks| leaks.is_empty()));
    let leaks: Vec<String> = growth()?.iter().map(ToString::to_string).collect();
    unbroken("left over", &leaks)?;
    let (_, tasks_now, bytes_now) = held_by(sandbox, ready.pid)?;
    ensure!(tasks_now <= tasks, "keep the number of tasks: {tasks} -> {tasks_now}");
    let grown = bytes_now.saturating_sub(bytes);
    ensure!(grown <= GROWTH_BYTES_MAX, "keep its memory: {grown} bytes more than after the first");
    Ok(())
}

/// What a daemon holds: its footprint, its tasks, its memory in bytes.
fn held_by(sandbox: &Sandbox, daemon: u32) -> anyhow::Result<(Footprint, u64, u64)> {
    let tasks = status(sandbox)?["tasks_alive"].as_u64().context("count the tasks")?;
    let bytes = rss_bytes(daemon).context("measure the memory")?;
    Ok((Footprint::of(daemon, &[])?, tasks, bytes))
}

fn word(case: &mut Case) -> String {
    format!("word{:08x}", case.seed.below(u64::from(u32::MAX)))
}

/// Sends a text and waits for a reply with a word in it.
fn answered(sandbox: &mut Sandbox, text: &str, word: &str) -> anyhow::Result<()> {
    sandbox.drop_message(OWNER, text)?;
    wait_reply(sandbox, TURN, |reply| reply.text.contains(word))?;
    Ok(())
}

/// A command line that hangs the first time it runs, and prints a word the second time.
fn hang_once(sandbox: &Sandbox, word: &str) -> String {
    let flag = sandbox.root().join("was-here");
    let flag = flag.display();
    format!("if test -e {flag}; then echo {word}; else touch {flag}; tail -f /dev/null; fi")
}

/// Ends the only agent, whatever it does, and waits until it is gone.
fn end_agent(sandbox: &Sandbox) -> anyhow::Result<()> {
    let killed = sandbox.cli(&["kill-session", &format!("test:{OWNER}")], TURN)?;
    ensure!(killed.status.success(), "end the agent: {}", killed.stderr);
    let asleep = wait_until(TURN, || {
        status(sandbox).is_ok_and(|status| status["sessions"][0]["agent_pid"].is_null())
    });
    ensure!(asleep, "see the agent end: {}", status(sandbox)?["sessions"]);
    Ok(())
}

/// Waits until the tool that waits has been started.
fn wait_tool(sandbox: &Sandbox) -> anyhow::Result<()> {
    let seen = wait_for(TURN, || runs_tail(sandbox).then_some(()));
    seen.context("see the tool run")
}

fn runs_tail(sandbox: &Sandbox) -> bool {
    sandbox.leftovers().iter().any(|seen| seen.name == "tail" && !seen.zombie)
}

fn of_kind<'a>(events: &'a [Event], kind: &str) -> Vec<&'a Event> {
    events.iter().filter(|event| event.kind == kind).collect()
}
