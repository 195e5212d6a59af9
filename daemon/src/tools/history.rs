//! `history`: what was said in this chat, both ways.

use std::fmt::Write as _;

use assistant_core::limits::ATTACHMENTS_SHOWN_MAX;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Reach};
use crate::store::{HistoryEntry, HistoryPlace, HistoryState, OutgoingState, RowState, StoreError};

pub(super) const NAME: &str = "history";

/// Messages told if the agent does not say how many.
const LIMIT_DEFAULT: u32 = 20;

/// More would crowd the agent's memory.
const LIMIT_MAX: u32 = 200;

/// One text is told up to this length; what the agent reads stays in its memory.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// All messages told at once are no longer than this; the newest is told in any case.
const TOLD_BYTES_MAX: usize = 64 * 1024;

/// Pages read to find messages among what was refused in the same chat, which anybody can write to.
const PAGES_MAX: usize = 10;

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
    match read(reach, limit, before).await {
        Ok(entries) if entries.is_empty() => Outcome::done("no messages"),
        Ok(entries) => Outcome::done(told(&entries)),
        Err(failure) => Outcome::refused(format!("history unavailable: {failure}")),
    }
}

/// The last messages before a place that the session may know, oldest first.
async fn read(
    reach: &Reach,
    limit: u32,
    mut before: Option<HistoryPlace>,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let enough = limit as usize;
    let mut newest_first = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = reach.store.history(reach.chat.clone(), limit, before).await?;
        let is_last = page.len() < enough;
        before = page.first().map(|entry| entry.place);
        newest_first.extend(page.into_iter().rev().filter(is_of_the_conversation));
        if is_last || enough <= newest_first.len() {
            break;
        }
    }
    newest_first.truncate(enough);
    newest_first.reverse();
    Ok(newest_first)
}

/// What was refused or ignored reaches no agent, by this way neither; and what is still to be
/// delivered, or decided about, does not come before its time.
fn is_of_the_conversation(entry: &HistoryEntry) -> bool {
    match entry.state {
        HistoryState::In(RowState::Delivered | RowState::Answered | RowState::Failed) => true,
        HistoryState::In(RowState::Accepted | RowState::Refused | RowState::Ignored) => false,
        HistoryState::Out(_) => true,
    }
}

/// As many of the last ones as there is room for, one to a line.
fn told(entries: &[HistoryEntry]) -> String {
    let mut lines = Vec::new();
    let mut bytes = 0;
    for entry in entries.iter().rev() {
        let line = line(entry);
        bytes += line.len();
        if TOLD_BYTES_MAX < bytes && !lines.is_empty() {
            break;
        }
        lines.push(line);
    }
    lines.reverse();
    lines.join("\n")
}

/// One JSON object a line: whatever a text holds, it cannot pass for a second message.
fn line(entry: &HistoryEntry) -> String {
    let at = jiff::Timestamp::from_millisecond(entry.place.at().0).unwrap_or_default();
    let mut line = json!({
        "place": entry.place.to_string(),
        "at": at.to_string(),
        "from": entry.sender.as_deref().unwrap_or("you"),
        "text": cut(&entry.text),
    });
    if let Some(transcription) = &entry.transcription {
        line["transcription"] = cut(transcription).into();
    }
    if !entry.attachments.is_empty() {
        let paths = entry.attachments.iter().take(ATTACHMENTS_SHOWN_MAX).map(|one| &one.path);
        line["attachments"] = paths.cloned().collect();
    }
    if let HistoryState::Out(state) = entry.state
        && !matches!(state, OutgoingState::Sent | OutgoingState::Reconciled)
    {
        line["state"] = state.as_str().into();
    }
    escaped(&line.to_string())
}

fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    match text.len() - end {
        0 => text.to_owned(),
        left_out => format!("{}… ({left_out} bytes left out)", &text[..end]),
    }
}

/// The same JSON, with nothing in it that a reader could take for a line or a tag of its own, or
/// that changes the direction of what follows.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        let is_plain = !matches!(
            c,
            '<' | '\u{7f}'..='\u{9f}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        );
        if is_plain {
            escaped.push(c);
        } else {
            write!(escaped, "\\u{:04x}", u32::from(c))
                .expect("a string takes whatever it is given");
        }
    }
    escaped
}
