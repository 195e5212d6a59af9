//! One turn: from the messages that start it to its one result.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Agent;
use super::background::Notice;
use super::calls::Call;
use super::frames::Ending;
use super::hooks::Hook;
use super::queue::Told;
use crate::model::{Answer, Block, Entry};

/// What a turn waits for.
#[derive(Debug)]
pub(super) enum Stage {
    /// Hooks on the prompt, the next one first.
    PromptHooks(VecDeque<Hook>),
    /// The lists of the host's tools.
    Listing,
    /// The rest of a slow text, then the answer.
    Streaming { left: u32, chunk: Duration, answer: Answer },
    /// The next try at the API.
    Retrying,
    /// Nothing that will ever come.
    Hanging,
    /// A tool call.
    Calling,
    /// Hooks on the messages that arrived during the tools, the first one's next.
    FoldHooks { told: VecDeque<Told>, hooks: VecDeque<Hook> },
    /// Hooks on the end of the turn.
    StopHooks(VecDeque<Hook>),
}

/// The turn under way.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) started: Duration,
    /// The ids of the messages that started it, and of those folded into it.
    pub(super) uuids: Vec<String>,
    pub(super) folded: Vec<String>,
    pub(super) prompt: String,
    pub(super) prompt_id: String,
    pub(super) origin: Option<Value>,
    /// What `num_turns` counts: the first request and every user line of the turn.
    pub(super) rounds: u32,
    pub(super) requests: u32,
    pub(super) denials: Vec<Value>,
    pub(super) stage: Stage,
    pub(super) message_id: String,
    /// Which block of the answer comes next.
    pub(super) block: u32,
    /// The calls of the last answer that are still to be made; the first is under way.
    pub(super) calls: VecDeque<Call>,
    pub(super) last_text: String,
    pub(super) partial: String,
    pub(super) attempt: u32,
    pub(super) reminded: bool,
    pub(super) stamped: bool,
    pub(super) announced: bool,
}

impl Turn {
    fn new(started: Duration, uuids: Vec<String>, prompt: String) -> Self {
        Self {
            started,
            uuids,
            folded: Vec::new(),
            prompt,
            prompt_id: Uuid::new_v4().to_string(),
            origin: None,
            rounds: 1,
            requests: 0,
            denials: Vec::new(),
            stage: Stage::Listing,
            message_id: String::new(),
            block: 0,
            calls: VecDeque::new(),
            last_text: String::new(),
            partial: String::new(),
            attempt: 0,
            reminded: false,
            stamped: false,
            announced: false,
        }
    }

    /// Whether a message with this id belongs to the turn.
    pub(super) fn covers(&self, uuid: &str) -> bool {
        self.uuids.iter().chain(&self.folded).any(|other| other == uuid)
    }

    /// The job of the call under way.
    pub(super) fn running_job(&self) -> Option<u64> {
        self.calls.front().and_then(|call| call.job)
    }
}

impl Agent {
    /// Starts a turn with all that these messages say.
    pub(super) fn start_turn(&mut self, told: &[Told]) {
        let uuids: Vec<String> = told.iter().filter_map(|told| told.uuid.clone()).collect();
        let texts: Vec<&str> = told.iter().map(|told| told.text.as_str()).collect();
        self.begin(Turn::new(self.now, uuids, texts.join("\n")));
    }

    /// Starts a turn that nobody asked for: a background task ended.
    pub(super) fn start_injected_turn(&mut self, notice: Notice) {
        self.session_state("running");
        let mut turn = Turn::new(self.now, Vec::new(), notice.text);
        turn.origin = Some(notice.origin);
        self.begin(turn);
    }

    fn begin(&mut self, turn: Turn) {
        self.turns += 1;
        self.turn = Some(turn);
        if !self.list_tools() {
            self.tools_are_listed();
        }
    }

    /// The host's tools are known: its hooks may look at the prompt.
    pub(super) fn tools_are_listed(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        if !matches!(turn.stage, Stage::Listing) {
            return;
        }
        let uuids = turn.uuids.clone();
        let injected = turn.origin.is_some();
        let hooks = if injected { Vec::new() } else { self.hooks.of("UserPromptSubmit", None) };
        turn.stage = Stage::PromptHooks(hooks.into());
        for uuid in &uuids {
            self.lifecycle(uuid, "started");
        }
        self.next_prompt_hook();
    }

    /// Asks the next hook on the prompt, or lets it through to the model.
    pub(super) fn next_prompt_hook(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        let Stage::PromptHooks(hooks) = &turn.stage else { return };
        if let Some(hook) = hooks.front().cloned() {
            let input = json!({ "prompt_id": turn.prompt_id, "prompt": turn.prompt });
            self.ask_hook(&hook, &Uuid::new_v4().to_string(), input);
            return;
        }
        let (uuids, text) = (turn.uuids.clone(), turn.prompt.clone());
        self.remember(Entry::Prompt { uuids, text });
        self.announce();
        self.ask_model();
    }

    /// `system/init`, once per turn.
    pub(super) fn announce(&mut self) {
        if let Some(turn) = &mut self.turn
            && !turn.announced
        {
            turn.announced = true;
            self.emit_init();
        }
    }

    /// Writes the blocks of an answer, then makes its calls or ends the turn.
    pub(super) fn deliver(&mut self, answer: &Answer) {
        for block in &answer.blocks {
            match block {
                Block::Text(text) => self.say(text),
                Block::Call { name, input } => self.announce_call(name, input),
            }
        }
        let ends = self.turn.as_ref().is_some_and(|turn| turn.calls.is_empty());
        self.stream_end(if ends { "end_turn" } else { "tool_use" });
        if ends {
            self.ask_stop_hooks();
        } else {
            self.next_call();
        }
    }

    /// One block of text.
    fn say(&mut self, text: &str) {
        self.stream_block(&json!({ "type": "text", "text": "" }));
        self.stream_piece(&json!({ "type": "text_delta", "text": text }));
        self.finish_text(text);
    }

    /// The end of a block of text: the line with all of it.
    pub(super) fn finish_text(&mut self, text: &str) {
        let Some(turn) = &mut self.turn else { return };
        text.clone_into(&mut turn.last_text);
        let id = turn.message_id.clone();
        self.remember(Entry::Said { text: text.to_owned() });
        self.emit_assistant(&id, &json!({ "type": "text", "text": text }), &json!({}));
        self.stream_block_end();
    }

    fn announce_call(&mut self, name: &str, input: &Value) {
        let Some(turn) = &mut self.turn else { return };
        let call = Call::new(name, input);
        let (id, message_id) = (call.id.clone(), turn.message_id.clone());
        turn.calls.push_back(call);
        self.remember(Entry::Called {
            id: id.clone(),
            name: name.to_owned(),
            input: input.clone(),
        });
        let empty = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
        self.stream_block(&empty);
        let input_text = input.to_string();
        self.stream_piece(&json!({ "type": "input_json_delta", "partial_json": input_text }));
        let block = json!({ "type": "tool_use", "id": id, "name": name, "input": input });
        self.emit_assistant(&message_id, &block, &json!({}));
        self.stream_block_end();
    }

    /// All calls of the last answer are done: takes in what arrived meanwhile, asks again.
    pub(super) fn round_done(&mut self) {
        if self.queue.has_now() {
            self.end_turn(&Ending {
                cancelled: true,
                terminal_reason: Some("aborted_tools"),
                stop_reason: Some("tool_use"),
                ..Ending::default()
            });
            return;
        }
        let told = self.queue.take_foldable();
        self.fold(told.into());
    }

    /// One more message belongs to the turn.
    pub(super) fn take_folded(&mut self, told: Told) {
        if let Some(uuid) = told.uuid {
            self.lifecycle(&uuid, "started");
            if let Some(turn) = &mut self.turn {
                turn.folded.push(uuid);
            }
        }
        self.remember(Entry::Folded { text: told.text });
    }

    fn ask_stop_hooks(&mut self) {
        let hooks = self.hooks.of("Stop", None).into();
        if let Some(turn) = &mut self.turn {
            turn.stage = Stage::StopHooks(hooks);
        }
        self.next_stop_hook();
    }

    /// Asks the next hook on the end of the turn, or ends it.
    pub(super) fn next_stop_hook(&mut self) {
        let Some(turn) = &self.turn else { return };
        let Stage::StopHooks(hooks) = &turn.stage else { return };
        if let Some(hook) = hooks.front().cloned() {
            let input = json!({
                "prompt_id": turn.prompt_id, "stop_hook_active": turn.reminded,
                "last_assistant_message": turn.last_text,
                "background_tasks": self.tasks.iter().map(|task| &task.id).collect::<Vec<_>>(),
                "session_crons": [],
            });
            self.ask_hook(&hook, &Uuid::new_v4().to_string(), input);
            return;
        }
        let text = turn.last_text.clone();
        self.end_turn(&Ending {
            terminal_reason: Some("completed"),
            stop_reason: Some("end_turn"),
            text,
            ..Ending::default()
        });
    }

    /// A hook sent the turn back: one more round with its reason.
    pub(super) fn go_on_with_feedback(&mut self, reason: &str) {
        let Some(turn) = &mut self.turn else { return };
        turn.reminded = true;
        turn.rounds += 1;
        self.remember(Entry::Feedback { text: reason.to_owned() });
        let text = format!("Stop hook feedback:\n{reason}");
        self.emit_user_text(&text, &json!({ "isSynthetic": true }));
        self.emit_message(json!({
            "type": "system", "subtype": "notification", "key": "stop-hook-error",
            "text": "stop hook problem · ctrl+o to see", "priority": "immediate",
        }));
        self.ask_model();
    }

    /// Writes the result, tells what became of the messages, and says whether anything is owed.
    pub(super) fn end_turn(&mut self, ending: &Ending) {
        let Some(turn) = self.turn.take() else { return };
        let state = if ending.cancelled { "cancelled" } else { "completed" };
        for uuid in &turn.folded {
            self.lifecycle(uuid, state);
        }
        self.ended_badly = ending.is_error;
        self.emit_result(&turn, ending);
        for uuid in &turn.uuids {
            self.lifecycle(uuid, state);
        }
        self.known.extend(turn.uuids);
        self.tell_idle();
    }
}
