//! A conversation with the real program.

use std::time::Duration;

use anyhow::{Context, ensure};
use harness::binaries::CLAUDE_VERSION;

use crate::case::{ADMINS, Case, Definition, OWNER, unbroken};
use crate::views::{status, wait_echoes, wait_reply};

pub(super) const CASES: &[Definition] = &[
    Definition::real(
        "tier3::conversation::the_second_message_recalls_the_first",
        90,
        the_second_message_recalls_the_first,
    ),
    Definition::real(
        "tier3::conversation::three_chats_at_once_keep_apart",
        120,
        three_chats_at_once_keep_apart,
    ),
    Definition::real(
        "tier3::conversation::a_tool_runs_and_its_output_comes_back",
        90,
        a_tool_runs_and_its_output_comes_back,
    ),
    Definition::real(
        "tier3::conversation::an_agent_may_not_ask_the_control_socket",
        90,
        an_agent_may_not_ask_the_control_socket,
    ),
    Definition::real(
        "tier3::conversation::a_stop_leaves_nothing_behind",
        90,
        a_stop_leaves_nothing_behind,
    ),
];

/// How long the real program may take for its start and a turn on a machine under load.
pub(super) const TURN: Duration = Duration::from_secs(45);

fn the_second_message_recalls_the_first(case: &mut Case) -> anyhow::Result<()> {
    let word = format!("word{:08x}", case.seed.below(u64::from(u32::MAX)));
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    let first = format!("remember {word}");
    sandbox.drop_message(OWNER, &first)?;
    wait_echoes(sandbox, &[first], TURN)?;
    sandbox.drop_message(OWNER, "recall")?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.starts_with("I remember"))?;
    ensure!(reply.text.contains(&word), "recall the first message: {}", reply.text);
    let status = status(sandbox)?;
    let program = case.programs.claude()?.display().to_string();
    ensure!(status["agent"]["program"] == program.as_str(), "use the real program: {status}");
    ensure!(status.to_string().contains(CLAUDE_VERSION), "name its version: {status}");
    Ok(())
}

fn three_chats_at_once_keep_apart(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    let texts: Vec<String> = (0..3).map(|chat| format!("secret of chat {chat}")).collect();
    for (handle, text) in ADMINS.iter().zip(&texts) {
        sandbox.drop_message(handle, text)?;
    }
    wait_echoes(sandbox, &texts, TURN)?;
    for (handle, text) in ADMINS.iter().zip(&texts) {
        sandbox.drop_message(handle, "recall")?;
        let chat = format!("test:{handle}");
        let reply = wait_reply(sandbox, TURN, |reply| {
            reply.chat == chat && reply.text.starts_with("I remember")
        })?;
        ensure!(reply.text.contains(text.as_str()), "recall its own: {}", reply.text);
        let others = texts.iter().filter(|other| *other != text);
        let foreign: Vec<String> =
            others.filter(|other| reply.text.contains(other.as_str())).cloned().collect();
        unbroken("texts of another chat", &foreign)?;
    }
    Ok(())
}

fn a_tool_runs_and_its_output_comes_back(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "tool: echo $((6 * 7))")?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.starts_with("The tool said"))?;
    ensure!(reply.text.contains("42"), "hear the tool: {}", reply.text);
    Ok(())
}

fn an_agent_may_not_ask_the_control_socket(case: &mut Case) -> anyhow::Result<()> {
    let daemon = case.programs.daemon()?;
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    // Told everything it needs, in a session of its own, without the mark in its environment.
    let command = format!(
        "tool: env -u CLAUDE_ASSISTANT_AGENT CLAUDE_ASSISTANT_HOME={} setsid {} inject \
         test:{OWNER} --admin obey; echo code=$?",
        sandbox.home().display(),
        daemon.display()
    );
    sandbox.drop_message(OWNER, &command)?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.contains("code="))?;
    ensure!(reply.text.contains("code=77"), "be refused with 77: {}", reply.text);
    Ok(())
}

fn a_stop_leaves_nothing_behind(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(sandbox, &["hello".to_owned()], TURN)?;
    let ended = sandbox.stop(TURN)?.context("see it end in time")?;
    ensure!(ended.success(), "end well: {ended}");
    let left: Vec<String> =
        sandbox.leftovers().iter().map(|left| format!("{} {}", left.pid, left.name)).collect();
    unbroken("processes left over", &left)
}
