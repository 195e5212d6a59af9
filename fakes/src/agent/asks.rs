//! What the agent has asked the host and waits for.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Agent;

/// What an answer of the host is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// `initialize` of a tool server.
    Handshake(usize),
    /// `notifications/initialized`: nothing hangs on its answer.
    Notified,
    /// `tools/list` of a tool server.
    Listed(usize),
    /// `tools/call` of the running turn.
    Called,
    /// `can_use_tool` of the running turn.
    Permission,
    /// A hook of the running turn.
    Hook,
}

/// One of the host's tool servers.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) ready: bool,
    /// The tools, by the names the model knows them by; `None` before they were listed.
    pub(super) tools: Option<Vec<String>>,
    next_id: u64,
}

impl Server {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ready: false, tools: None, next_id: 0 }
    }
}

/// The questions that are open, by request id, and those that were withdrawn.
#[derive(Debug, Default)]
pub(super) struct Asks {
    open: HashMap<String, Ask>,
    withdrawn: Vec<String>,
}

impl Asks {
    /// Takes the question that `request` names.
    pub(super) fn take(&mut self, request: &str) -> Option<Ask> {
        self.open.remove(request)
    }

    /// Whether the question was withdrawn, so that an answer may still be under way.
    pub(super) fn was_withdrawn(&self, request: &str) -> bool {
        self.withdrawn.iter().any(|other| other == request)
    }

    pub(super) fn find(&self, wanted: impl Fn(&Ask) -> bool) -> Vec<String> {
        let found = self.open.iter().filter(|(_, ask)| wanted(ask));
        found.map(|(request, _)| request.clone()).collect()
    }

    pub(super) fn withdraw(&mut self, request: &str) {
        if self.open.remove(request).is_some() {
            self.withdrawn.push(request.to_owned());
        }
    }
}

impl Agent {
    /// Asks the host; returns the request's id.
    pub(super) fn ask(&mut self, ask: Ask, request: &Value) -> String {
        let id = Uuid::new_v4().to_string();
        self.asks.open.insert(id.clone(), ask);
        self.emit(&json!({ "type": "control_request", "request_id": id, "request": request }));
        id
    }

    /// Sends a JSON-RPC message to a tool server; with `ask`, as a request with an id.
    pub(super) fn ask_server(&mut self, at: usize, ask: Ask, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let server = &mut self.servers[at];
        if ask != Ask::Notified {
            message["id"] = json!(server.next_id);
            server.next_id += 1;
        }
        let request = json!({
            "subtype": "mcp_message", "server_name": server.name, "message": message,
        });
        self.ask(ask, &request);
    }

    /// Withdraws what the running turn has asked of the host. A call of a host's tool is dropped
    /// without a word, as the program does.
    pub(super) fn withdraw_asks(&mut self) {
        for request in self.asks.find(|ask| matches!(ask, Ask::Permission | Ask::Hook)) {
            self.asks.withdraw(&request);
            self.emit(&json!({ "type": "control_cancel_request", "request_id": request }));
        }
        for request in self.asks.find(|ask| *ask == Ask::Called) {
            self.asks.withdraw(&request);
        }
    }
}
