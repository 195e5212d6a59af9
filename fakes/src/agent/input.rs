//! What comes in on stdin: lines, sorted by type; what the program cannot read ends it.

use serde_json::{Value, json};

use super::queue::Told;
use super::{Agent, Exit, Priority};

impl Agent {
    /// Takes one line.
    pub(super) fn hear(&mut self, line: &str) {
        if let Some(refusal) = self.refusal.take() {
            self.refuse(&refusal);
            return;
        }
        if line.trim().is_empty() {
            return;
        }
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            let chars = line.chars().count();
            self.fatal(format!(
                "Error parsing streaming input line (type=unknown, {chars} chars): SyntaxError"
            ));
            return;
        };
        match line["type"].as_str() {
            Some("user") => self.hear_user(&line),
            Some("control_request") if line["request"].is_object() => self.hear_request(&line),
            Some("control_request") => {
                self.fatal("Error: Missing request on control_request".to_owned());
            }
            Some("control_response") => self.hear_answer(&line["response"]),
            Some("control_cancel_request" | "keep_alive" | "update_environment_variables") => {}
            kind => self.complain(format!("a line of type {kind:?}")),
        }
    }

    /// The end of stdin: what waits for the host fails, what runs goes on.
    pub(super) fn hear_end(&mut self) {
        self.stdin_ended = true;
        if let Some(refusal) = self.refusal.take() {
            self.refuse(&refusal);
            return;
        }
        self.opening = None;
        self.fail_asks();
    }

    /// An input that the program does not survive.
    fn fatal(&mut self, message: String) {
        self.outlet.complain(message);
        self.leave(Exit::code(1));
    }

    /// A session that cannot be resumed: a result stands where the first answer would.
    fn refuse(&mut self, refusal: &str) {
        self.outlet.complain(refusal.to_owned());
        self.emit_message(json!({
            "type": "result", "subtype": "error_during_execution", "is_error": true,
            "duration_ms": 0, "duration_api_ms": 0, "num_turns": 0, "stop_reason": null,
            "total_cost_usd": 0, "usage": super::frames::usage(0), "modelUsage": {},
            "permission_denials": [], "errors": [refusal], "result_index": 0,
        }));
        self.leave(Exit::code(1));
    }

    fn hear_user(&mut self, line: &Value) {
        let role = line["message"]["role"].as_str();
        if role != Some("user") {
            let got = role.unwrap_or("undefined");
            self.fatal(format!("Error: Expected message role 'user', got '{got}'"));
            return;
        }
        if line["client_composed"] != json!(true) {
            self.complain("a user line without client_composed".to_owned());
        }
        let Some(text) = text_of(&line["message"]["content"]) else {
            self.complain("a user line whose content is neither text nor blocks".to_owned());
            return;
        };
        let uuid = line["uuid"].as_str().map(str::to_owned);
        if uuid.as_deref().is_some_and(|uuid| uuid::Uuid::parse_str(uuid).is_err()) {
            self.complain("a user line whose uuid is none".to_owned());
        }
        let priority = match line["priority"].as_str() {
            Some("now") => Priority::Now,
            Some("later") => Priority::Later,
            _ => Priority::Next,
        };
        if !self.gone && !self.is_repeated(uuid.as_deref()) {
            self.take_message(Told { uuid, text, priority });
        }
    }

    /// Whether a message with this id was taken before; if so, says what the program says then.
    fn is_repeated(&mut self, uuid: Option<&str>) -> bool {
        let Some(uuid) = uuid else { return false };
        let running = self.turn.as_ref().is_some_and(|turn| turn.covers(uuid));
        let recalled = self.recalled.contains(uuid);
        if !running && !recalled && !self.known.contains(uuid) && !self.queue.has(uuid) {
            return false;
        }
        if recalled {
            self.lifecycle(uuid, "completed");
        }
        self.tell_idle();
        true
    }

    fn take_message(&mut self, told: Told) {
        if self.turn.is_none() && self.queue.is_empty() {
            self.session_state("running");
        }
        if let Some(uuid) = &told.uuid {
            self.lifecycle(uuid, "queued");
        }
        let now = told.priority == Priority::Now;
        self.queue.push(told);
        if now {
            self.cut_for_urgent();
        }
    }
}

/// The text of a message: a string, or the text blocks joined by newlines.
fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(blocks) => {
            let texts: Vec<&str> =
                blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            Some(texts.join("\n"))
        }
        _ => None,
    }
}
