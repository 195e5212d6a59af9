//! A tool call: the hooks before it, the run, its result.

use std::collections::VecDeque;
use std::path::PathBuf;

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
    pub(super) decision: Value,
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

    /// Starts what the call does.
    pub(super) fn run_call(&mut self) {
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
