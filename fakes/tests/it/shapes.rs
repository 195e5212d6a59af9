//! Every frame the stand-in writes has only keys that the real program was recorded to write.

use std::collections::{BTreeMap, BTreeSet};

use fakes::agent::Options;
use serde_json::{Value, json};

use crate::host::Policy;
use crate::in_memory::{MemoryHost, start};

/// Recorded from version 2.1.330 with the stand-in of the Messages API behind it.
const RECORDINGS: [&str; 4] = [
    include_str!("../../recordings/turns.jsonl"),
    include_str!("../../recordings/faults.jsonl"),
    include_str!("../../recordings/hooks.jsonl"),
    include_str!("../../recordings/resume-unknown.jsonl"),
];

/// Below these keys stands what the model or the host wrote.
const FREE: [&str; 4] = ["input", "tool_input", "arguments", "modelUsage"];

type Shapes = BTreeMap<String, BTreeSet<String>>;

/// What a frame is: its type and the types inside that decide about its keys.
fn kind(frame: &Value) -> String {
    let content = &frame["message"]["content"][0]["type"];
    let parts = [
        &frame["type"],
        &frame["subtype"],
        &frame["request"]["subtype"],
        &frame["request"]["message"]["method"],
        &frame["request"]["input"]["hook_event_name"],
        content,
    ];
    parts.iter().filter_map(|part| part.as_str()).collect::<Vec<_>>().join("/")
}

fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = format!("{at}.{key}");
                let free = FREE.contains(&key.as_str()) && !at.ends_with("request");
                found.insert(path.clone());
                if !free {
                    paths(value, &path, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{at}[]"), found)),
        _ => {}
    }
}

fn shapes<'a>(frames: impl IntoIterator<Item = &'a Value>) -> Shapes {
    let mut shapes = Shapes::new();
    for frame in frames {
        paths(frame, "", shapes.entry(kind(frame)).or_default());
    }
    shapes
}

fn recorded() -> Shapes {
    let lines = RECORDINGS.iter().flat_map(|recording| recording.lines());
    let lines: Vec<Value> =
        lines.map(|line| serde_json::from_str(line).expect("a recording is JSON")).collect();
    let out = lines.iter().filter(|line| line["dir"] == "out");
    shapes(out.map(|line| &line["msg"]).collect::<Vec<_>>())
}

/// The same things happen as when the recordings were made.
async fn turns(host: &mut MemoryHost) {
    for text in ["hi", "tool: touch x", "tool: exit 3", "error 400", "error 500 x1", "drop"] {
        host.converse(text).await;
    }
    host.tell("tool: sleep 1; echo x").await;
    host.tell("mid").await;
    host.idle().await;
    host.tell("slow 10 50").await;
    host.until(|frame| frame["subtype"] == "init").await;
    host.tell_with("now", &json!({ "priority": "now" })).await;
    host.idle().await;
    host.converse("bg: sleep 1").await;
    host.until(|frame| frame["subtype"] == "task_notification").await;
    host.idle().await;
    host.tell("bg: sleep 99").await;
    let task = host.until(|frame| frame["subtype"] == "task_started").await;
    host.idle().await;
    host.ask(json!({ "subtype": "stop_task", "task_id": task["task_id"] })).await;
    for text in ["slow 30 50", "tool: sleep 99"] {
        host.tell(text).await;
        host.until(|frame| frame["type"] == "assistant" || frame["subtype"] == "init").await;
        host.ask(json!({ "subtype": "interrupt", "cancel_queued": true })).await;
        host.idle().await;
    }
    for request in [
        json!({ "subtype": "set_permission_mode", "mode": "acceptEdits" }),
        json!({ "subtype": "set_permission_mode", "mode": "rubbish" }),
        json!({ "subtype": "set_model", "model": "m" }),
        json!({ "subtype": "mcp_status" }),
        json!({ "subtype": "no_such_subtype" }),
    ] {
        host.ask(request).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_frame_has_a_key_that_was_not_recorded() {
    let deny = json!({ "hookSpecificOutput": {
        "hookEventName": "PreToolUse", "permissionDecision": "deny",
        "permissionDecisionReason": "no",
    } });
    let block = json!({ "decision": "block", "reason": "say something" });
    let policies = [
        Policy::default(),
        Policy {
            permission: Some(json!({ "behavior": "deny", "message": "no" })),
            ..Policy::default()
        },
        Policy {
            hooks: vec!["UserPromptSubmit", "PreToolUse", "Stop"],
            verdicts: vec![("Stop", block.clone())],
            ..Policy::default()
        },
        Policy {
            hooks: vec!["PreToolUse"],
            verdicts: vec![("PreToolUse", deny)],
            ..Policy::default()
        },
        Policy {
            hooks: vec!["UserPromptSubmit"],
            verdicts: vec![("UserPromptSubmit", block)],
            ..Policy::default()
        },
    ];
    let mut frames = Vec::new();
    for (at, policy) in policies.into_iter().enumerate() {
        let (mut host, _agents) = start(Options { strict: false, ..Options::default() }, policy);
        host.open().await;
        if at == 0 {
            turns(&mut host).await;
        } else {
            host.converse("hi").await;
            host.converse("tool: touch x").await;
        }
        frames.append(&mut host.frames);
    }
    let recorded = recorded();
    let mut strange = Vec::new();
    for (kind, keys) in shapes(&frames) {
        match recorded.get(&kind) {
            None => strange.push(format!("{kind}: never recorded")),
            Some(known) => strange.extend(
                keys.difference(known).map(|key| format!("{kind}: {key} was not recorded")),
            ),
        }
    }
    assert!(strange.is_empty(), "{strange:#?}");
}
