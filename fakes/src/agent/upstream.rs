//! Requests to the model, and what becomes of them when the API fails.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::frames::Ending;
use super::turn::Stage;
use super::{Agent, Timer};
use crate::model::{self, Answer, Entry, Fault};
use crate::scenario::What;

/// The first pause between two tries; each further one is twice as long.
const RETRY_FIRST: Duration = Duration::from_millis(600);
/// No pause is longer.
const RETRY_MAX: Duration = Duration::from_secs(38);

impl Agent {
    /// Asks the model for the next answer of the turn.
    pub(super) fn ask_model(&mut self) {
        let answer = model::answer(&self.conversation, &self.offered());
        let Some(turn) = &mut self.turn else { return };
        if let Some(most) = self.options.turns_max.filter(|most| *most <= turn.requests) {
            self.end_turn(&Ending {
                is_error: true,
                turns_max: Some(most),
                terminal_reason: Some("max_turns"),
                stop_reason: Some("tool_use"),
                ..Ending::default()
            });
            return;
        }
        turn.requests += 1;
        self.model_calls += 1;
        turn.message_id = format!("msg_{}", Uuid::new_v4().simple());
        turn.partial.clear();
        self.tell_requesting();
        if let Some(what) = self.outlet.api_fault(self.turns) {
            self.fail_by_scenario(&what);
            return;
        }
        match self.tally.strike("", &answer) {
            Some(Fault::Status { code, .. }) => self.api_failed(Some(code)),
            Some(Fault::Drop) => self.api_failed(None),
            Some(Fault::Hang) => self.stage(Stage::Hanging),
            None => self.start_answer(answer),
        }
    }

    pub(super) fn stage(&mut self, stage: Stage) {
        if let Some(turn) = &mut self.turn {
            turn.stage = stage;
        }
    }

    fn start_answer(&mut self, answer: Answer) {
        let Some(turn) = &mut self.turn else { return };
        turn.attempt = 0;
        self.stream_start();
        match answer.pace {
            Some(pace) if 0 < pace.chunks => {
                let chunk = Duration::from_millis(pace.chunk_ms);
                self.stream_block(&json!({ "type": "text", "text": "" }));
                self.stage(Stage::Streaming { left: pace.chunks, chunk, answer });
                self.timer(chunk, Timer::Chunk);
            }
            _ => self.deliver(&answer),
        }
    }

    /// One more piece of a slow text.
    pub(super) fn stream_chunk(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        let Stage::Streaming { left, chunk, answer } = &mut turn.stage else { return };
        let pace = answer.pace.map_or(0, |pace| pace.chunks);
        let piece = format!("w{} ", pace - *left);
        turn.partial.push_str(&piece);
        *left -= 1;
        if 0 < *left {
            let chunk = *chunk;
            self.timer(chunk, Timer::Chunk);
            self.stream_piece(&json!({ "type": "text_delta", "text": piece }));
            return;
        }
        let answer = answer.clone();
        let text = std::mem::take(&mut turn.partial);
        self.stream_piece(&json!({ "type": "text_delta", "text": piece }));
        self.finish_text(&text);
        self.deliver(&answer);
    }

    fn fail_by_scenario(&mut self, what: &What) {
        if *what == What::RateLimit {
            self.emit_message(json!({
                "type": "rate_limit_event",
                "rate_limit_info": {
                    "status": "rejected", "rateLimitType": "five_hour", "isUsingOverage": false,
                },
            }));
        }
        if let Some(turn) = &mut self.turn {
            // A scenario means the outcome, not the minutes of retries before it.
            turn.attempt = self.options.retries_max;
        }
        self.api_failed(what.api_status());
    }

    /// The API answered with an error status, or (`None`) cut the connection.
    fn api_failed(&mut self, status: Option<u16>) {
        let retried = status.is_none_or(|status| matches!(status, 401 | 429 | 500..));
        let max = self.options.retries_max;
        let Some(turn) = &mut self.turn else { return };
        if !retried || max <= turn.attempt {
            self.give_up(status);
            return;
        }
        let delay = (RETRY_FIRST * 2u32.saturating_pow(turn.attempt)).min(RETRY_MAX);
        turn.attempt += 1;
        let attempt = turn.attempt;
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let error = status.map_or("unknown", error_of);
        self.emit_message(json!({
            "type": "system", "subtype": "api_retry", "attempt": attempt, "max_retries": max,
            "retry_delay_ms": delay_ms, "error_status": status, "error": error,
        }));
        self.stage(Stage::Retrying);
        self.timer(delay, Timer::Retry);
    }

    /// The last try failed: a synthetic message of the assistant and an error result.
    fn give_up(&mut self, status: Option<u16>) {
        let text = self.prose(status);
        let kind = status.map_or("connection_error", type_of);
        let mut line = json!({
            "type": "assistant",
            "message": {
                "id": Uuid::new_v4().to_string(), "type": "message", "role": "assistant",
                "model": "<synthetic>", "content": [{ "type": "text", "text": text }],
                "stop_reason": "stop_sequence", "stop_sequence": "",
                "usage": super::frames::usage(0),
            },
            "parent_tool_use_id": null,
            "error": status.map_or("server_error", error_of),
            "is_api_error_message": true, "api_error_status": status,
        });
        line["api_error_type"] = json!(kind);
        if status.is_none() {
            line["api_error"] = json!("connection_failed");
        }
        self.stamp(&mut line);
        self.emit_message(line);
        self.remember(Entry::Failed);
        self.end_turn(&Ending {
            is_error: true,
            cancelled: true,
            terminal_reason: Some(if status == Some(413) { "image_error" } else { "api_error" }),
            stop_reason: Some("stop_sequence"),
            text,
            api_error: status.map(|status| (status, kind)),
            ..Ending::default()
        });
    }

    fn prose(&self, status: Option<u16>) -> String {
        let Some(status) = status else {
            return "API Error: Connection dropped (ECONNRESET). Check your network.".to_owned();
        };
        match status {
            401 => "Invalid API key · Fix external API key".to_owned(),
            403 => "Failed to authenticate. API Error: 403 error 403".to_owned(),
            404 => format!(
                "There's an issue with the selected model ({}). It may not exist or you may not \
                 have access to it.",
                self.options.model
            ),
            429 => "API Error: Request rejected (429) · error 429".to_owned(),
            500.. => format!(
                "API Error: {status} error {status}. This is a server-side issue, usually \
                 temporary — try again in a moment."
            ),
            _ => format!("API Error: {status} error {status}"),
        }
    }

    /// Gives up waiting for the model; returns what it had said so far.
    pub(super) fn abandon_request(&mut self) -> Option<String> {
        self.cancel_timer(&Timer::Chunk);
        self.cancel_timer(&Timer::Retry);
        let turn = self.turn.as_mut()?;
        let text = std::mem::take(&mut turn.partial);
        if text.is_empty() {
            return None;
        }
        let id = turn.message_id.clone();
        self.remember(Entry::Said { text: text.clone() });
        self.emit_assistant(
            &id,
            &json!({ "type": "text", "text": text }),
            &json!({ "aborted": true }),
        );
        Some(text)
    }
}

/// The program's word for a status.
fn error_of(status: u16) -> &'static str {
    match status {
        401 | 403 => "authentication_failed",
        429 => "rate_limit",
        404 => "model_not_found",
        413 => "invalid_request",
        500.. => "server_error",
        _ => "unknown",
    }
}

/// The API's word for a status.
fn type_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}
