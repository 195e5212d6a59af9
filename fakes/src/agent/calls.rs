//! A tool call: the hooks before it, the question for permission, the run, its result.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use super::action::{Action, Ended, Job};
use super::asks::Ask;
use super::frames::{Ending, merge};
use super::hooks::Hook;
use super::turn::{Stage, Turn};
use super::{Agent, Shell, Timer, simulated};
use crate::model::Entry;

/// What a call that nobody let run comes back with.
pub(super) const REJECTED: &str = "The user doesn't want to proceed with this tool use. The tool \
    use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP \
    what you are doing and wait for the user to tell you how to proceed.";

/// One call of an answer.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) input: Value,
    /// The hooks that are still to be asked, the one being asked first.
    pub(super) hooks: VecDeque<Hook>,
    pub(super) hook_allows: bool,
    pub(super) hook_asks: bool,
    /// Why it runs, as the result tells it.
    decision: Value,
    pub(super) job: Option<u64>,
}

impl Call {
    pub(super) fn new(name: &str, input: &Value) -> Self {
        Self {
            id: format!("toolu_{}", Uuid::new_v4().simple()),
            name: name.to_owned(),
            input: input.clone(),
            hooks: VecDeque::new(),
            hook_allows: false,
            hook_asks: false,
            decision: json!({ "decision": "accept", "source": "config", "reason_type": "rule" }),
            job: None,
        }
    }
}

/// A call that did not run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal<'a> {
    pub(super) text: &'a str,
    pub(super) source: &'a str,
    pub(super) reason_type: Option<&'a str>,
}

impl Agent {
    pub(super) fn call(&mut self) -> Option<&mut Call> {
        self.turn.as_mut()?.calls.front_mut()
    }

    /// Takes the next call up, or goes on with the turn.
    pub(super) fn next_call(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        turn.stage = Stage::Calling;
        let Some(call) = turn.calls.front_mut() else {
            self.round_done();
            return;
        };
        call.hooks = self.hooks.of("PreToolUse", Some(&call.name)).into();
        self.next_call_hook();
    }

    /// Asks the next hook on the call, or decides about it.
    pub(super) fn next_call_hook(&mut self) {
        let Some(turn) = &self.turn else { return };
        let Some(call) = turn.calls.front() else { return };
        let Some(hook) = call.hooks.front().cloned() else {
            self.decide();
            return;
        };
        let id = call.id.clone();
        let input = json!({
            "prompt_id": turn.prompt_id, "effort": { "level": "medium" },
            "tool_name": call.name, "tool_input": call.input, "tool_use_id": id,
        });
        self.ask_hook(&hook, &id, input);
    }

    /// Runs the call, or asks first.
    fn decide(&mut self) {
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

    /// Starts what the call does.
    fn run_call(&mut self) {
        let Some(call) = self.call() else { return };
        let (name, id, input) = (call.name.clone(), call.id.clone(), call.input.clone());
        let text = |key: &str| input[key].as_str().unwrap_or_default().to_owned();
        let served = (0..self.servers.len()).find_map(|at| {
            let prefix = format!("mcp__{}__", self.servers[at].name);
            name.strip_prefix(&prefix).map(|tool| (at, tool.to_owned()))
        });
        if let Some((at, tool)) = served {
            let meta = json!({ "claudecode/toolUseId": id, "progressToken": self.model_calls });
            let params = json!({ "name": tool, "arguments": input, "_meta": meta });
            let message = json!({ "method": "tools/call", "params": params });
            if self.stdin_ended {
                self.server_called(Err("Stream closed".to_owned()));
            } else {
                self.ask_server(at, Ask::Called, message);
            }
            return;
        }
        match name.as_str() {
            "Bash" if input["run_in_background"] == json!(true) => self.run_in_background(),
            "Bash" => self.run_job(Job::Bash(text("command"))),
            "Read" => self.run_job(Job::Read(PathBuf::from(text("file_path")))),
            "Write" => {
                self.run_job(Job::Write(PathBuf::from(text("file_path")), text("content")));
            }
            name => {
                let done = format!("({name} is not simulated)");
                self.finish_call(&json!(done), false, &json!(done));
            }
        }
    }

    fn run_job(&mut self, job: Job) {
        let key = self.start_job(job);
        if let Some(call) = self.call() {
            call.job = Some(key);
        }
    }

    /// Starts a job: by the driver, or as a timer.
    pub(super) fn start_job(&mut self, job: Job) -> u64 {
        self.jobs += 1;
        let key = self.jobs;
        match self.options.shell {
            Shell::Driver => self.deeds.push_back(Action::Start { key, job }),
            Shell::Simulated => {
                let (after, ended) = simulated::run(&job);
                self.simulated_ends.insert(key, ended);
                self.timer(after, Timer::Job(key));
            }
        }
        key
    }

    /// A simulated job is over.
    pub(super) fn simulated_job_ended(&mut self, key: u64) {
        if let Some(ended) = self.simulated_ends.remove(&key) {
            self.job_ended(key, &ended);
        }
    }

    /// A job is over: that of the call under way, or a background task.
    pub(super) fn job_ended(&mut self, key: u64, ended: &Ended) {
        if self.turn.as_ref().and_then(Turn::running_job) != Some(key) {
            self.task_ended(key, ended);
            return;
        }
        let output = ended.output.trim_end();
        if ended.code != 0 {
            let text = format!("Exit code {}\n{output}", ended.code);
            let text = text.trim_end();
            self.finish_call(&json!(text), true, &json!(format!("Error: {text}")));
            return;
        }
        let result = json!({
            "stdout": output, "stderr": "", "interrupted": false, "isImage": false,
            "noOutputExpected": false,
        });
        let text = if output.is_empty() { "(Bash completed with no output)" } else { output };
        self.finish_call(&json!(text), false, &result);
    }

    /// The answer of the host's tool.
    pub(super) fn server_called(&mut self, answer: Result<Value, String>) {
        match self.rpc_result(answer) {
            Ok(result) if result["content"].is_array() => {
                let content = result["content"].clone();
                let is_error = result["isError"] == json!(true);
                let raw = if is_error { json!("Error: the tool failed") } else { content.clone() };
                self.finish_call(&content, is_error, &raw);
            }
            Ok(_) => self.complain("a tools/call result without content".to_owned()),
            Err(error) => {
                self.finish_call(&json!(error), true, &json!(format!("Error: {error}")));
            }
        }
    }

    /// Writes the result of the call under way and takes the next one up.
    pub(super) fn finish_call(&mut self, content: &Value, is_error: bool, raw: &Value) {
        self.write_result(content, is_error, raw);
        if let Some(turn) = &mut self.turn {
            turn.rounds += 1;
        }
        self.next_call();
    }

    fn write_result(&mut self, content: &Value, is_error: bool, raw: &Value) {
        let Some(call) = self.turn.as_mut().and_then(|turn| turn.calls.pop_front()) else { return };
        let mut block =
            json!({ "type": "tool_result", "tool_use_id": call.id, "content": content });
        // A tool of the host that went well carries no mark; every other result does.
        if is_error || content.is_string() {
            block["is_error"] = json!(is_error);
        }
        let mut meta = json!({ "id": call.id, "permission_decision": call.decision });
        if call.decision["decision"] == "reject" {
            meta["non_execution_kind"] = json!("permission-rule");
        }
        self.remember(Entry::Returned { id: call.id, text: plain(content), is_error });
        let mut line = json!({
            "type": "user", "message": { "role": "user", "content": [block] },
            "parent_tool_use_id": null, "tool_use_result": raw,
        });
        merge(&mut line, &json!({ "tool_result_meta": [meta] }));
        self.emit_message(line);
    }

    /// Ends all calls of the answer as rejected.
    pub(super) fn reject_calls(&mut self, text: &str) {
        while self.call().is_some() {
            self.write_result(&json!(text), true, &json!("User rejected tool use"));
        }
    }

    /// The end of a turn that was interrupted at its tools.
    pub(super) fn end_interrupted_tools(&mut self) {
        self.remember(Entry::Cut);
        self.emit_user_text("[Request interrupted by user for tool use]", &json!({}));
        if let Some(turn) = &mut self.turn {
            turn.rounds += 2;
        }
        self.end_turn(&Ending {
            interrupted: true,
            cancelled: true,
            is_error: true,
            terminal_reason: Some("aborted_tools"),
            stop_reason: Some("tool_use"),
            ..Ending::default()
        });
    }
}

/// The text of a result: a string, or its text blocks.
fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|b| b["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}
