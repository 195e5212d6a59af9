//! What a second run of the agent knows of the first.

use super::super::Options;
use super::host::{check_with, play};
use crate::memory::Memory;
use crate::model::Entry;

const ID: &str = "7a1c1f9e-3c59-4b63-9d43-0d3a1a4d2c11";

fn first(memory: &Memory) -> Options {
    let memory = memory.clone();
    Options { session_id: Some(ID.to_owned()), memory, ..Options::default() }
}

fn second(memory: &Memory) -> Options {
    Options { resume: Some(ID.to_owned()), memory: memory.clone(), ..Options::default() }
}

#[test]
fn a_resumed_session_recalls() {
    let memory = Memory::default();
    remember(&memory, "init\na: one\nb: two");
    check_with(
        second(&memory),
        "c: recall",
        "c: recall
         running | c queued | c started | init[c] | uses mcp__assistant__reply
         | replies \"I remember: one | two\" | back \"sent\" | says \"Done.\"
         | RESULT completed \"Done.\" [c] 2 rounds | c completed | idle",
    );
}

#[test]
fn a_prompt_is_remembered_though_the_agent_is_killed_in_its_turn() {
    let memory = Memory::default();
    remember(&memory, "init\na: hang");
    check_with(
        second(&memory),
        "a: recall",
        "a: recall
         running | a queued | a started | init[a] | uses mcp__assistant__reply
         | replies \"I remember: hang\" | back \"sent\" | says \"Done.\"
         | RESULT completed \"Done.\" [a] 2 rounds | a completed | idle",
    );
}

#[test]
fn a_repeated_id_is_dropped_after_a_kill_in_mid_tool() {
    let memory = Memory::default();
    remember(&memory, "init\na: tool: sleep 9");
    check_with(second(&memory), "a: again", "a: again\na completed | idle");
}

#[test]
fn an_unknown_session_gets_a_result_instead_of_an_answer() {
    check_with(
        second(&Memory::default()),
        "init",
        &format!(
            "init
             stderr: No conversation found with session ID: {ID} | RESULT! - \"-\" [] 0 rounds
             | exit 1"
        ),
    );
}

#[test]
fn an_id_in_use_is_refused() {
    let memory = Memory::default();
    remember(&memory, "init\na: one");
    let mut agent = super::super::Agent::new(first(&memory));
    let said: Vec<_> = std::iter::from_fn(|| agent.poll_action()).collect();
    assert_eq!(format!("{said:?}").matches("is already in use").count(), 1, "{said:?}");
}

#[test]
fn a_torn_last_line_on_disk_is_skipped() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let memory = Memory::on_disk(dir.path(), "/some where".as_ref());
    let prompt = Entry::Prompt { uuids: Vec::new(), text: "one".to_owned() };
    memory.append(ID, &prompt).expect("the entry is written");
    let path = memory.path(ID);
    assert!(path.ends_with(format!("projects/-some-where/{ID}.jsonl")), "{}", path.display());
    let mut text = std::fs::read_to_string(&path).expect("the file is there");
    text.push_str("{\"type\":\"pro");
    std::fs::write(&path, text).expect("the file is torn");
    let elsewhere = Memory::on_disk(dir.path(), "/other".as_ref());
    assert_eq!(elsewhere.load(ID), Some(vec![prompt.clone()]));
    elsewhere.append(ID, &Entry::Cut).expect("the entry is written");
    assert_eq!(memory.load(ID), Some(vec![prompt, Entry::Cut]));
    assert_eq!(memory.load("unknown"), None);
}

/// Plays a first run and drops it, as a kill does.
fn remember(memory: &Memory, script: &str) {
    play(first(memory), script);
}
