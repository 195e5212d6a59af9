//! Lines to the program. Each function gives one line with its newline; serde writes the JSON, so
//! that no text of anybody can end a line or leave its string.

use serde_json::{Value, json};
use uuid::Uuid;

/// The answer to the hook at the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookAnswer<'a> {
    /// No opinion: the turn ends.
    Pass,
    /// The turn goes on; the agent reads why.
    GoOn(&'a str),
}

/// The first line of a connection. `stop_hook` is the id under which the program calls us whenever
/// the agent is about to end its turn; without one it does not call.
pub(crate) fn initialize(request_id: &str, stop_hook: Option<&str>) -> Vec<u8> {
    let hooks = stop_hook.map(|id| json!({"Stop": [{"matcher": null, "hookCallbackIds": [id]}]}));
    request(request_id, &json!({"subtype": "initialize", "hooks": hooks}))
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
pub(crate) fn hook_answer(request_id: &str, verdict: HookAnswer<'_>) -> Vec<u8> {
    let body = match verdict {
        HookAnswer::Pass => json!({}),
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

/// Ends the running turn, and takes back the messages that wait for its end (capability
/// `interrupt_cancel_queued_v1`; an older program keeps them). An idle program answers too.
pub(crate) fn interrupt(request_id: &str) -> Vec<u8> {
    request(request_id, &json!({"subtype": "interrupt", "cancel_queued": true}))
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
