//! Errors of the API, met by the real program: what was asked waits until the API is well again,
//! and is answered then. Nothing is lost, and nobody else is held up.

use anyhow::{Context, ensure};
use harness::sandbox::Sandbox;

use super::conversation::TURN;
use crate::case::{ADMINS, Case, Definition, unbroken};
use crate::views::{count, delivered_twice_unmarked, registry, wait_reply, wait_settled};

pub(super) const CASES: &[Definition] = &[Definition::real(
    "tier3::errors::messages_outlive_every_error_of_the_api",
    90,
    messages_outlive_every_error_of_the_api,
)];

/// What the API does instead of answering, and whether the turn has to fail of it.
const TROUBLE: [(&str, Fails); 5] = [
    ("error 401 x1", Fails::Certainly),
    ("error 429 x1", Fails::Certainly),
    ("error 500 x1", Fails::Certainly),
    ("error 529 x1", Fails::Certainly),
    // The program may ask once more by itself, without a stream.
    ("drop", Fails::Maybe),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fails {
    Certainly,
    Maybe,
}

fn messages_outlive_every_error_of_the_api(case: &mut Case) -> anyhow::Result<()> {
    // No patience of the program's own: every error reaches the daemon.
    for (name, value) in &mut case.settings.agent.env {
        if name == "CLAUDE_CODE_MAX_RETRIES" {
            "0".clone_into(value);
        }
    }
    let sandbox = &mut case.sandbox;
    sandbox.write_config(&case.settings)?;
    sandbox.start()?;
    // A chat for each, and one that has no trouble.
    let (calm, troubled) = ADMINS[..=TROUBLE.len()].split_last().context("find the contacts")?;
    for (handle, (trouble, _)) in troubled.iter().zip(TROUBLE) {
        sandbox.drop_message(handle, &format!("{trouble} and then well"))?;
    }
    sandbox.drop_message(calm, "no trouble")?;
    wait_reply(sandbox, TURN, |reply| reply.text.contains("no trouble"))?;
    for (handle, (trouble, fails)) in troubled.iter().zip(TROUBLE) {
        let chat = format!("test:{handle}");
        let reply = wait_reply(sandbox, TURN, |reply| reply.chat == chat);
        let reply = reply.with_context(|| format!("answer after {trouble}"))?;
        ensure!(reply.text.contains(trouble), "answer what was asked: {}", reply.text);
        let failed = failed_turns(sandbox, handle)?;
        ensure!(fails == Fails::Maybe || failed == 1, "fail once of {trouble}: {failed}");
    }
    wait_settled(sandbox, TURN)?;
    let answered = count(sandbox, "answered")?;
    ensure!(answered == 1 + TROUBLE.len() as u64, "answer all: {answered}");
    let replies = sandbox.replies()?.len();
    ensure!(replies == 1 + TROUBLE.len(), "answer each once: {replies}");
    unbroken("rows delivered again unmarked", &delivered_twice_unmarked(sandbox)?)
}

/// Turns of a chat that failed, by the transcript of its session.
fn failed_turns(sandbox: &Sandbox, handle: &str) -> anyhow::Result<usize> {
    let records = registry(sandbox)?;
    let chat = format!("test:{handle}");
    let record = records.iter().find(|record| record["chat"] == chat.as_str());
    let row = record.context("find the session")?["row"].as_i64().context("read its number")?;
    let path = sandbox.home().join(format!("transcripts/{row}.jsonl"));
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let turns = text.lines().filter(|line| line.contains(r#""event":"TURN""#));
    Ok(turns.filter(|line| line.contains(r#""failed":true"#)).count())
}
