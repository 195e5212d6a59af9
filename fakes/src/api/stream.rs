//! The answer as the API sends it: whole, or as server-sent events with pauses between them.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::Stream;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::model::{Answer, Block, Pace};

/// A text comes in deltas of at most this many characters, so that a client meets several.
const DELTA_CHARS_MAX: usize = 4096;

/// A connection is cut this long after the first piece of text, so that the client has read it.
const CUT_AFTER: Duration = Duration::from_millis(50);

/// An answer of the model with the ids of the API.
pub(super) struct Message {
    id: String,
    model: String,
    blocks: Vec<Value>,
    stop_reason: &'static str,
}

impl Message {
    /// Gives ids to an answer.
    pub(super) fn new(model: &str, answer: &Answer) -> Self {
        let blocks = answer.blocks.iter().map(|block| match block {
            Block::Text(text) => json!({ "type": "text", "text": text }),
            Block::Call { name, input } => json!({
                "type": "tool_use",
                "id": format!("toolu_{}", Uuid::new_v4().simple()),
                "name": name,
                "input": input,
            }),
        });
        Self {
            id: format!("msg_{}", Uuid::new_v4().simple()),
            model: model.to_owned(),
            blocks: blocks.collect(),
            stop_reason: if answer.calls_tool() { "tool_use" } else { "end_turn" },
        }
    }

    /// The message as one JSON body.
    pub(super) fn whole(&self) -> Value {
        let mut message = self.start();
        message["content"] = json!(self.blocks);
        message["stop_reason"] = json!(self.stop_reason);
        message
    }

    fn start(&self) -> Value {
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": {
                "input_tokens": 10, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": 1, "service_tier": "standard",
            },
        })
    }
}

/// One piece of the body: what to wait for, then what to send; an error cuts the connection.
struct Piece {
    after: Duration,
    body: io::Result<Bytes>,
}

/// The body of a streamed answer. `cut` breaks it off after the first piece of text.
pub(super) fn events(
    message: &Message,
    pace: Option<Pace>,
    cut: bool,
) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let mut pieces = VecDeque::new();
    push(&mut pieces, "message_start", json!({ "message": message.start() }));
    let mut index = 0;
    if let Some(pace) = pace {
        slow_text(&mut pieces, index, pace);
        index += 1;
    }
    if cut {
        block(&mut pieces, index, &json!({ "type": "text", "text": "cut o" }));
        pieces.pop_back();
        let broken = io::Error::new(io::ErrorKind::ConnectionReset, "cut on request");
        pieces.push_back(Piece { after: CUT_AFTER, body: Err(broken) });
    } else {
        for content in &message.blocks {
            block(&mut pieces, index, content);
            index += 1;
        }
        let delta = json!({ "stop_reason": message.stop_reason, "stop_sequence": null });
        let usage = json!({ "output_tokens": 5 });
        push(&mut pieces, "message_delta", json!({ "delta": delta, "usage": usage }));
        push(&mut pieces, "message_stop", json!({}));
    }
    futures_util::stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.pop_front()?;
        if !piece.after.is_zero() {
            tokio::time::sleep(piece.after).await;
        }
        Some((piece.body, pieces))
    })
}

fn push(pieces: &mut VecDeque<Piece>, name: &str, body: Value) {
    push_after(pieces, Duration::ZERO, name, body);
}

fn push_after(pieces: &mut VecDeque<Piece>, after: Duration, name: &str, mut body: Value) {
    body["type"] = json!(name);
    let body = Ok(Bytes::from(format!("event: {name}\ndata: {body}\n\n")));
    pieces.push_back(Piece { after, body });
}

fn slow_text(pieces: &mut VecDeque<Piece>, index: usize, pace: Pace) {
    let empty = json!({ "type": "text", "text": "" });
    push(pieces, "content_block_start", json!({ "index": index, "content_block": empty }));
    for chunk in 0..pace.chunks {
        let delta = json!({ "type": "text_delta", "text": format!("w{chunk} ") });
        push_after(
            pieces,
            Duration::from_millis(pace.chunk_ms),
            "content_block_delta",
            json!({ "index": index, "delta": delta }),
        );
    }
    push(pieces, "content_block_stop", json!({ "index": index }));
}

fn block(pieces: &mut VecDeque<Piece>, index: usize, content: &Value) {
    let (empty, deltas) = if content["type"] == "tool_use" {
        let mut empty = content.clone();
        empty["input"] = json!({});
        let input = content["input"].to_string();
        let deltas = parts(&input)
            .map(|part| json!({ "type": "input_json_delta", "partial_json": part }))
            .collect::<Vec<_>>();
        (empty, deltas)
    } else {
        let text = content["text"].as_str().unwrap_or_default();
        let deltas =
            parts(text).map(|part| json!({ "type": "text_delta", "text": part })).collect();
        (json!({ "type": "text", "text": "" }), deltas)
    };
    push(pieces, "content_block_start", json!({ "index": index, "content_block": empty }));
    for delta in deltas {
        push(pieces, "content_block_delta", json!({ "index": index, "delta": delta }));
    }
    push(pieces, "content_block_stop", json!({ "index": index }));
}

/// Cuts a text into deltas at character boundaries.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = rest.char_indices().nth(DELTA_CHARS_MAX).map_or(rest.len(), |(at, _)| at);
        let (part, after) = rest.split_at(at);
        rest = after;
        Some(part)
    })
}
