//! Our own tools for an agent, served in process over its control channel as JSON-RPC.
//!
//! ```text
//! initialize, tools/list ──> answered at once
//! tools/call ──> reply ──> outbox ──> sender ──> "sent" | the reason | "queued, do not repeat"
//!           ├──> history ──> what this chat said
//!           └──> restart ──> launcher ──> its id
//! ```
//!
//! A tool acts on the session's own chat and no other. One file per tool. Absent: the wire (a
//! message is a JSON value here) and waiting in a reader: a call runs in a task of the session.

mod history;
mod reply;
mod restart;

use std::sync::Arc;

use assistant_core::access::Profile;
use assistant_core::chat::ChatId;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::restarts::Restarts;
use crate::store::{SessionRow, Store};

/// The tool that asks for a restart.
pub(crate) use restart::NAME as RESTART;

/// The version of the tool protocol that we speak if the program names none.
const PROTOCOL_VERSION: &str = "2025-11-25";

/// JSON-RPC: there is no such method.
const METHOD_NOT_FOUND: i64 = -32601;

/// What a tool may touch.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// The chat that the session belongs to.
    pub(crate) chat: ChatId,
    /// The session.
    pub(crate) session: SessionRow,
    /// What its agent is allowed.
    pub(crate) profile: Profile,
    /// Where texts and history stand.
    pub(crate) store: Store,
    /// Hints to the sender.
    pub(crate) queued: Arc<Notify>,
    /// Whom to ask for a restart.
    pub(crate) restarts: Restarts,
}

/// What a message from the program asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// This answer, at once.
    Answer(Value),
    /// A call that takes its time; its result belongs under this id.
    Call {
        /// The JSON-RPC id.
        id: Value,
        /// The call.
        call: Call,
    },
}

/// One use of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    tool: String,
    arguments: Value,
    tool_use: Option<String>,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    text: String,
    kind: OutcomeKind,
    /// The row of the outbox and its text, if it was sent, may have been, or will be. An agent
    /// whose text may have gone out is not to be told that it sent nothing.
    pub(crate) sent: Option<(i64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutcomeKind {
    Done,
    Refused,
}

impl Outcome {
    fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: OutcomeKind::Done, sent: None }
    }

    fn refused(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: OutcomeKind::Refused, sent: None }
    }

    /// As the program reads it.
    pub(crate) fn response(&self, id: &Value) -> Value {
        let is_error = self.kind == OutcomeKind::Refused;
        let content = json!([{"type": "text", "text": self.text}]);
        json!({"jsonrpc": "2.0", "id": id, "result": {"content": content, "isError": is_error}})
    }
}

/// Reads one JSON-RPC message of the program.
pub(crate) fn read(profile: Profile, message: &Value) -> Asked {
    let id = message.get("id").cloned();
    let parameter = |name: &str| message.pointer(&format!("/params/{name}"));
    let result = match message.get("method").and_then(Value::as_str) {
        Some("initialize") => json!({
            "protocolVersion": parameter("protocolVersion").cloned().unwrap_or(PROTOCOL_VERSION.into()),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "claude-assistant", "version": env!("CARGO_PKG_VERSION")},
        }),
        Some("tools/list") => json!({"tools": offered(profile)}),
        Some("ping") => json!({}),
        Some("tools/call") => {
            let call = Call {
                tool: parameter("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                arguments: parameter("arguments").cloned().unwrap_or_default(),
                tool_use: parameter("_meta")
                    .and_then(|meta| meta.get("claudecode/toolUseId")?.as_str().map(str::to_owned)),
            };
            return Asked::Call { id: id.unwrap_or_default(), call };
        }
        // Notifications need no answer of substance; the program waits for one all the same.
        _ if id.is_none() => return Asked::Answer(json!({"jsonrpc": "2.0", "result": {}})),
        _ => {
            let error = json!({"code": METHOD_NOT_FOUND, "message": "method not found"});
            return Asked::Answer(json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
    };
    Asked::Answer(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// The answer to a message for a server that we do not have.
pub(crate) fn no_such_server(message: &Value) -> Value {
    let error = json!({"code": METHOD_NOT_FOUND, "message": "no such server"});
    json!({"jsonrpc": "2.0", "id": message.get("id"), "error": error})
}

/// Carries a call out.
pub(crate) async fn carry_out(reach: &Reach, call: Call) -> Outcome {
    if !reach.profile.own_tools().contains(&call.tool.as_str()) {
        return Outcome::refused("there is no such tool");
    }
    match call.tool.as_str() {
        reply::NAME => reply::carry_out(reach, &call.arguments, call.tool_use).await,
        history::NAME => history::carry_out(reach, &call.arguments).await,
        restart::NAME => restart::carry_out(reach).await,
        _ => Outcome::refused("there is no such tool"),
    }
}

/// The tools a profile is offered. Marked to be loaded always: otherwise the model does not see
/// them at first.
fn offered(profile: Profile) -> Vec<Value> {
    let described = profile.own_tools().iter().filter_map(|&tool| match tool {
        reply::NAME => Some(reply::description(profile)),
        history::NAME => Some(history::description()),
        restart::NAME => Some(restart::description()),
        _ => None,
    });
    described
        .map(|mut tool| {
            tool["_meta"] = json!({"anthropic/alwaysLoad": true});
            tool
        })
        .collect()
}

#[cfg(test)]
mod tests;
