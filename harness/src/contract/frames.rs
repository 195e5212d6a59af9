//! What scripts ask about the lines of the program.

use std::fmt;
use std::ops::Deref;

use anyhow::{Context, ensure};
use serde_json::Value;

/// Some lines of the program, in order.
#[derive(Debug, Clone, Default)]
pub struct Frames(pub(super) Vec<Value>);

impl Deref for Frames {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl Frames {
    /// The frames that `wanted` accepts.
    pub fn all(&self, wanted: impl Fn(&Value) -> bool) -> Vec<&Value> {
        self.0.iter().filter(|frame| wanted(frame)).collect()
    }

    /// The one frame that `wanted` accepts.
    pub fn one(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<&Value> {
        let found = self.all(wanted);
        ensure!(found.len() == 1, "find one {what} among {self}: there are {}", found.len());
        Ok(found[0])
    }

    /// Fails if there is a frame that `unwanted` accepts.
    pub fn none(&self, what: &str, unwanted: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
        ensure!(!self.0.iter().any(unwanted), "find no {what} among {self}");
        Ok(())
    }

    /// Where the one frame stands that `wanted` accepts.
    pub fn place(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<usize> {
        self.one(what, &wanted)?;
        self.0.iter().position(wanted).context("find it again")
    }

    /// The last frame.
    pub fn last(&self) -> &Value {
        self.0.last().unwrap_or(&Value::Null)
    }

    /// Everything here, then everything there.
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// The states that the program told of one message, in order.
    pub fn lifecycle(&self, uuid: &str) -> Vec<&str> {
        let told = self.0.iter().filter(|frame| is_lifecycle(frame, uuid));
        told.filter_map(|frame| frame["state"].as_str()).collect()
    }
}

impl fmt::Display for Frames {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.0.iter().map(kind).collect();
        write!(out, "[{}]", kinds.join(", "))
    }
}

/// What a line is: its type and what inside decides about its other fields, as
/// `control_request/can_use_tool` or `assistant/text`.
pub fn kind(frame: &Value) -> String {
    let parts = [
        &frame["type"],
        &frame["subtype"],
        &frame["request"]["subtype"],
        &frame["request"]["message"]["method"],
        &frame["request"]["input"]["hook_event_name"],
        &frame["response"]["subtype"],
        &frame["message"]["content"][0]["type"],
    ];
    parts.iter().filter_map(|part| part.as_str()).collect::<Vec<_>>().join("/")
}

pub(super) fn is_result(frame: &Value) -> bool {
    frame["type"] == "result"
}

pub(super) fn is_init(frame: &Value) -> bool {
    frame["type"] == "system" && frame["subtype"] == "init"
}

pub(super) fn is_assistant(frame: &Value) -> bool {
    frame["type"] == "assistant"
}

pub(super) fn is_tool_use(frame: &Value) -> bool {
    is_assistant(frame) && frame["message"]["content"][0]["type"] == "tool_use"
}

pub(super) fn is_tool_result(frame: &Value) -> bool {
    frame["type"] == "user" && frame["message"]["content"][0]["type"] == "tool_result"
}

/// A request of the program of that subtype.
pub(super) fn asks(frame: &Value, subtype: &str) -> bool {
    frame["type"] == "control_request" && frame["request"]["subtype"] == subtype
}

/// A question of a hook of that event.
pub(super) fn asks_hook(frame: &Value, event: &str) -> bool {
    asks(frame, "hook_callback") && frame["request"]["input"]["hook_event_name"] == event
}

/// A call of the host's tool server.
pub(super) fn asks_server(frame: &Value, method: &str) -> bool {
    asks(frame, "mcp_message") && frame["request"]["message"]["method"] == method
}

/// The answer to the host's request with this id.
pub(super) fn answers(frame: &Value, id: &str) -> bool {
    frame["type"] == "control_response" && frame["response"]["request_id"] == id
}

/// A word about what becomes of a message.
pub(super) fn is_lifecycle(frame: &Value, uuid: &str) -> bool {
    frame["type"] == "command_lifecycle" && frame["command_uuid"] == uuid
}

/// The withdrawal of a request of the program.
pub(super) fn withdraws(frame: &Value, id: &Value) -> bool {
    frame["type"] == "control_cancel_request" && frame["request_id"] == *id
}

/// The ids of the messages that a result answers.
pub(super) fn answered(result: &Value) -> Vec<&str> {
    let listed = result["user_message_uuids"].as_array().into_iter().flatten();
    listed.filter_map(Value::as_str).collect()
}

/// The content of a tool's result, as text.
pub(super) fn tool_text(frame: &Value) -> String {
    let content = &frame["message"]["content"][0]["content"];
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<&str> =
                blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

/// Fails unless `found` is `wanted`.
pub(super) fn same<T: fmt::Debug + PartialEq>(
    what: &str,
    found: &T,
    wanted: &T,
) -> anyhow::Result<()> {
    ensure!(found == wanted, "see {wanted:?} as {what}: it was {found:?}");
    Ok(())
}

/// Fails unless the field at `pointer` is `wanted`.
pub(super) fn field(frame: &Value, pointer: &str, wanted: impl Into<Value>) -> anyhow::Result<()> {
    let wanted = wanted.into();
    let found = frame.pointer(pointer).unwrap_or(&Value::Null);
    ensure!(*found == wanted, "see {wanted} at {pointer} of {}: it was {found}", kind(frame));
    Ok(())
}
