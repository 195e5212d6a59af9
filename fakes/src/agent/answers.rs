//! The host's answers to what the agent asked, and what happens when none can come any more.

use serde_json::{Value, json};

use super::asks::Ask;
use super::verdicts::HookFailure;
use super::{Agent, Timer};

impl Agent {
    /// Takes the inner part of a `control_response`.
    pub(super) fn hear_answer(&mut self, response: &Value) {
        let Some(request) = response["request_id"].as_str() else {
            self.complain("an answer without request_id".to_owned());
            return;
        };
        let Some(ask) = self.asks.take(request) else {
            if !self.asks.was_withdrawn(request) {
                self.complain("an answer to nothing that was asked".to_owned());
            }
            return;
        };
        let answer = match response["subtype"].as_str() {
            Some("success") => Ok(response["response"].clone()),
            Some("error") => Err(response["error"].as_str().unwrap_or_default().to_owned()),
            other => {
                self.complain(format!("an answer of subtype {other:?}"));
                return;
            }
        };
        match ask {
            Ask::Notified => {}
            Ask::Handshake(at) => self.server_is_ready(at, answer),
            Ask::Listed(at) => self.server_listed(at, answer),
            Ask::Called => self.server_called(answer),
            Ask::Permission => self.permission_answered(answer),
            Ask::Hook => {
                self.cancel_timer(&Timer::Hook(request.to_owned()));
                self.hook_answered(answer.map_err(|_| HookFailure::Failed));
            }
        }
    }

    /// Nobody will answer any more: each open question ends as the program ends it then.
    pub(super) fn fail_asks(&mut self) {
        for request in self.asks.find(|_| true) {
            let Some(ask) = self.asks.take(&request) else { continue };
            let closed = || Err("Stream closed".to_owned());
            match ask {
                Ask::Handshake(_) | Ask::Notified => {}
                Ask::Listed(at) => self.server_listed(at, closed()),
                Ask::Called => self.server_called(closed()),
                Ask::Permission => self.permission_answered(Err(
                    "Tool permission stream closed before response received".to_owned(),
                )),
                Ask::Hook => self.hook_answered(Ok(json!({}))),
            }
        }
    }

    /// The JSON-RPC result inside an answer.
    pub(super) fn rpc_result(&mut self, answer: Result<Value, String>) -> Result<Value, String> {
        let answer = answer?;
        let response = &answer["mcp_response"];
        if response["jsonrpc"] != "2.0" {
            self.complain("an mcp_message answer without mcp_response".to_owned());
            return Err("no JSON-RPC response".to_owned());
        }
        if let Some(error) = response.get("error") {
            return Err(error["message"].as_str().unwrap_or("error").to_owned());
        }
        Ok(response["result"].clone())
    }

    fn server_is_ready(&mut self, at: usize, answer: Result<Value, String>) {
        match self.rpc_result(answer) {
            Ok(_) => self.servers[at].ready = true,
            Err(_) => self.servers[at].tools = Some(Vec::new()),
        }
        if self.asks.find(|ask| matches!(ask, Ask::Handshake(_))).is_empty() {
            self.finish_opening();
        }
    }

    /// Asks each tool server for its tools that has not told them yet; whether any was asked.
    pub(super) fn list_tools(&mut self) -> bool {
        let unlisted: Vec<usize> = (0..self.servers.len())
            .filter(|&at| self.servers[at].ready && self.servers[at].tools.is_none())
            .collect();
        for &at in &unlisted {
            self.ask_server(at, Ask::Listed(at), json!({ "method": "tools/list" }));
        }
        !unlisted.is_empty()
    }

    fn server_listed(&mut self, at: usize, answer: Result<Value, String>) {
        let listed = self.rpc_result(answer).unwrap_or_default();
        let server = &mut self.servers[at];
        let names = listed["tools"].as_array().into_iter().flatten();
        let names = names.filter_map(|tool| tool["name"].as_str());
        let prefix = format!("mcp__{}__", server.name);
        server.tools = Some(names.map(|name| format!("{prefix}{name}")).collect());
        if self.asks.find(|ask| matches!(ask, Ask::Listed(_))).is_empty() {
            self.tools_are_listed();
        }
    }
}
