//! What people write is text to the real program, whatever it looks like: no file is read for an
//! `@path`, no command is carried out for a `/command`.

use anyhow::{Context, ensure};
use harness::command::run_with_input;
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;

use super::conversation::TURN;
use crate::case::{Case, Definition, OWNER, unbroken};
use crate::views::{files_below, wait_echoes, wait_reply};

pub(super) const CASES: &[Definition] = &[Definition::real(
    "tier3::verbatim::paths_and_commands_stay_text",
    180,
    paths_and_commands_stay_text,
)];

fn paths_and_commands_stay_text(case: &mut Case) -> anyhow::Result<()> {
    let secret = format!("secret{:016x}", case.seed.next());
    let sandbox = &mut case.sandbox;
    let file = sandbox.root().join("secret.txt");
    fs::write(&file, format!("{secret}\n")).context("write a secret")?;
    sandbox.start()?;
    let texts: Vec<String> = [
        "the first one".to_owned(),
        format!("@{}", file.display()),
        format!("look at @{} please", file.display()),
        "@/etc/passwd".to_owned(),
        "/clear".to_owned(),
        "/cost".to_owned(),
        "/compact".to_owned(),
        "!ls".to_owned(),
        "#remember".to_owned(),
    ]
    .to_vec();
    for (sent, text) in texts.iter().enumerate() {
        sandbox.drop_message(OWNER, text)?;
        wait_echoes(sandbox, &texts[..=sent], TURN)?;
    }
    // `/clear` has cleared nothing.
    sandbox.drop_message(OWNER, "recall")?;
    let reply = wait_reply(sandbox, TURN, |reply| reply.text.starts_with("I remember"))?;
    ensure!(reply.text.contains("the first one"), "remember the beginning: {}", reply.text);

    ensure!(
        reads_what_is_named(case, &file, &secret)?,
        "see the program read a file at all, where nothing says that people wrote the text"
    );
    let sandbox = &mut case.sandbox;
    // Everything that went to the model stands in the program's own transcripts.
    let mut read = Vec::new();
    let mut transcripts = 0;
    for path in files_below(&sandbox.root().join("agent"))? {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        if path.extension().is_some_and(|end| end == "jsonl") && text.contains("the first one") {
            transcripts += 1;
        }
        if text.contains(&secret) || text.contains("root:x:0:0") {
            read.push(path.display().to_string());
        }
    }
    ensure!(transcripts == 1, "find the transcript of the program: {transcripts}");
    unbroken("contents of files that were only named", &read)
}

/// The other way round, with the program driven by hand: a line that is not said to come from
/// people makes it read the file, and the search that this case relies on finds that.
fn reads_what_is_named(case: &Case, file: &Path, secret: &str) -> anyhow::Result<bool> {
    let sandbox = &case.sandbox;
    let state = sandbox.root().join("by-hand");
    let mut program = sandbox.command_of(&case.settings.agent.program);
    program.envs(case.settings.agent.env.iter().map(|(name, value)| (name, value)));
    program.env("CLAUDE_CONFIG_DIR", &state).current_dir(sandbox.root().join("work"));
    program.args(["--output-format", "stream-json", "--verbose", "--input-format", "stream-json"]);
    let text = format!("@{}", file.display());
    let message = json!({"type": "user", "message": {"role": "user", "content": text},
                         "parent_tool_use_id": null, "session_id": "default"});
    let input = sandbox.root().join("by-hand.jsonl");
    fs::write(&input, format!("{message}\n")).context("write the input of the program")?;
    let input = File::open(&input).context("read the input of the program")?;
    let said = run_with_input(program, input, TURN)?;
    ensure!(said.status.success(), "run the program by hand: {}", said.stderr);
    let mut found = false;
    for path in files_below(&state)? {
        found |= String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(secret);
    }
    Ok(found)
}
