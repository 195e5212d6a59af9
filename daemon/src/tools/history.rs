//! `history`: what was said in this chat, both ways.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Reach};
use crate::store::{HistoryEntry, HistoryPlace};

pub(super) const NAME: &str = "history";

/// Messages told if the agent does not say how many.
const LIMIT_DEFAULT: u32 = 20;

/// More would crowd the agent's memory.
const LIMIT_MAX: u32 = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    before: Option<String>,
}

pub(super) fn description() -> Value {
    json!({
        "name": NAME,
        "description": "Earlier messages of this chat, yours included, oldest first.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "limit": {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX},
                "before": {
                    "type": "string",
                    "description": "Only messages before this one: its `place`.",
                },
            },
            "additionalProperties": false,
        },
    })
}

pub(super) async fn carry_out(reach: &Reach, arguments: &Value) -> Outcome {
    let arguments = match arguments {
        Value::Null => &json!({}),
        given => given,
    };
    let Arguments { limit, before } = match Arguments::deserialize(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return Outcome::refused(error.to_string()),
    };
    let limit = limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let before: Option<HistoryPlace> = match before.map(|place| place.parse()).transpose() {
        Ok(before) => before,
        Err(error) => return Outcome::refused(error.to_string()),
    };
    match reach.store.history(reach.chat.clone(), limit, before).await {
        Ok(entries) if entries.is_empty() => Outcome::done("no messages"),
        Ok(entries) => Outcome::done(entries.iter().map(told).collect::<Vec<_>>().join("\n")),
        Err(failure) => Outcome::refused(format!("history unavailable: {failure}")),
    }
}

/// One JSON object a line: whatever a text holds, it cannot pass for a second message.
fn told(entry: &HistoryEntry) -> String {
    let at = jiff::Timestamp::from_millisecond(entry.place.at().0).unwrap_or_default();
    json!({
        "place": entry.place.to_string(),
        "at": at.to_string(),
        "from": entry.sender.as_deref().unwrap_or("you"),
        "text": entry.text,
    })
    .to_string()
}
