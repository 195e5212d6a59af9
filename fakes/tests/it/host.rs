//! A small host of the agent program, for any pair of streams. It serves the reply tool, and
//! answers questions and hooks by a policy.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines};

/// How the host answers.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// The hook events it registers.
    pub(crate) hooks: Vec<&'static str>,
    /// The answer to `can_use_tool`; `None` = none at all. `updatedInput` is filled in.
    pub(crate) permission: Option<Value>,
    /// The answers to hooks, by event; absent = `{}`.
    pub(crate) verdicts: Vec<(&'static str, Value)>,
}

impl Default for Policy {
    fn default() -> Self {
        let permission = Some(json!({ "behavior": "allow" }));
        Self { hooks: Vec::new(), permission, verdicts: Vec::new() }
    }
}

/// One connection to an agent.
pub(crate) struct Host<R, W> {
    lines: Lines<BufReader<R>>,
    writer: Option<W>,
    pub(crate) policy: Policy,
    /// Everything the agent wrote.
    pub(crate) frames: Vec<Value>,
    /// The texts of the replies.
    pub(crate) replies: Vec<String>,
    requests: u32,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Host<R, W> {
    pub(crate) fn new(reader: R, writer: W, policy: Policy) -> Self {
        let lines = BufReader::new(reader).lines();
        Self {
            lines,
            writer: Some(writer),
            policy,
            frames: Vec::new(),
            replies: Vec::new(),
            requests: 0,
        }
    }

    pub(crate) async fn send(&mut self, line: &Value) {
        let Some(writer) = &mut self.writer else { return };
        // An agent that is gone is noticed at its end of stdout.
        let _gone = writer.write_all(format!("{line}\n").as_bytes()).await;
    }

    /// Sends `initialize` and waits for its answer.
    pub(crate) async fn open(&mut self) -> Value {
        let hooks: serde_json::Map<String, Value> = self
            .policy
            .hooks
            .iter()
            .map(|event| {
                let hook = json!({ "matcher": null, "hookCallbackIds": [event] });
                ((*event).to_owned(), json!([hook]))
            })
            .collect();
        self.ask(json!({ "subtype": "initialize", "hooks": hooks })).await
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&mut self, request: Value) -> Value {
        let id = self.request(request).await;
        self.until(|frame| frame["response"]["request_id"] == id.as_str()).await
    }

    /// Sends a request and returns its id.
    pub(crate) async fn request(&mut self, request: Value) -> String {
        self.requests += 1;
        let id = format!("req_{}", self.requests);
        let line = json!({ "type": "control_request", "request_id": id, "request": request });
        self.send(&line).await;
        id
    }

    /// Sends a person's text, framed.
    pub(crate) async fn tell(&mut self, text: &str) {
        self.tell_with(text, &json!({})).await;
    }

    /// Sends a person's text with more fields on its line.
    pub(crate) async fn tell_with(&mut self, text: &str, more: &Value) {
        let framed = format!(
            "---TEST FROM +15555550123 (admin)---\nChat ID: +15555550123\n{text}\n---END SMS---"
        );
        let mut line = json!({
            "type": "user", "message": { "role": "user", "content": framed },
            "parent_tool_use_id": null, "session_id": "default", "client_composed": true,
            "uuid": uuid::Uuid::new_v4().to_string(),
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            line[key] = value.clone();
        }
        self.send(&line).await;
    }

    /// Sends a person's text and waits until nothing is owed; returns the last result.
    pub(crate) async fn converse(&mut self, text: &str) -> Value {
        self.tell(text).await;
        self.idle().await;
        let results = self.frames.iter().rev().find(|frame| frame["type"] == "result");
        results.expect("a turn has a result").clone()
    }

    pub(crate) async fn idle(&mut self) {
        self.until(|frame| frame["state"] == "idle").await;
    }

    /// Reads and serves until a frame is there that `wanted` accepts.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the agent goes on");
            if wanted(&frame) {
                return frame;
            }
        }
    }

    /// Reads and serves to the end of the agent's stdout.
    pub(crate) async fn drain(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Closes stdin.
    pub(crate) async fn close(&mut self) {
        let mut writer = self.writer.take().expect("stdin was open");
        writer.shutdown().await.expect("stdin closes");
    }

    async fn next(&mut self) -> Option<Value> {
        let line = self.lines.next_line().await.ok()??;
        let frame: Value = serde_json::from_str(&line).expect("the agent writes JSON");
        self.serve(&frame).await;
        self.frames.push(frame.clone());
        Some(frame)
    }

    async fn serve(&mut self, frame: &Value) {
        let request = &frame["request"];
        let answer = match request["subtype"].as_str() {
            Some("mcp_message") => {
                let message = &request["message"];
                let reply = &message["params"]["arguments"]["text"];
                self.replies.extend(reply.as_str().map(str::to_owned));
                let result = match message["method"].as_str() {
                    Some("tools/list") => json!({ "tools": [{ "name": "reply" }] }),
                    Some("tools/call") => {
                        json!({ "content": [{ "type": "text", "text": "sent" }] })
                    }
                    _ => json!({}),
                };
                let id = &message["id"];
                json!({ "mcp_response": { "jsonrpc": "2.0", "id": id, "result": result } })
            }
            Some("can_use_tool") => {
                let Some(mut answer) = self.policy.permission.clone() else { return };
                if answer["behavior"] == "allow" {
                    answer["updatedInput"] = request["input"].clone();
                }
                answer
            }
            Some("hook_callback") => {
                let event = request["input"]["hook_event_name"].as_str();
                let again = request["input"]["stop_hook_active"] == true;
                let verdict = self.policy.verdicts.iter().find(|(name, _)| Some(*name) == event);
                verdict.filter(|_| !again).map_or(json!({}), |(_, verdict)| verdict.clone())
            }
            _ => return,
        };
        let id = &frame["request_id"];
        let response = json!({ "subtype": "success", "request_id": id, "response": answer });
        self.send(&json!({ "type": "control_response", "response": response })).await;
    }
}
