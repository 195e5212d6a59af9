//! A host in a script: what is sent, what the agent does, in short words.
//!
//! Script lines: `init [hook events]`, `a: text` (a user message with id `a`; `a!:` now, `a~:` later,
//! `-:` without id), `+ms`, `interrupt [all]`, `allow`, `deny text`, `deny! text`, `fail text`,
//! `hook json`, `hook! text`, `stop`, `ctl subtype json`, `raw line`, `eof`, `term`.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::memory::Memory;

use super::super::{Action, Agent, Event, Exit, Options, Signal};

fn uuid_of(name: &str) -> String {
    format!("00000000-0000-4000-8000-0000000000{:02x}", name.as_bytes()[0])
}

fn name_of(uuid: &Value) -> String {
    let last = uuid.as_str().and_then(|uuid| uuid.get(34..)).unwrap_or("3f");
    let byte = u8::from_str_radix(last, 16).unwrap_or(b'?');
    char::from(byte).to_string()
}

fn names_of(uuids: &Value) -> String {
    uuids.as_array().into_iter().flatten().map(name_of).collect::<Vec<_>>().join(" ")
}

struct Host {
    agent: Agent,
    memory: Memory,
    now: Duration,
    said: Vec<String>,
    permission: Option<Value>,
    hook: Option<Value>,
    task: Option<Value>,
}

/// Plays a script; each of its lines is followed by what the agent did.
#[track_caller]
pub(super) fn play(options: Options, script: &str) -> String {
    let mut host = Host {
        memory: options.memory.clone(),
        agent: Agent::new(options),
        now: Duration::ZERO,
        said: Vec::new(),
        permission: None,
        hook: None,
        task: None,
    };
    let mut log = String::new();
    host.listen();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        host.act(line);
        let mut said = std::mem::take(&mut host.said).join(" | ");
        if let Some(task) = host.task.as_ref().and_then(Value::as_str) {
            said = said.replace(task, "TASK");
        }
        writeln!(log, "{line}\n    {said}").expect("a String takes it");
    }
    log
}

/// Plays a script that begins with an opened agent and does not repeat the opening.
#[track_caller]
pub(super) fn check(script: &str, expected: &str) {
    check_with(Options::default(), script, expected);
}

/// As [`check`], for an agent with these options.
#[track_caller]
pub(super) fn check_with(options: Options, script: &str, expected: &str) {
    let opening = if script.trim_start().starts_with("init") { "" } else { "init\n" };
    let played = play(options, &format!("{opening}{script}"));
    let played = played.replace("tools/list | ", "");
    let skipped = if opening.is_empty() { 0 } else { 2 };
    let trimmed = |text: &str, skipped: usize| {
        let lines = text.lines().skip(skipped).map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n").replace("\n|", " |")
    };
    let (played, expected) = (trimmed(&played, skipped), trimmed(expected, 0));
    assert_eq!(played, expected, "played:\n{played}\n");
}

impl Host {
    #[track_caller]
    fn act(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let parsed = || serde_json::from_str::<Value>(rest).unwrap_or(Value::Null);
        match word {
            "init" => self.initialize(rest),
            "eof" => self.event(Event::End),
            "term" => self.event(Event::Signal(Signal::Terminate)),
            "raw" => self.event(Event::Line(rest.to_owned())),
            "interrupt" => {
                self.ask(&json!({ "subtype": "interrupt", "cancel_queued": rest == "all" }));
            }
            "allow" => {
                let request = self.permission.take().expect("a question is open");
                let input = &request["request"]["input"];
                self.answer(&request, &json!({ "behavior": "allow", "updatedInput": input }));
            }
            "deny" | "deny!" => {
                let request = self.permission.take().expect("a question is open");
                let interrupts = word == "deny!";
                self.answer(
                    &request,
                    &json!({ "behavior": "deny", "message": rest, "interrupt": interrupts }),
                );
            }
            "fail" => {
                let request = self.permission.take().expect("a question is open");
                self.answer_error(&request, rest);
            }
            "hook" => {
                let request = self.hook.take().expect("a hook is open");
                self.answer(&request, &parsed());
            }
            "hook!" => {
                let request = self.hook.take().expect("a hook is open");
                self.answer_error(&request, rest);
            }
            "stop" => {
                let task = self.task.take().expect("a task runs");
                self.ask(&json!({ "subtype": "stop_task", "task_id": task }));
            }
            "ctl" => {
                let (subtype, body) = rest.split_once(' ').unwrap_or((rest, "{}"));
                let mut request: Value = serde_json::from_str(body).expect("the body is JSON");
                request["subtype"] = json!(subtype);
                self.ask(&request);
            }
            _ if word.starts_with('+') => {
                let ms = word[1..].parse().expect("milliseconds");
                self.wait(Duration::from_millis(ms));
            }
            _ => self.tell(word, rest),
        }
    }

    fn initialize(&mut self, events: &str) {
        let hooks: serde_json::Map<String, Value> = events
            .split_whitespace()
            .map(|event| {
                let hook = json!({
                    "matcher": null, "hookCallbackIds": [event], "timeout": 2,
                    "onFailure": "block",
                });
                (event.to_owned(), json!([hook]))
            })
            .collect();
        self.ask(&json!({ "subtype": "initialize", "hooks": hooks }));
    }

    /// `a: text`: a framed message with the id of `a`.
    fn tell(&mut self, word: &str, text: &str) {
        let name = &word[..1];
        let framed = format!(
            "---TEST FROM +15555550123 (admin)---\nChat ID: +15555550123\n{text}\n---END SMS---"
        );
        let mut line = json!({
            "type": "user", "message": { "role": "user", "content": framed },
            "parent_tool_use_id": null, "session_id": "default", "client_composed": true,
        });
        if name != "-" {
            line["uuid"] = json!(uuid_of(name));
        }
        match word.as_bytes()[1] {
            b'!' => line["priority"] = json!("now"),
            b'~' => line["priority"] = json!("later"),
            _ => {}
        }
        self.event(Event::Line(line.to_string()));
    }

    fn ask(&mut self, request: &Value) {
        let line = json!({ "type": "control_request", "request_id": "r", "request": request });
        self.event(Event::Line(line.to_string()));
    }

    fn answer(&mut self, request: &Value, body: &Value) {
        let id = &request["request_id"];
        let response = json!({ "subtype": "success", "request_id": id, "response": body });
        let line = json!({ "type": "control_response", "response": response });
        self.event(Event::Line(line.to_string()));
    }

    fn answer_error(&mut self, request: &Value, error: &str) {
        let id = &request["request_id"];
        let response = json!({ "subtype": "error", "request_id": id, "error": error });
        let line = json!({ "type": "control_response", "response": response });
        self.event(Event::Line(line.to_string()));
    }

    fn event(&mut self, event: Event) {
        self.agent.handle(self.now, event);
        self.listen();
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.agent.deadline().filter(|due| *due <= end) {
            self.now = due;
            self.agent.handle_deadline(due);
            self.listen();
        }
        self.now = end;
    }

    /// Notes what the agent does, and serves its requests to the tool server.
    fn listen(&mut self) {
        while let Some(action) = self.agent.poll_action() {
            match action {
                Action::Write(bytes) => self.hear(&String::from_utf8_lossy(&bytes)),
                Action::Complain(text) => self.said.push(format!("stderr: {text}")),
                Action::Leave(Exit { code, .. }) => self.said.push(format!("exit {code}")),
                Action::Hold(time) => self.said.push(format!("hold {}", time.as_micros())),
                Action::Start { .. } => self.said.push("start".to_owned()),
                Action::Kill { .. } => self.said.push("kill".to_owned()),
                Action::Remember(session, entry) => {
                    self.memory.append(&session, &entry).expect("the memory takes the entry");
                }
            }
        }
    }

    fn hear(&mut self, line: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(line) else {
            self.said.push("garbage".to_owned());
            return;
        };
        self.said.push(short(&frame));
        let request = &frame["request"];
        match request["subtype"].as_str() {
            Some("mcp_message") => self.serve(&frame),
            Some("can_use_tool") => self.permission = Some(frame),
            Some("hook_callback") => self.hook = Some(frame),
            _ if frame["subtype"] == "task_started" => self.task = Some(frame["task_id"].clone()),
            _ => {}
        }
    }

    fn serve(&mut self, frame: &Value) {
        let message = &frame["request"]["message"];
        let result = match message["method"].as_str() {
            Some("tools/list") => json!({ "tools": [{ "name": "reply", "inputSchema": {} }] }),
            Some("tools/call") => json!({ "content": [{ "type": "text", "text": "sent" }] }),
            _ => json!({}),
        };
        let response = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
        self.answer(frame, &json!({ "mcp_response": response }));
    }
}

/// A frame in a few words.
fn short(frame: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('\n', "/");
    let request = &frame["request"];
    match (frame["type"].as_str().unwrap_or_default(), request["subtype"].as_str()) {
        (_, Some("mcp_message")) => match &request["message"]["params"]["arguments"]["text"] {
            Value::String(reply) => format!("replies {reply:?}"),
            _ => text(&request["message"]["method"]),
        },
        (_, Some("can_use_tool")) => format!("may {}?", text(&request["tool_name"])),
        (_, Some("hook_callback")) => format!("hook {}?", text(&request["callback_id"])),
        ("control_cancel_request", _) => "withdrawn".to_owned(),
        ("control_response", _) => short_response(&frame["response"]),
        ("command_lifecycle", _) => {
            format!("{} {}", name_of(&frame["command_uuid"]), text(&frame["state"]))
        }
        ("assistant", _) => {
            let block = &frame["message"]["content"][0];
            let aborted = if frame["aborted"] == true { " (aborted)" } else { "" };
            match block["name"].as_str() {
                Some(name) => format!("uses {name}{aborted}"),
                None => format!("says {:?}{aborted}", text(&block["text"])),
            }
        }
        ("user", _) => short_user(&frame["message"]["content"]),
        ("result", _) => short_result(frame),
        ("system", _) => match frame["subtype"].as_str().unwrap_or_default() {
            "session_state_changed" => text(&frame["state"]),
            "init" => format!("init[{}]", names_of(&frame["user_message_uuids"])),
            "api_retry" => {
                format!("retry {} after {}", frame["error_status"], frame["retry_delay_ms"])
            }
            "task_notification" => format!("task {}", text(&frame["status"])),
            subtype => subtype.to_owned(),
        },
        (kind, _) => kind.to_owned(),
    }
}

fn short_response(response: &Value) -> String {
    if response["subtype"] == "error" {
        return format!("error {}", response["error"]);
    }
    match &response["response"] {
        Value::Null => "ok".to_owned(),
        body if body["account"].is_object() => "ready".to_owned(),
        body => {
            let queued = |key: &str| {
                body[key].as_array().map(|_| format!(" {key}[{}]", names_of(&body[key])))
            };
            let lists = [queued("still_queued"), queued("cancelled")];
            format!("ok{}", lists.into_iter().flatten().collect::<String>())
        }
    }
}

fn short_user(content: &Value) -> String {
    let block = &content[0];
    if block["type"] == "tool_result" {
        let mark = if block["is_error"] == true { "!" } else { "" };
        let text = match &block["content"] {
            Value::String(text) => text.chars().take(40).collect(),
            blocks => blocks[0]["text"].as_str().unwrap_or_default().to_owned(),
        };
        return format!("back{mark} {text:?}");
    }
    let text = block["text"].as_str().or(content.as_str()).unwrap_or_default();
    format!("told {text:?}")
}

fn short_result(frame: &Value) -> String {
    let mark = if frame["is_error"] == true { "!" } else { "" };
    let reason = frame["terminal_reason"].as_str().unwrap_or("-");
    let text = frame["result"].as_str().unwrap_or("-").lines().next().unwrap_or_default();
    let uuids = names_of(&frame["user_message_uuids"]);
    format!("RESULT{mark} {reason} {text:?} [{uuids}] {} rounds", frame["num_turns"])
}
