//! Messages as the real program sends them.

use serde_json::{Value, json};

use super::Asked;
use crate::model::Entry;

/// The entries in short: `prompt "..."`, `folded "..."`, and so on.
#[track_caller]
fn check(messages: &Value, expected: &[&str]) {
    let asked = Asked::read(&json!({ "model": "m", "messages": messages })).expect("it is read");
    let short = |entry: &Entry| match entry {
        Entry::Prompt { text, .. } => format!("prompt {text:?}"),
        Entry::Folded { text } => format!("folded {text:?}"),
        Entry::Feedback { text } => format!("feedback {text:?}"),
        Entry::Said { text } => format!("said {text:?}"),
        Entry::Called { id, name, .. } => format!("called {id} {name}"),
        Entry::Returned { id, text, is_error } => format!("returned {id} {text:?} {is_error}"),
        Entry::Cut => "cut".to_owned(),
        Entry::Failed => "failed".to_owned(),
    };
    let entries: Vec<String> = asked.conversation.iter().map(short).collect();
    assert_eq!(entries, expected);
}

#[test]
fn a_turn_with_a_tool_is_read() {
    check(
        &json!([
            { "role": "user", "content": [
                { "type": "text", "text": "<system-reminder>\nx\n</system-reminder>" },
                { "type": "text", "text": "hi" },
            ] },
            { "role": "system", "content": "# Environment" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "" }, { "type": "text", "text": "Running." },
                { "type": "tool_use", "id": "t", "name": "Bash", "input": {} },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t", "content": "x", "is_error": true },
            ] },
        ]),
        &["prompt \"hi\\n\"", "said \"Running.\"", "called t Bash", "returned t \"x\" true"],
    );
}

#[test]
fn several_folded_messages_stand_in_one_text() {
    let folded = |text: &str| {
        format!(
            "The user sent a new message while you were working:\n{text}\n\n\
             This is how Claude Code surfaces them."
        )
    };
    let text = format!("{}\n\n{}", folded("one"), folded("two"));
    check(
        &json!([{ "role": "system", "content": [{ "type": "text", "text": text }] }]),
        &["folded \"one\"", "folded \"two\""],
    );
}

#[test]
fn a_failed_turn_stands_in_one_message_with_the_next() {
    let message = json!({ "role": "user", "content": [
        { "type": "text", "text": "failed\n" }, { "type": "text", "text": "next" },
    ] });
    check(&json!([message]), &["prompt \"failed\\n\"", "prompt \"next\\n\""]);
    let waited = json!({ "role": "user", "content": [
        { "type": "text", "text": "one" }, { "type": "text", "text": "two" },
    ] });
    check(&json!([waited]), &["prompt \"one\\ntwo\\n\""]);
}

#[test]
fn what_the_program_wrote_is_told_from_what_people_wrote() {
    check(
        &json!([
            { "role": "user", "content": "[Request interrupted by user]" },
            { "role": "user", "content": "Stop hook feedback:\nsay something" },
        ]),
        &["cut", "feedback \"say something\""],
    );
}
