//! The agent program driven without our client: the same arguments and environment, lines written
//! as they are, and lines looked at only as far as it takes to know which one has come.
//!
//! What it asks of its host is answered like our client answers it, as otherwise it would not go
//! on. Absent: everything that makes a client: two directions at once, bounds, an end by force.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use claude_assistant::measured::Settings;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use super::course::{Asked, Driven};
use super::{failed, trouble};
use crate::scenario::NoValues;

/// How long a line may take to come.
const LINE_MAX: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// What is read at once: the size of a pipe.
const CHUNK_BYTES: usize = 64 * 1024;

// What tells a line. Quotes within texts are escaped, so none of these can stand in one.
pub(super) const ANSWERED: &str = r#""type":"control_response""#;
pub(super) const ASKING: &str = r#""type":"control_request""#;
const ASSISTANT: &str = r#""type":"assistant""#;
const RESULT: &str = r#""type":"result""#;
const BEGUN: &str = r#""subtype":"init""#;
const IDLE: &str = r#""state":"idle""#;

/// An agent at hand.
pub(super) struct ByHand {
    child: Child,
    /// Until it is closed.
    stdin: Option<ChildStdin>,
    output: Output,
    session_id: String,
}

impl ByHand {
    /// Starts the program; returns when it has answered the first request.
    pub(super) fn connect(settings: &Settings) -> Result<Self, NoValues> {
        let mut command = settings.command();
        // A group of its own, as our client has it: what it starts ends with it.
        let mut child = command.stderr(Stdio::null()).process_group(0).spawn().map_err(trouble)?;
        let stdin = child.stdin.take();
        let output = Output { pipe: child.stdout.take(), read: Vec::new(), used: 0 };
        let mut agent = Self { child, stdin, output, session_id: String::new() };
        agent.write(&json!({
            "type": "control_request",
            "request_id": "connect",
            "request": {
                "subtype": "initialize",
                "hooks": {"Stop": [{"matcher": null, "hookCallbackIds": ["stop"]}]},
            },
        }))?;
        agent.read_until(ANSWERED)?;
        Ok(agent)
    }

    fn ask(&mut self, text: &str) -> Result<(), NoValues> {
        self.write(&json!({
            "type": "user",
            "message": {"role": "user", "content": text},
            "parent_tool_use_id": null,
            "session_id": "default",
            "uuid": fresh_uuid(),
            "client_composed": true,
        }))
    }

    fn write(&mut self, line: &Value) -> Result<(), NoValues> {
        let mut line = line.to_string();
        line.push('\n');
        let stdin = self.stdin.as_mut().ok_or_else(|| failed("write to a closed agent"))?;
        stdin.write_all(line.as_bytes()).map_err(trouble)
    }

    /// Reads on until a line has `wanted` in it, and returns that line.
    fn read_until(&mut self, wanted: &str) -> Result<String, NoValues> {
        loop {
            let line = self.output.line().map_err(trouble)?;
            if line.contains(ASKING) {
                let answer = answer(&serde_json::from_str(&line).map_err(trouble)?);
                self.write(&answer)?;
            } else if line.contains(wanted) {
                return Ok(line);
            }
        }
    }
}

impl Driven for ByHand {
    fn query(&mut self, text: &str) -> Result<Asked, NoValues> {
        let began = Instant::now();
        self.ask(text)?;
        self.read_until(ASSISTANT)?;
        let first_message = began.elapsed();
        let line = self.read_until(RESULT)?;
        let result = began.elapsed();
        let told: Value = serde_json::from_str(&line).map_err(trouble)?;
        if told["is_error"] == true {
            return Err(failed("end a turn well"));
        }
        told["session_id"].as_str().unwrap_or_default().clone_into(&mut self.session_id);
        self.read_until(IDLE)?;
        Ok(Asked { first_message, result })
    }

    fn begin(&mut self, text: &str) -> Result<(), NoValues> {
        self.ask(text)?;
        self.read_until(BEGUN).map(drop)
    }

    fn interrupt(&mut self) -> Result<Duration, NoValues> {
        let began = Instant::now();
        self.write(&json!({
            "type": "control_request",
            "request_id": "interrupt",
            "request": {"subtype": "interrupt", "cancel_queued": true},
        }))?;
        self.read_until(ANSWERED)?;
        let after = began.elapsed();
        self.read_until(IDLE)?;
        Ok(after)
    }

    fn session_id(&self) -> String {
        self.session_id.clone()
    }

    fn disconnect(mut self) -> Result<Duration, NoValues> {
        let began = Instant::now();
        drop(self.stdin.take());
        self.output.drain().map_err(trouble)?;
        self.child.wait().map_err(trouble)?;
        Ok(began.elapsed())
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        // Behind an orderly end there is nothing to kill, and nothing to reap.
        let is_reaped = matches!(self.child.try_wait(), Ok(Some(_)));
        if !is_reaped && let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            let _gone = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.wait());
    }
}

/// What the program writes, line by line.
struct Output {
    pipe: Option<ChildStdout>,
    read: Vec<u8>,
    /// How much of `read` was given out.
    used: usize,
}

impl Output {
    fn line(&mut self) -> io::Result<String> {
        loop {
            let rest = &self.read[self.used..];
            if let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&rest[..length]).into_owned();
                self.used += length + 1;
                return Ok(line);
            }
            self.read.drain(..self.used);
            self.used = 0;
            if self.more()? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "read a line of the agent: it is gone",
                ));
            }
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        while self.more()? != 0 {}
        Ok(())
    }

    /// Waits for more, and returns how much came; 0 at the end.
    fn more(&mut self) -> io::Result<usize> {
        let Some(pipe) = &mut self.pipe else { return Ok(0) };
        if poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&LINE_MAX))? == 0 {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "read a line of the agent: it says nothing",
            ));
        }
        let before = self.read.len();
        self.read.resize(before + CHUNK_BYTES, 0);
        let came = pipe.read(&mut self.read[before..]);
        self.read.truncate(before + came.as_ref().copied().unwrap_or_default());
        came
    }
}

/// The answer to what the program asks.
fn answer(asked: &Value) -> Value {
    let request = &asked["request"];
    let body = match request["subtype"].as_str() {
        Some("mcp_message") => json!({"mcp_response": of_the_tools(&request["message"])}),
        Some("can_use_tool") => json!({"behavior": "allow", "updatedInput": request["input"]}),
        _ => json!({}),
    };
    json!({
        "type": "control_response",
        "response": {"subtype": "success", "request_id": asked["request_id"], "response": body},
    })
}

/// What the server of our tools says, with the least that the program takes for a tool.
fn of_the_tools(message: &Value) -> Value {
    let result = match message["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "by-hand", "version": "1"},
        }),
        Some("tools/list") => json!({"tools": [{
            "name": "reply",
            "description": "Sends a text to the person.",
            "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
            "_meta": {"anthropic/alwaysLoad": true},
        }]}),
        Some("tools/call") => {
            json!({"content": [{"type": "text", "text": "sent"}], "isError": false})
        }
        _ => json!({}),
    };
    match message.get("id") {
        Some(id) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        None => json!({"jsonrpc": "2.0", "result": result}),
    }
}

/// A message of an id that was there before is dropped in silence.
fn fresh_uuid() -> String {
    static MESSAGES: AtomicU64 = AtomicU64::new(1);
    format!("00000000-0000-4000-8000-{:012x}", MESSAGES.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests;
