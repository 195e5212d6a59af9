//! The list itself, recordings, and the comparison; the scripts are tried on the stand-ins.

use std::collections::BTreeSet;
use std::path::Path;
use std::slice;
use std::time::Duration;

use serde_json::json;

use super::{ALL, Contract, Entry, Exit, Line, Recording, Signal, Transcript, compare};

#[test]
fn contracts_are_numbered_without_gaps_and_named_once() {
    let ids: Vec<&str> = ALL.iter().map(|contract| contract.id).collect();
    let wanted: Vec<String> = (1..=ALL.len()).map(|number| format!("C{number:02}")).collect();
    assert_eq!(ids, wanted);
    let titles: BTreeSet<&str> = ALL.iter().map(|contract| contract.title).collect();
    assert_eq!(titles.len(), ALL.len());
    assert_eq!(Contract::find("c07").map(|contract| contract.id), Some("C07"));
    assert!(Contract::find("C99").is_none());
}

fn transcript(said: &[serde_json::Value]) -> Transcript {
    let entries = [
        Entry::Start(vec!["--verbose".to_owned()]),
        Entry::In(json!({ "type": "user" })),
        Entry::InRaw("no JSON\n".to_owned()),
        Entry::Signal(Signal::Terminate),
        Entry::Close,
    ];
    let said = said.iter().cloned().map(Entry::Out);
    let entries = entries.into_iter().chain(said).chain([Entry::Exit(Exit::code(0))]);
    let line = |entry| Line::new(0, Duration::from_millis(5), entry);
    Transcript { lines: entries.map(line).collect() }
}

#[test]
fn a_recording_reads_back_without_what_belongs_to_the_machine() {
    let long = "x".repeat(300);
    let said = json!({
        "type": "system", "cwd": "/tmp/a.b/work", "file": "/tmp/a.b/p/-tmp-a-b-work", "pid": 77, "at": "http://127.0.0.1:4242/v1",
        "commands": [1, 2, 3], "text": long,
    });
    let made =
        Recording::of(&ALL[0], &transcript(&[said]), ("claude", "2.1.330"), Path::new("/tmp/a.b"));
    let text = made.write();
    assert_eq!(Recording::parse(&text).expect("what was written is read"), made);
    let Some(Entry::Out(said)) = made.transcript.lines.iter().rev().nth(1).map(|l| &l.entry) else {
        panic!("a line was said")
    };
    let wanted = json!({
        "type": "system", "cwd": "<home>/work", "file": "<home>/p/-home--work", "pid": 1, "at": "http://127.0.0.1:<port>/v1",
        "commands": [1], "text": format!("{}<trimmed>", "x".repeat(200)),
    });
    assert_eq!(*said, wanted);
}

#[test]
fn a_line_that_is_none_of_a_recording_is_named() {
    let told = |text: &str| Recording::parse(text).expect_err("it is none").to_string();
    assert_eq!(told(""), "read a recording: it is empty");
    let text = Recording::of(&ALL[0], &Transcript::default(), ("a", "b"), Path::new("/h")).write();
    assert!(
        told(&format!("{text}{{}}\n")).starts_with("read line 2 of a recording: missing field")
    );
}

#[track_caller]
fn check(one: &[serde_json::Value], other: &[serde_json::Value], wanted: &[&str]) {
    let found = compare("C01", ("fake", &transcript(one)), ("real", &transcript(other)));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, wanted);
}

#[test]
fn only_what_a_host_relies_on_is_compared() {
    let result =
        json!({ "type": "result", "subtype": "success", "is_error": false, "result": "a" });
    let worded = json!({ "type": "result", "subtype": "success", "is_error": false, "result": "b",
        "ttft_ms": 3 });
    let state = json!({ "type": "system", "subtype": "session_state_changed", "state": "idle" });
    let more = json!({ "type": "system", "subtype": "notification" });
    check(slice::from_ref(&result), slice::from_ref(&worded), &[]);
    check(&[result.clone(), state.clone()], &[state, more, worded], &[]);
}

#[test]
fn another_line_another_field_and_another_state_are_drift() {
    let result =
        json!({ "type": "result", "subtype": "success", "is_error": false, "result": "a" });
    let bad = json!({ "type": "result", "subtype": "success", "is_error": true, "result": 1 });
    let user = json!({ "type": "user", "message": { "content": [{ "type": "text" }] } });
    check(
        slice::from_ref(&result),
        &[bad],
        &[
            "C01 run 1, conversation: line 1 (result/success) /is_error: fake has false, real has \
             true",
            "C01 run 1, conversation: line 1 (result/success) /result: fake has a string, real has \
             a number",
        ],
    );
    check(
        &[user, result.clone()],
        &[result],
        &["C01 run 1, conversation: line 1: fake says user/text, real says result/success"],
    );
}
