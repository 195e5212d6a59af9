//! What may stand where: no texts, names or numbers in a log; nothing of the home open to others.

use anyhow::{Context, ensure};
use harness::processes::signal;
use rustix::process::Signal;
use std::fs;

use crate::case::{ADMINS, Case, Definition, FAMILY, OWNER, SOON, STRANGER, unbroken};
use crate::views::{files_below, open_to_others, status, wait_echoes, wait_settled};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::privacy::no_log_holds_a_text_a_name_or_a_number",
        60,
        no_log_holds_a_text_a_name_or_a_number,
    )
    .beside_others(),
    Definition::fake(
        "tier2::privacy::nothing_of_the_home_is_open_to_others",
        30,
        nothing_of_the_home_is_open_to_others,
    ),
];

/// The ways that go well and those that do not, each with words that must not be told.
/// Incidents: 114.
fn no_log_holds_a_text_a_name_or_a_number(case: &mut Case) -> anyhow::Result<()> {
    let nonce = format!("znonce{:016x}", case.seed.next());
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    // The good way, and every bad one that is likely to be logged in a hurry.
    let first = format!("{nonce} one");
    sandbox.drop_message(OWNER, &first)?;
    sandbox.drop_message(STRANGER, &format!("{nonce} stranger"))?;
    sandbox.drop_message(FAMILY, &format!("{nonce} family"))?;
    sandbox.drop_file("bad", format!("{{\"from\": \"{OWNER}\", \"text\": {nonce}").as_bytes())?;
    wait_echoes(sandbox, std::slice::from_ref(&first), SOON)?;
    sandbox.cli(&["inject", &format!("test:{OWNER}"), &format!("{nonce} injected")], SOON)?;
    sandbox.cli(&["send", &format!("test:{OWNER}"), &format!("{nonce} sent")], SOON)?;
    sandbox.cli(&["kill-session", &nonce], SOON)?;
    kill_first_agent(case)?;
    let sandbox = &mut case.sandbox;
    let second = format!("{nonce} two");
    sandbox.drop_message(OWNER, &second)?;
    wait_echoes(sandbox, &[first, second], SOON)?;
    wait_settled(sandbox, SOON)?;
    sandbox.kill9()?;
    sandbox.start()?;
    sandbox.stop(SOON)?.context("see it end in time")?;

    let mut words = vec![nonce, "Zadminname".to_owned(), "Zfamilyname".to_owned()];
    // The digits alone: a log could drop the plus sign.
    let numbers = ADMINS.iter().chain([&FAMILY, &STRANGER]);
    words.extend(numbers.map(|number| number.trim_start_matches('+').to_owned()));
    let mut wrong = Vec::new();
    let mut logs: Vec<(String, String)> = vec![("stderr".to_owned(), sandbox.daemon_stderr())];
    for path in files_below(&sandbox.home().join("logs"))? {
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        logs.push((path.display().to_string(), text));
    }
    ensure!(logs.iter().any(|(_, text)| !text.is_empty()), "find a log at all");
    for (name, text) in &logs {
        for (number, line) in (1..).zip(text.lines()) {
            if words.iter().any(|word| line.contains(word.as_str())) {
                wrong.push(format!("{name}:{number}: {line}"));
            }
        }
    }
    unbroken("private words in a log", &wrong)
}

fn kill_first_agent(case: &Case) -> anyhow::Result<()> {
    let status = status(&case.sandbox)?;
    if let Some(pid) = status["sessions"][0]["agent_pid"].as_u64() {
        signal(u32::try_from(pid).context("read the agent's pid")?, Signal::KILL)?;
    }
    Ok(())
}

/// Socket, database, logs, transcripts, prompts: whatever there is after a conversation.
/// Incidents: 110.
fn nothing_of_the_home_is_open_to_others(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(sandbox, &["hello".to_owned()], SOON)?;
    let mut open = open_to_others(&sandbox.home())?;
    open.extend(open_to_others(&sandbox.messages_dir())?);
    unbroken("files and directories open to others", &open)
}
