//! What the real program may do is decided by the daemon: an admin's agent is allowed what it asks
//! for, and the question is on record; what stands on no list does not exist for an agent.

use anyhow::{Context, ensure};

use super::conversation::TURN;
use crate::case::{Case, Definition, OWNER, unbroken};
use crate::views::{events, wait_reply, wait_settled};

pub(super) const CASES: &[Definition] = &[Definition::real(
    "tier3::permission::what_is_on_the_list_is_allowed_and_nothing_else_exists",
    90,
    what_is_on_the_list_is_allowed_and_nothing_else_exists,
)];

/// The built-in contact, whose agent has no tool but `reply`.
const HARNESS: &str = "harness";

fn what_is_on_the_list_is_allowed_and_nothing_else_exists(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let (made, refused) = (sandbox.root().join("made"), sandbox.root().join("refused"));
    sandbox.start()?;
    // Outside of its working directory, so that the program asks.
    let make = format!("tool: mkdir {} && echo made it", made.display());
    sandbox.drop_message(OWNER, &make)?;
    let try_it = format!("tool: mkdir {}", refused.display());
    sandbox.drop_message(HARNESS, &try_it)?;
    let allowed = wait_reply(sandbox, TURN, |reply| reply.chat == format!("test:{OWNER}"))?;
    ensure!(allowed.text.contains("made it"), "let the admin's agent do it: {}", allowed.text);
    ensure!(made.is_dir(), "see what it made");
    let denied = wait_reply(sandbox, TURN, |reply| reply.chat == format!("test:{HARNESS}"))?;
    ensure!(denied.text.contains("no tool Bash here"), "not offer it: {}", denied.text);
    ensure!(!refused.exists(), "keep it from doing it all the same");

    // On nobody's list: by these an agent could schedule itself, or reach others.
    for tool in ["CronCreate", "SendMessage", "Monitor", "AskUserQuestion"] {
        sandbox.drop_message(OWNER, &format!("call: {tool} {{}}"))?;
        let wanted = format!("no tool {tool} here");
        wait_reply(sandbox, TURN, |reply| reply.text.contains(&wanted))?;
    }
    wait_settled(sandbox, TURN)?;
    let seen = events(sandbox)?;
    let asked =
        seen.iter().find(|event| event.kind == "PERMISSION").context("find the question")?;
    ensure!(
        asked.entry["tool"] == "Bash" && asked.entry["verdict"] == "allow",
        "write down the question: {}",
        asked.entry
    );
    let others: Vec<String> = seen
        .iter()
        .filter(|event| event.kind == "TOOL_USE")
        .filter_map(|event| event.entry["tool"].as_str())
        .filter(|tool| !["Bash", "mcp__assistant__reply"].contains(tool))
        .map(str::to_owned)
        .collect();
    unbroken("tools used that nobody offered", &others)
}
