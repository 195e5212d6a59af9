//! The host's side of one peer: it writes lines, reads lines, answers what it was told to answer,
//! and keeps everything.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::{Instant, timeout};

use super::frames::{Frames, answers, is_result, kind};
use super::peer::{Exit, Life, Peer, Signal};
use super::play::identity;
use super::transcript::{Entry, Line, Transcript};

/// The longest wait for a line: twenty programs started at once on two cores took 22 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// How a request of the program is answered without the script having to.
#[derive(Debug, Clone)]
struct Rule {
    /// The subtype of the request, or the event of its hook.
    to: String,
    /// The answers, one after the other; the last one stays.
    bodies: VecDeque<Value>,
}

/// One connection to a peer.
pub struct Host {
    lines: BufReader<Box<dyn AsyncRead + Unpin + Send>>,
    writer: Option<Box<dyn AsyncWrite + Unpin + Send>>,
    life: Box<dyn Life>,
    contract: &'static str,
    run: usize,
    started: Instant,
    transcript: Rc<RefCell<Transcript>>,
    rules: Vec<Rule>,
    requests: usize,
    messages: usize,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Host").field("run", &self.run).finish_non_exhaustive()
    }
}

impl Host {
    pub(super) fn new(
        peer: Peer,
        contract: &'static str,
        run: usize,
        transcript: Rc<RefCell<Transcript>>,
    ) -> Self {
        Self {
            lines: BufReader::new(peer.reader),
            writer: Some(peer.writer),
            life: peer.life,
            contract,
            run,
            started: Instant::now(),
            transcript,
            rules: Vec::new(),
            requests: 0,
            messages: 0,
        }
    }

    pub(super) fn note(&self, entry: Entry) {
        let line = Line::new(self.run, self.started.elapsed(), entry);
        self.transcript.borrow_mut().lines.push(line);
    }

    /// From now on, requests of this subtype (or of this hook event) get this answer.
    pub fn answers_with(&mut self, to: &str, body: Value) {
        self.answers_in_turn(to, vec![body]);
    }

    /// The same with several answers, one after the other; the last one stays.
    pub fn answers_in_turn(&mut self, to: &str, bodies: Vec<Value>) {
        self.rules.retain(|rule| rule.to != to);
        self.rules.push(Rule { to: to.to_owned(), bodies: bodies.into() });
    }

    /// Writes a line.
    pub async fn say(&mut self, line: &Value) -> anyhow::Result<()> {
        self.note(Entry::In(line.clone()));
        self.write(format!("{line}\n").as_bytes()).await
    }

    /// Writes bytes as they are.
    pub async fn say_bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.note(Entry::InRaw(String::from_utf8_lossy(bytes).into_owned()));
        self.write(bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let writer = self.writer.as_mut().context("write: stdin was closed")?;
        let written = async {
            writer.write_all(bytes).await?;
            writer.flush().await
        };
        // A peer that has gone is noticed where it should speak.
        let _gone = timeout(PATIENCE, written).await.context("be heard: nobody reads")?;
        Ok(())
    }

    /// Sends `initialize` and waits for the answer; everything up to it.
    pub async fn initialize(&mut self, hooks: Value) -> anyhow::Result<Frames> {
        self.ask(json!({ "subtype": "initialize", "hooks": hooks })).await
    }

    /// Sends a request and waits for its answer; everything up to it.
    pub async fn ask(&mut self, request: Value) -> anyhow::Result<Frames> {
        let what = format!("the answer to {}", request["subtype"]);
        let id = self.request(request).await?;
        self.until(&what, |frame| answers(frame, &id)).await
    }

    /// Sends a request and returns its id.
    pub async fn request(&mut self, request: Value) -> anyhow::Result<String> {
        self.requests += 1;
        let id = format!("req_{}_{:02}", self.run + 1, self.requests);
        let line = json!({ "type": "control_request", "request_id": id, "request": request });
        self.say(&line).await?;
        Ok(id)
    }

    /// Sends a person's text and returns the id of the message.
    pub async fn tell(&mut self, text: &str) -> anyhow::Result<String> {
        self.tell_with(text, &json!({})).await
    }

    /// The same with more fields on the line.
    pub async fn tell_with(&mut self, text: &str, more: &Value) -> anyhow::Result<String> {
        let (line, uuid) = self.message(text, more);
        self.say(&line).await?;
        Ok(uuid)
    }

    /// The line of a person's text, and its id.
    pub fn message(&mut self, text: &str, more: &Value) -> (Value, String) {
        self.messages += 1;
        let uuid = identity(self.contract, "0e55", 100 * self.run + self.messages);
        let mut line = json!({
            "type": "user", "message": { "role": "user", "content": text },
            "parent_tool_use_id": null, "session_id": "default", "client_composed": true,
            "uuid": uuid,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            line[key] = value.clone();
        }
        (line, uuid)
    }

    /// Answers a request of the program.
    pub async fn answer(&mut self, request: &Value, body: Value) -> anyhow::Result<()> {
        let id = &request["request_id"];
        let response = json!({ "subtype": "success", "request_id": id, "response": body });
        self.say(&json!({ "type": "control_response", "response": response })).await
    }

    /// Sends a person's text and waits for one result; everything up to it.
    pub async fn converse(&mut self, text: &str) -> anyhow::Result<Frames> {
        self.tell(text).await?;
        self.until("a result", is_result).await
    }

    /// Everything up to the frame that says that nothing is owed.
    pub async fn idle(&mut self) -> anyhow::Result<Frames> {
        self.until("state idle", |frame| frame["state"] == "idle").await
    }

    /// Everything up to a frame that `wanted` accepts; that frame is the last.
    pub async fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Frames> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await.with_context(|| format!("wait for {what}"))?;
            let frame = frame.with_context(|| format!("see {what} before the end of stdout"))?;
            let found = wanted(&frame);
            frames.push(frame);
            if found {
                return Ok(Frames(frames));
            }
        }
    }

    /// Everything up to the end of stdout, and how the process ended.
    pub async fn rest(&mut self) -> anyhow::Result<(Frames, Exit)> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await.context("wait for the end of stdout")? {
            frames.push(frame);
        }
        let exit = timeout(PATIENCE, self.life.exit()).await.context("wait for the exit")??;
        self.note(Entry::Exit(exit));
        Ok((Frames(frames), exit))
    }

    /// Closes stdin and sees the program off: everything it still says, and exit code 0.
    pub async fn leave(&mut self) -> anyhow::Result<Frames> {
        self.leave_with(0).await
    }

    /// Closes stdin and sees the program off with that exit code.
    pub async fn leave_with(&mut self, code: i32) -> anyhow::Result<Frames> {
        self.close().await?;
        let (frames, exit) = self.rest().await?;
        ensure!(exit == Exit::code(code), "end with exit code {code}: it was {exit}");
        Ok(frames)
    }

    /// Closes stdin.
    pub async fn close(&mut self) -> anyhow::Result<()> {
        let mut writer = self.writer.take().context("close stdin: it was closed")?;
        self.note(Entry::Close);
        // A peer that has gone has closed it already.
        let _gone = writer.shutdown().await;
        Ok(())
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        self.note(Entry::Signal(signal));
        self.life.signal(signal).context("signal the program")
    }

    /// The next frame, after answering it where a rule says how; `None` at the end of stdout.
    async fn next(&mut self) -> anyhow::Result<Option<Value>> {
        let mut line = Vec::new();
        let read = timeout(PATIENCE, self.lines.read_until(b'\n', &mut line)).await;
        let Ok(read) = read else { bail!("nothing came within {PATIENCE:?}") };
        if read.context("read stdout")? == 0 {
            return Ok(None);
        }
        let frame: Value = serde_json::from_slice(&line).map_err(|error| {
            let shown: String = String::from_utf8_lossy(&line).chars().take(80).collect();
            anyhow!("a line of stdout is no JSON: {error}: {shown:?}")
        })?;
        self.note(Entry::Out(frame.clone()));
        self.serve(&frame).await?;
        Ok(Some(frame))
    }

    async fn serve(&mut self, frame: &Value) -> anyhow::Result<()> {
        if frame["type"] != "control_request" || self.writer.is_none() {
            return Ok(());
        }
        let request = &frame["request"];
        if request["subtype"] == "mcp_message" {
            return self.answer(frame, serve_tools(&request["message"])).await;
        }
        let words = [&request["subtype"], &request["input"]["hook_event_name"]];
        let rule = self.rules.iter_mut().find(|rule| words.iter().any(|word| **word == rule.to));
        let Some(rule) = rule else { return Ok(()) };
        let body = if 1 < rule.bodies.len() {
            rule.bodies.pop_front()
        } else {
            rule.bodies.front().cloned()
        };
        let mut body = body.with_context(|| format!("answer {}", kind(frame)))?;
        if body["behavior"] == "allow" && body["updatedInput"].is_null() {
            body["updatedInput"] = request["input"].clone();
        }
        self.answer(frame, body).await
    }
}

/// The host's tool server: one tool, which always succeeds.
fn serve_tools(message: &Value) -> Value {
    let result = match message["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "assistant", "version": "1" },
        }),
        Some("tools/list") => json!({ "tools": [{
            "name": "reply", "description": "Sends a text to the chat.",
            "inputSchema": {
                "type": "object", "properties": { "text": { "type": "string" } },
                "required": ["text"],
            },
            "_meta": { "anthropic/alwaysLoad": true },
        }] }),
        Some("tools/call") => json!({ "content": [{ "type": "text", "text": "sent" }] }),
        _ => json!({}),
    };
    let mut response = json!({ "jsonrpc": "2.0", "result": result });
    if !message["id"].is_null() {
        response["id"] = message["id"].clone();
    }
    json!({ "mcp_response": response })
}
