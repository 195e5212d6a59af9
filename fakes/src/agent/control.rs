//! What the host asks of the agent.

use serde_json::{Value, json};

use super::asks::Ask;
use super::hooks::Hooks;
use super::{Agent, Exit, VERSION};

/// The modes that `set_permission_mode` takes.
const MODES: [&str; 6] = ["acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "plan"];

impl Agent {
    /// Takes a `control_request`.
    pub(super) fn hear_request(&mut self, line: &Value) {
        let Some(id) = line["request_id"].as_str() else {
            self.complain("a request without request_id".to_owned());
            return;
        };
        let id = id.to_owned();
        let request = &line["request"];
        match request["subtype"].as_str().unwrap_or_default() {
            "initialize" => self.initialize(id, request),
            "interrupt" => self.interrupt(&id, request["cancel_queued"] == json!(true)),
            "set_permission_mode" => self.set_permission_mode(&id, &request["mode"]),
            "set_model" => self.set_model(&id, &request["model"]),
            "set_max_thinking_tokens" => self.succeed(&id, None),
            "mcp_status" => {
                let servers = self.servers_status();
                self.succeed(&id, Some(json!({ "mcpServers": servers })));
            }
            "stop_task" => {
                let task = request["task_id"].as_str().unwrap_or_default();
                let stopped = self.stop_task(task);
                self.succeed(&id, Some(json!({})));
                if stopped {
                    self.tell_idle();
                }
            }
            "cancel_async_message" => {
                let uuid = request["message_uuid"].as_str().unwrap_or_default();
                let cancelled = self.queue.cancel(uuid);
                if cancelled {
                    self.lifecycle(uuid, "cancelled");
                }
                let mut body = json!({ "cancelled": cancelled });
                // What was not cancelled is not named.
                if cancelled {
                    body["message_uuid"] = json!(uuid);
                }
                self.succeed(&id, Some(body));
            }
            "rewind_files" => self.fail(&id, "File rewinding is not enabled.", None),
            "mcp_reconnect" | "mcp_toggle" => {
                let name = request["serverName"].as_str().unwrap_or_default();
                if self.servers.iter().any(|server| server.name == name) {
                    self.succeed(&id, None);
                } else {
                    self.fail(&id, &format!("Server not found: {name}"), None);
                }
            }
            "get_context_usage" => {
                let usage = self.context_usage();
                self.succeed(&id, Some(usage));
            }
            "end_session" => {
                self.succeed(&id, None);
                self.leave(Exit::code(0));
            }
            unknown => {
                self.fail(
                    &id,
                    &format!("Unsupported control request subtype: {unknown}"),
                    Some("unsupported_request"),
                );
                self.complain(format!("a request of subtype {unknown:?}"));
            }
        }
    }

    pub(super) fn succeed(&mut self, id: &str, body: Option<Value>) {
        let mut response = json!({ "subtype": "success", "request_id": id });
        if let Some(body) = body {
            response["response"] = body;
        }
        self.emit(&json!({ "type": "control_response", "response": response }));
    }

    fn fail(&mut self, id: &str, error: &str, code: Option<&str>) {
        let mut response = json!({ "subtype": "error", "request_id": id, "error": error });
        if let Some(code) = code {
            response["error_code"] = json!(code);
        }
        self.emit(&json!({ "type": "control_response", "response": response }));
    }

    /// The tool servers are greeted before the host's own request is answered.
    fn initialize(&mut self, id: String, request: &Value) {
        match Hooks::read(&request["hooks"]) {
            Ok(hooks) => self.hooks = hooks,
            Err(complaint) => self.complain(complaint),
        }
        self.opening = Some(id);
        for at in 0..self.servers.len() {
            if !self.servers[at].ready {
                let client = json!({ "name": "claude-code", "version": VERSION });
                let params = json!({
                    "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client,
                });
                let message = json!({ "method": "initialize", "params": params });
                self.ask_server(at, Ask::Handshake(at), message);
            }
        }
        if self.asks.find(|ask| matches!(ask, Ask::Handshake(_))).is_empty() {
            self.finish_opening();
        }
    }

    /// Answers `initialize`, then tells the tool servers.
    pub(super) fn finish_opening(&mut self) {
        let Some(id) = self.opening.take() else { return };
        let body = self.initialize_body();
        self.outlet.hold(self.options.holds.initialize);
        self.succeed(&id, Some(body));
        for at in 0..self.servers.len() {
            if self.servers[at].ready && self.servers[at].tools.is_none() {
                let message = json!({ "method": "notifications/initialized" });
                self.ask_server(at, Ask::Notified, message);
            }
        }
    }

    /// How full the model's memory is; nobody checks the figures.
    fn context_usage(&self) -> Value {
        json!({
            "categories": [{
                "id": "system_tools", "name": "System tools", "tokens": 1000,
                "color": "inactive", "kind": "used",
            }],
            "totalTokens": 1000, "maxTokens": 1_000_000, "rawMaxTokens": 1_000_000,
            "percentage": 1, "gridRows": [], "model": self.options.model,
            "memoryFiles": [], "mcpTools": [], "agents": [],
        })
    }

    fn set_permission_mode(&mut self, id: &str, mode: &Value) {
        match mode.as_str() {
            Some("bypassPermissions") => self.fail(
                id,
                "Cannot set permission mode to bypassPermissions because the session was not \
                 launched with --dangerously-skip-permissions",
                Some("bypass_not_launched"),
            ),
            Some(mode) if MODES.contains(&mode) => {
                mode.clone_into(&mut self.options.permission_mode);
                self.succeed(id, Some(json!({ "mode": mode })));
                self.emit_message(json!({
                    "type": "system", "subtype": "status", "status": null, "permissionMode": mode,
                }));
            }
            _ => self.fail(
                id,
                &format!("Cannot set permission mode: must be one of {}", MODES.join(", ")),
                Some("invalid_mode"),
            ),
        }
    }

    fn set_model(&mut self, id: &str, model: &Value) {
        if let Some(model) = model.as_str() {
            model.clone_into(&mut self.options.model);
        }
        let model = self.options.model.clone();
        if 0 < self.turns {
            let text =
                format!("<local-command-stdout>Set model to `{model}`</local-command-stdout>");
            self.emit_message(json!({
                "type": "user", "message": { "role": "user", "content": text },
                "parent_tool_use_id": null, "isReplay": true,
            }));
        }
        self.succeed(id, Some(json!({ "model": model })));
    }
}
