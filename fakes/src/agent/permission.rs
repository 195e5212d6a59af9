//! Whether a tool call may run: what the program lets pass, and what it asks the host about.

use std::path::Path;

use serde_json::{Value, json};

use super::asks::Ask;
use super::calls::REJECTED;
use super::{Agent, simulated};

/// A call that did not run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal<'a> {
    pub(super) text: &'a str,
    pub(super) source: &'a str,
    pub(super) reason_type: Option<&'a str>,
}

impl Agent {
    /// Runs the call, or asks first.
    pub(super) fn decide(&mut self) {
        let offered = self.offered();
        let Some(call) = self.call() else { return };
        let (name, input) = (call.name.clone(), call.input.clone());
        let (allows, asks) = (call.hook_allows, call.hook_asks);
        if !offered.contains(&name) {
            let text =
                format!("<tool_use_error>Error: No such tool available: {name}</tool_use_error>");
            self.finish_call(&json!(text), true, &json!(format!("Error: {text}")));
        } else if allows && !asks {
            call.decision = json!({
                "decision": "accept", "source": "hook", "reason_type": "hook",
            });
            self.run_call();
        } else if !asks && (self.is_allowed(&name) || self.needs_no_question(&name, &input)) {
            self.run_call();
        } else if self.options.permission_prompt && !self.stdin_ended {
            self.ask_permission(&name, &input);
        } else {
            let text = format!("Permission to use {name} has been denied.");
            let id = self.call().map(|call| call.id.clone());
            self.emit_message(json!({
                "type": "system", "subtype": "permission_denied", "tool_name": name,
                "tool_use_id": id, "message": text,
            }));
            let reason_type = Some("asyncAgent");
            self.refuse_call(&Refusal { text: &text, source: "config", reason_type });
        }
    }

    /// Whether the program itself lets a call pass.
    fn needs_no_question(&self, name: &str, input: &Value) -> bool {
        let path = input["file_path"].as_str().map(Path::new);
        match (name, self.options.permission_mode.as_str()) {
            (_, "bypassPermissions") => true,
            ("Write" | "Edit", "acceptEdits") => true,
            ("Bash", _) => simulated::is_read_only(input["command"].as_str().unwrap_or_default()),
            ("Read", _) => path.is_some_and(|path| path.starts_with(&self.options.cwd)),
            ("Task" | "Skill" | "ToolSearch", _) => true,
            _ => false,
        }
    }

    fn ask_permission(&mut self, name: &str, input: &Value) {
        let Some(call) = self.call() else { return };
        let id = call.id.clone();
        self.session_state("requires_action");
        let mut request = json!({
            "subtype": "can_use_tool", "tool_name": name, "display_name": name, "input": input,
            "permission_suggestions": [
                { "type": "setMode", "mode": "acceptEdits", "destination": "session" },
            ],
            "tool_use_id": id,
        });
        if let Some(description) = input["description"].as_str() {
            request["description"] = json!(description);
        }
        self.ask(Ask::Permission, &request);
    }

    /// The host's answer to the question for permission.
    pub(super) fn permission_answered(&mut self, answer: Result<Value, String>) {
        self.session_state("running");
        let refused = |text| Refusal { text, source: "config", reason_type: Some("other") };
        match answer {
            Err(error) => {
                let text = match error.as_str() {
                    stream if stream.ends_with("before response received") => {
                        format!("Tool permission request failed: AbortError: {stream}")
                    }
                    error => format!("Tool permission request failed: Error: {error}"),
                };
                self.refuse_call(&refused(&text));
            }
            Ok(answer) if answer["behavior"] == "allow" => {
                if !answer["updatedInput"].is_object() {
                    self.complain("an allow without updatedInput".to_owned());
                }
                let Some(call) = self.call() else { return };
                if answer["updatedInput"].is_object() {
                    call.input = answer["updatedInput"].clone();
                }
                call.decision = json!({ "decision": "accept", "source": "user_temporary" });
                self.run_call();
            }
            Ok(answer) if answer["behavior"] == "deny" => {
                let Some(message) = answer["message"].as_str() else {
                    self.complain("a deny without message".to_owned());
                    return;
                };
                if answer["interrupt"] == json!(true) {
                    self.note_denial();
                    self.reject_calls(REJECTED);
                    self.end_interrupted_tools();
                    return;
                }
                let refusal = Refusal { text: message, source: "user_reject", reason_type: None };
                self.refuse_call(&refusal);
            }
            Ok(_) => {
                self.complain(
                    "an answer to can_use_tool that is neither allow nor deny".to_owned(),
                );
                self.refuse_call(&refused("Tool permission request failed"));
            }
        }
    }

    /// Ends the call without running it.
    pub(super) fn refuse_call(&mut self, refusal: &Refusal<'_>) {
        self.note_denial();
        let mut decision = json!({ "decision": "reject", "source": refusal.source });
        if let Some(reason) = refusal.reason_type {
            decision["reason_type"] = json!(reason);
        }
        if let Some(call) = self.call() {
            call.decision = decision;
        }
        let text = refusal.text;
        self.finish_call(&json!(text), true, &json!(format!("Error: {text}")));
    }

    /// Notes the call as one that was not permitted.
    pub(super) fn note_denial(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        let Some(call) = turn.calls.front() else { return };
        turn.denials.push(json!({
            "tool_name": call.name, "tool_use_id": call.id, "tool_input": call.input,
        }));
    }
}
