//! The frames the agent writes, with the fields that were recorded as always there.

use serde_json::{Value, json};

use super::turn::Turn;
use super::{Agent, VERSION};
use crate::model::REPLY_TOOL;

/// What one request to the model is said to cost, in dollars.
const REQUEST_COST_USD: f64 = 0.000_14;
/// The tokens of one request, in and out.
const REQUEST_TOKENS: (u32, u32) = (10, 5);

/// The usage of a number of requests.
pub(super) fn usage(requests: u32) -> Value {
    json!({
        "input_tokens": REQUEST_TOKENS.0 * requests, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "output_tokens": REQUEST_TOKENS.1 * requests,
        "server_tool_use": { "web_search_requests": 0, "web_fetch_requests": 0 },
        "service_tier": "standard",
    })
}

/// How a turn ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending {
    /// `error_during_execution` instead of `success`.
    pub(super) interrupted: bool,
    pub(super) is_error: bool,
    /// What became of the messages that started it: `cancelled` instead of `completed`.
    pub(super) cancelled: bool,
    /// The limit that the turn has reached: `error_max_turns`.
    pub(super) turns_max: Option<u32>,
    /// What an interrupted turn tells instead of the usual diagnostic.
    pub(super) errors: Option<&'static str>,
    pub(super) terminal_reason: Option<&'static str>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) text: String,
    pub(super) api_error: Option<(u16, &'static str)>,
}

impl Agent {
    /// The body of the answer to `initialize`.
    pub(super) fn initialize_body(&self) -> Value {
        let mut account = json!({ "tokenSource": "none", "apiProvider": "firstParty" });
        if let Some(source) = &self.options.api_key_source {
            account["apiKeySource"] = json!(source);
        }
        json!({
            "commands": [], "agents": [], "output_style": "default",
            "available_output_styles": ["default"],
            "models": [{
                "value": "default", "resolvedModel": self.options.model,
                "displayName": "Default", "description": "Use the default model",
            }],
            "account": account,
            "pid": std::process::id(),
            "claude_code_version": VERSION,
            "current_permission_mode": self.options.permission_mode,
            "hook_on_failure_supported": true,
            "hooks_when_unanswered_kept": 0,
            "other_hook_ask_outranks_host": true,
            "session_state": if self.turn.is_some() { "running" } else { "idle" },
            "capabilities": ["mcp_call_check_permissions_v1"],
        })
    }

    /// The tools the model may call: the program's own and those of the host.
    pub(super) fn offered(&self) -> Vec<String> {
        let own = self.options.tools.iter();
        own.chain(self.servers.iter().filter_map(|server| server.tools.as_ref()).flatten())
            .cloned()
            .collect()
    }

    pub(super) fn servers_status(&self) -> Vec<Value> {
        let status = |ready| if ready { "connected" } else { "failed" };
        let servers = self.servers.iter();
        servers
            .map(|server| {
                json!({ "name": server.name, "status": status(server.ready), "source": "sdk" })
            })
            .collect()
    }

    /// `system/init`: the start of a turn.
    pub(super) fn emit_init(&mut self) {
        let uuids = self.turn.as_ref().map(|turn| turn.uuids.clone()).unwrap_or_default();
        let mut line = json!({
            "type": "system", "subtype": "init", "cwd": self.options.cwd,
            "tools": self.offered(), "mcp_servers": self.servers_status(),
            "model": self.options.model, "permissionMode": self.options.permission_mode,
            "slash_commands": [], "apiKeySource": self.options.api_key_source,
            "claude_code_version": VERSION, "output_style": "default", "agents": [],
            "skills": [], "plugins": [],
            "capabilities": [
                "interrupt_receipt_v1", "interrupt_cancel_queued_v1", "msg_lifecycle_v1",
            ],
        });
        if line["apiKeySource"].is_null() {
            line["apiKeySource"] = json!("none");
        }
        if !uuids.is_empty() {
            line["user_message_uuids"] = json!(uuids);
        }
        self.emit_message(line);
    }

    /// A frame about what the session does, if the host reads them.
    pub(super) fn session_state(&mut self, state: &str) {
        if self.options.session_state_frames {
            self.emit_message(json!({
                "type": "system", "subtype": "session_state_changed", "state": state,
                "sdk_host_only": true,
            }));
        }
    }

    /// Nothing is owed any more; work in the background does not count.
    pub(super) fn tell_idle(&mut self) {
        if self.turn.is_none() && self.queue.is_empty() && self.notices.is_empty() {
            self.session_state("idle");
        }
    }

    /// A frame about what becomes of a message.
    pub(super) fn lifecycle(&mut self, uuid: &str, state: &str) {
        self.emit_message(json!({
            "type": "command_lifecycle", "command_uuid": uuid, "state": state,
        }));
    }

    /// One block of the assistant. `extra` is merged into the line.
    pub(super) fn emit_assistant(&mut self, id: &str, block: &Value, extra: &Value) {
        let mut line = json!({
            "type": "assistant",
            "message": {
                "id": id, "type": "message", "role": "assistant", "model": self.options.model,
                "content": [block], "stop_reason": null, "stop_sequence": null,
                "usage": {
                    "input_tokens": 10, "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0, "output_tokens": 1,
                    "service_tier": "standard",
                },
            },
            "parent_tool_use_id": null,
        });
        merge(&mut line, extra);
        self.stamp(&mut line);
        self.emit_message(line);
    }

    /// Puts the ids of the turn's messages on its first assistant line.
    pub(super) fn stamp(&mut self, line: &mut Value) {
        if let Some(turn) = &mut self.turn
            && !turn.stamped
        {
            turn.stamped = true;
            if let Some(last) = turn.uuids.last() {
                line["user_message_uuid"] = json!(last);
                line["user_message_uuids"] = json!(turn.uuids);
            }
        }
    }

    /// A line of the user role that the program wrote itself.
    pub(super) fn emit_user_text(&mut self, text: &str, extra: &Value) {
        let mut line = json!({
            "type": "user",
            "message": { "role": "user", "content": [{ "type": "text", "text": text }] },
            "parent_tool_use_id": null,
        });
        merge(&mut line, extra);
        self.emit_message(line);
    }

    /// The one result of a turn.
    pub(super) fn emit_result(&mut self, turn: &Turn, ending: &Ending) {
        let taken = self.now.saturating_sub(turn.started).as_millis();
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        let mut line = json!({
            "type": "result", "is_error": ending.is_error, "duration_ms": taken,
            "duration_api_ms": taken, "num_turns": turn.rounds,
            "stop_reason": ending.stop_reason,
            "total_cost_usd": f64::from(self.model_calls) * REQUEST_COST_USD,
            "usage": usage(turn.requests),
            "modelUsage": {}, "permission_denials": turn.denials,
            "queued_turn_count": 0, "result_index": self.results,
        });
        if let Some(most) = ending.turns_max {
            line["subtype"] = json!("error_max_turns");
            line["errors"] = json!([format!("Reached maximum number of turns ({most})")]);
        } else if ending.interrupted {
            line["subtype"] = json!("error_during_execution");
            let reason = ending.stop_reason.unwrap_or("null");
            let usual = format!(
                "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason={reason}"
            );
            line["errors"] = json!([ending.errors.map_or(usual, str::to_owned)]);
        } else {
            line["subtype"] = json!("success");
            line["result"] = json!(ending.text);
            // A prompt that a hook kept from the model never came near the API.
            if ending.terminal_reason.is_some() {
                line["api_error_status"] = json!(ending.api_error.map(|(status, _)| status));
            }
        }
        if let Some((_, kind)) = ending.api_error {
            line["api_error_type"] = json!(kind);
        }
        if let Some(reason) = ending.terminal_reason {
            line["terminal_reason"] = json!(reason);
        }
        if let Some(last) = turn.uuids.last() {
            line["user_message_uuid"] = json!(last);
        }
        let uuids: Vec<&String> = turn.uuids.iter().chain(&turn.folded).collect();
        if !uuids.is_empty() {
            line["user_message_uuids"] = json!(uuids);
        }
        if let Some(origin) = &turn.origin {
            line["origin"] = origin.clone();
        }
        self.results += 1;
        self.emit_message(line);
    }

    /// Whether a tool needs no question, because it is always allowed.
    pub(super) fn is_allowed(&self, tool: &str) -> bool {
        self.options.allowed.iter().any(|allowed| allowed == tool || allowed == "*")
            || (tool == REPLY_TOOL && self.options.permission_mode == "bypassPermissions")
    }
}

/// Copies the keys of one object into another.
pub(super) fn merge(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}
