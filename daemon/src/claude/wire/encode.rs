//! Lines to the program. Each function gives one line with its newline; serde writes the JSON, so
//! that no text of anybody can end a line or leave its string.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

/// A hook to register: the program calls us under `callback_id` whenever `event` happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hook {
    /// When.
    pub(crate) event: HookEvent,
    /// What the call will carry.
    pub(crate) callback_id: String,
    /// How long the program waits for the answer; 60 s unless said.
    pub(crate) timeout: Option<Duration>,
    /// What the program does without an answer.
    pub(crate) on_failure: OnFailure,
}

/// The events that we hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookEvent {
    /// A tool is about to be used, whatever rules or modes say.
    PreToolUse,
    /// The agent is about to end its turn.
    Stop,
}

/// What becomes of the matter if a hook fails or does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// It goes on as if there were no hook.
    Continue,
    /// It is refused (versions that report `hook_on_failure_supported`).
    Block,
}

/// The answer to a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HookAnswer {
    /// No opinion.
    Pass,
    /// `PreToolUse`: use the tool, without asking for permission.
    Allow,
    /// `PreToolUse`: ask for permission.
    Ask,
    /// `PreToolUse`: do not use it; the agent reads why.
    Deny(String),
    /// `Stop`: go on; the agent reads why.
    GoOn(String),
}

/// What an interrupt does with messages that wait for the running turn to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queued {
    /// They start right after it.
    Kept,
    /// They never run (capability `interrupt_cancel_queued_v1`).
    Cancelled,
}

/// The first line of a connection.
pub(crate) fn initialize(request_id: &str, hooks: &[Hook]) -> Vec<u8> {
    let of = |event| -> Vec<Value> {
        hooks.iter().filter(|hook| hook.event == event).map(matcher).collect()
    };
    let mut registered = serde_json::Map::new();
    for (name, event) in [("PreToolUse", HookEvent::PreToolUse), ("Stop", HookEvent::Stop)] {
        let matchers = of(event);
        if !matchers.is_empty() {
            registered.insert(name.to_owned(), matchers.into());
        }
    }
    let hooks = if registered.is_empty() { Value::Null } else { registered.into() };
    request(request_id, &json!({"subtype": "initialize", "hooks": hooks}))
}

fn matcher(hook: &Hook) -> Value {
    let mut matcher = json!({"matcher": null, "hookCallbackIds": [hook.callback_id]});
    if let Some(timeout) = hook.timeout {
        matcher["timeout"] = timeout.as_secs().max(1).into();
    }
    if hook.on_failure == OnFailure::Block {
        matcher["onFailure"] = "block".into();
    }
    matcher
}

/// A message. `uuid` must be fresh: the program drops a second message of the same one in silence.
/// `client_composed` keeps `/command` and `@path` in it plain text.
pub(crate) fn user(uuid: Uuid, text: &str) -> Vec<u8> {
    line(&json!({
        "type": "user",
        "message": {"role": "user", "content": text},
        "parent_tool_use_id": null,
        "session_id": "default",
        "uuid": uuid.to_string(),
        "client_composed": true,
    }))
}

/// Yes to a question for permission. `input` is what will run: the input of the question, whole.
pub(crate) fn allow(request_id: &str, input: &Value) -> Vec<u8> {
    answer(request_id, &json!({"behavior": "allow", "updatedInput": input}))
}

/// No to a question for permission; the agent reads `message`.
pub(crate) fn deny(request_id: &str, message: &str) -> Vec<u8> {
    answer(request_id, &json!({"behavior": "deny", "message": message}))
}

/// The answer to a hook.
pub(crate) fn hook_answer(request_id: &str, verdict: &HookAnswer) -> Vec<u8> {
    let before_tool = |decision: &str, reason: Option<&str>| {
        let mut output = json!({"hookEventName": "PreToolUse", "permissionDecision": decision});
        if let Some(reason) = reason {
            output["permissionDecisionReason"] = reason.into();
        }
        json!({"hookSpecificOutput": output})
    };
    let body = match verdict {
        HookAnswer::Pass => json!({}),
        HookAnswer::Allow => before_tool("allow", None),
        HookAnswer::Ask => before_tool("ask", None),
        HookAnswer::Deny(reason) => before_tool("deny", Some(reason)),
        HookAnswer::GoOn(reason) => json!({"decision": "block", "reason": reason}),
    };
    answer(request_id, &body)
}

/// The answer of one of our tool servers, a JSON-RPC response.
pub(crate) fn mcp_answer(request_id: &str, response: &Value) -> Vec<u8> {
    answer(request_id, &json!({"mcp_response": response}))
}

/// No answer to a request, because it is unknown or failed.
pub(crate) fn refuse(request_id: &str, error: &str) -> Vec<u8> {
    line(&json!({
        "type": "control_response",
        "response": {"subtype": "error", "request_id": request_id, "error": error},
    }))
}

/// Ends the running turn; an idle program answers too.
pub(crate) fn interrupt(request_id: &str, queued: Queued) -> Vec<u8> {
    let body = match queued {
        Queued::Kept => json!({"subtype": "interrupt"}),
        Queued::Cancelled => json!({"subtype": "interrupt", "cancel_queued": true}),
    };
    request(request_id, &body)
}

/// Ends a background task; an unknown one is answered with success too.
pub(crate) fn stop_task(request_id: &str, task_id: &str) -> Vec<u8> {
    request(request_id, &json!({"subtype": "stop_task", "task_id": task_id}))
}

fn request(request_id: &str, body: &Value) -> Vec<u8> {
    line(&json!({"type": "control_request", "request_id": request_id, "request": body}))
}

fn answer(request_id: &str, body: &Value) -> Vec<u8> {
    line(&json!({
        "type": "control_response",
        "response": {"subtype": "success", "request_id": request_id, "response": body},
    }))
}

fn line(value: &Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests;
