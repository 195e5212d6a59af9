//! What people write is text to the real program, whatever it looks like: no file is read for an
//! `@path`, no command is carried out for a `/command`.

use anyhow::{Context, ensure};
use std::fs;

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
