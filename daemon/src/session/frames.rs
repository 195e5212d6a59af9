//! What the agent says, and what it is answered.

use std::sync::PoisonError;

use assistant_core::access::Profile;
use assistant_core::session::{Activity, AttemptNo, Cause, Event, Standing, TurnFacts, classify};
use serde_json::Value;
use tokio::task::{Id, JoinError};
use tracing::{error, info, warn};

use super::Driver;
use super::agent::{Agent, Heard};
use crate::claude::connection::Counters;
use crate::claude::options::TOOL_SERVER;
use crate::claude::process::Exit;
use crate::claude::wire::{
    self, AgentRequest, AgentState, Assistant, Block, Frame, HookAnswer, HookCall, Lifecycle,
    Permission, TurnResult,
};
use crate::tools::{self, Asked, Reach};
use crate::transcript;

/// Why the harness's agent is refused every tool but ours.
const NO_TOOLS: &str = "this conversation has no tools but its own";

/// The id of our hook at the end of turns.
pub(crate) const STOP_HOOK: &str = "stop";

/// What the agent reads when it is about to end a turn without having sent anything.
const REMINDER: &str = "You have not sent anything to the person. What you write here reaches \
                        nobody; only the reply tool does. If you meant to answer, use it now. If \
                        nothing needs to be said, just end your turn.";

/// Uses of our tools at once, those included that were withdrawn or whose agent is gone. Each is
/// over after twenty seconds at most. No person reads as many texts at once: more than this is an agent
/// that has lost its way, and each one holds its text.
pub(super) const CALLS_OPEN_MAX: usize = 64;

/// What one call more is told.
const TOO_MANY_CALLS: &str = "too many calls at once, try again later";

/// The answer to a use of one of our tools.
#[derive(Debug)]
pub(super) struct Answered {
    request: String,
    line: Vec<u8>,
    sent: Option<(i64, String)>,
}

impl Driver {
    pub(super) async fn on_heard(&mut self, heard: Heard) {
        match heard {
            Heard::Moved => {}
            Heard::Frame(frame) => self.on_frame(*frame).await,
            Heard::Deaf => self.on_deaf().await,
            Heard::Gone(exit) => self.on_gone(exit).await,
        }
    }

    async fn on_deaf(&mut self) {
        if let Some(agent) = &mut self.agent {
            warn!(session = self.record.row.0, "agent closed its output and stayed, killed");
            agent.end_deaf().await;
        }
    }

    async fn on_frame(&mut self, frame: Frame) {
        match frame {
            Frame::Response { request_id, outcome } => self.on_response(&request_id, &outcome),
            Frame::Request { request_id, request } => self.on_request(request_id, request),
            Frame::Withdrawn { request_id } => {
                self.open_calls.remove(&request_id);
            }
            Frame::Init(init) => self.on_agent_session(init.agent_session).await,
            Frame::State(state) => self.tell(Event::Activity(match state {
                AgentState::Running => Activity::Running,
                AgentState::RequiresAction => Activity::Asking,
                AgentState::Idle => Activity::Idle,
            })),
            Frame::Assistant(assistant) => self.on_assistant(assistant),
            Frame::Result(result) => self.on_result(result),
            Frame::Tasks(tasks) => self.tell(Event::Tasks(tasks)),
            Frame::Lifecycle { uuid, state } => self.on_lifecycle(&uuid, state),
            Frame::Garbage { bytes } => self.on_bad_line("not JSON", bytes as u64),
            Frame::TooLong { bytes } => self.on_bad_line("over the bound", bytes),
            Frame::ToolResults(_)
            | Frame::TaskEnded { .. }
            | Frame::Retrying(_)
            | Frame::Reset
            | Frame::RateLimit(_)
            | Frame::Compacted
            | Frame::Other { .. } => self.tell(Event::Stirred),
        }
    }

    fn on_response(&mut self, request_id: &str, outcome: &Result<Value, String>) {
        let Some(agent) = &mut self.agent else { return };
        if agent.connecting.as_deref() != Some(request_id) {
            return self.tell(Event::Stirred);
        }
        agent.connecting = None;
        match outcome {
            Ok(body) => {
                info!(session = self.record.row.0, "agent ready");
                let version = wire::Welcome::of(body).version;
                *self.surroundings.agent_version.lock().unwrap_or_else(PoisonError::into_inner) =
                    version;
                self.tell(Event::Ready);
            }
            Err(refusal) => {
                agent.terminate();
                warn!(session = self.record.row.0, "agent refused to begin");
                let what = format!("the agent refused to begin: {refusal}");
                self.record_event(transcript::Event::error(what));
            }
        }
    }

    fn on_request(&mut self, request_id: String, request: AgentRequest) {
        self.tell(Event::Stirred);
        let line = match request {
            AgentRequest::CanUseTool(permission) => self.decide(&request_id, permission),
            AgentRequest::Hook(call) => wire::hook_answer(&request_id, self.at_turns_end(&call)),
            AgentRequest::Mcp { server, message } if server == TOOL_SERVER => {
                match tools::read(self.profile, &message) {
                    Asked::Answer(answer) => wire::mcp_answer(&request_id, &answer),
                    Asked::Call { .. } if CALLS_OPEN_MAX <= self.calls.len() => {
                        warn!(session = self.record.row.0, "too many tool calls at once, refused");
                        wire::refuse(&request_id, TOO_MANY_CALLS)
                    }
                    Asked::Call { id, call } => return self.call(request_id, id, call),
                }
            }
            AgentRequest::Mcp { message, .. } => {
                wire::mcp_answer(&request_id, &tools::no_such_server(&message))
            }
            AgentRequest::Unknown { subtype } => {
                wire::refuse(&request_id, &format!("unsupported request: {subtype}"))
            }
        };
        self.outgoing.push_back(line);
    }

    /// An admin's agent may do what it asks for; that it asked is written down. Tools of others are
    /// not offered yet, so a question from them is refused.
    fn decide(&mut self, request_id: &str, permission: Permission) -> Vec<u8> {
        let Permission { tool_name, input, tool_use_id, .. } = permission;
        let (verdict, reason, line) = match self.profile {
            Profile::Admin => ("allow", "admin", wire::allow(request_id, &input)),
            Profile::Harness => ("deny", NO_TOOLS, wire::deny(request_id, NO_TOOLS)),
        };
        self.record_event(transcript::Event::Permission {
            tool: tool_name,
            id: tool_use_id,
            verdict: verdict.to_owned(),
            reason: reason.to_owned(),
            input,
        });
        line
    }

    /// A turn that was given a person's message and sent nothing is reminded once that its text
    /// reaches nobody. It may still choose to say nothing.
    fn at_turns_end(&self, call: &HookCall) -> HookAnswer<'static> {
        // What was written to it but not taken up belongs to a turn to come.
        let owes = self.attempts.values().any(|one| one.started) && !self.sent_in_turn;
        if call.callback_id == STOP_HOOK && owes && !call.stop_hook_active {
            HookAnswer::GoOn(REMINDER)
        } else {
            HookAnswer::Pass
        }
    }

    fn call(&mut self, request: String, id: Value, call: tools::Call) {
        let reach = Reach {
            chat: self.record.chat.clone(),
            session: self.record.row,
            profile: self.profile,
            store: self.surroundings.store.clone(),
            queued: std::sync::Arc::clone(&self.surroundings.queued),
            restarts: self.surroundings.restarts.clone(),
        };
        let asked = request.clone();
        let task = self.calls.spawn(async move {
            let outcome = tools::carry_out(&reach, call).await;
            let line = wire::mcp_answer(&request, &outcome.response(&id));
            Answered { request, line, sent: outcome.sent }
        });
        self.open_calls.insert(asked, task.id());
    }

    pub(super) fn on_called(&mut self, called: Result<Answered, JoinError>) {
        let answered = match called {
            Ok(answered) => answered,
            Err(cut) => match self.cut_short(cut.id()) {
                Some(answered) => answered,
                None => return,
            },
        };
        if let Some((row, text)) = answered.sent {
            self.sent_in_turn = true;
            self.record_event(transcript::Event::Out { row, text });
        }
        // An answer that is not waited for any more is not given.
        if self.open_calls.remove(&answered.request).is_some() && self.agent.is_some() {
            self.outgoing.push_back(answered.line);
        }
    }

    /// The answer to a call whose task panicked: without one the agent would wait for ever.
    fn cut_short(&self, task: Id) -> Option<Answered> {
        error!(session = self.record.row.0, "a tool was cut short");
        let (request, _) = self.open_calls.iter().find(|(_, open)| **open == task)?;
        let line = wire::refuse(request, "the tool failed");
        Some(Answered { request: request.clone(), line, sent: None })
    }

    async fn on_agent_session(&mut self, reported: String) {
        self.tell(Event::Stirred);
        // A conversation that was just forgotten would be on record again.
        if self.machine.standing() == Standing::Closing {
            return;
        }
        if reported.is_empty() || self.agent_session.as_ref() == Some(&reported) {
            return;
        }
        let stored = self.surroundings.store.set_agent_session(self.record.row, &reported).await;
        if let Err(failure) = stored {
            warn!(session = self.record.row.0, error = %failure, "conversation id not recorded");
        }
        self.fresh = None;
        self.agent_session = Some(reported);
    }

    fn on_assistant(&mut self, assistant: Assistant) {
        self.tell(Event::Stirred);
        for block in assistant.blocks {
            if let Block::ToolUse { id, name, input } = block {
                self.record_event(transcript::Event::ToolUse { tool: name, id, input });
            }
        }
    }

    fn on_result(&mut self, result: TurnResult) {
        let connecting = self.agent.as_ref().is_some_and(|agent| agent.connecting.is_some());
        if connecting && result.is_error {
            // Instead of an answer to `initialize`: the conversation is unknown to the program.
            return self.tell(Event::ResumeRefused);
        }
        let facts = TurnFacts {
            is_error: result.is_error,
            terminal_reason: result.terminal_reason.clone(),
            subtype: result.subtype.clone(),
            api_status: result.api_status,
            model_turns: result.num_turns,
        };
        let outcome = classify(&facts);
        self.sent_in_turn = false;
        let session = self.record.row.0;
        let (messages, failed) = (result.listed.len(), result.is_error);
        info!(session, messages, failed, elapsed_ms = result.duration_ms, "turn ended");
        let listed = result.listed.iter().filter_map(|uuid| self.attempt(uuid)).collect();
        self.record_event(transcript::Event::Turn {
            attempts: result.listed,
            outcome: result.terminal_reason.unwrap_or(result.subtype),
            failed,
            duration_ms: result.duration_ms,
            cost_usd_total: result.cost_usd_total,
            text: result.text,
        });
        self.tell(Event::TurnEnded(listed, outcome));
    }

    fn on_lifecycle(&mut self, uuid: &str, state: Lifecycle) {
        let Some(attempt) = self.attempt(uuid) else { return self.tell(Event::Stirred) };
        let Some(on_its_way) = self.attempts.get_mut(&attempt) else { return };
        on_its_way.started |= state == Lifecycle::Started;
        let started = on_its_way.started;
        self.tell(match state {
            Lifecycle::Queued | Lifecycle::Started => Event::Seen(attempt),
            // A message that joined a turn is called cancelled just before a bad end's result, which
            // lists it. Taken back now, it would be missing there, and another be blamed alone.
            Lifecycle::Cancelled if !started => Event::Cancelled(attempt),
            Lifecycle::Cancelled | Lifecycle::Completed | Lifecycle::Other => Event::Stirred,
        });
    }

    fn attempt(&self, uuid: &str) -> Option<AttemptNo> {
        let mut attempts = self.attempts.iter();
        attempts.find(|(_, sent)| sent.uuid.to_string() == uuid).map(|(&attempt, _)| attempt)
    }

    fn on_bad_line(&mut self, why: &str, bytes: u64) {
        warn!(session = self.record.row.0, why, bytes, "line of the agent skipped");
        let what = format!("a line of {bytes} bytes skipped: {why}");
        self.record_event(transcript::Event::error(what));
        self.tell(Event::Stirred);
    }

    /// The agent is gone; whatever it started goes with it.
    async fn on_gone(&mut self, exit: Option<Exit>) {
        let Some(mut agent) = self.agent.take() else { return };
        agent.kill().await;
        let session = self.record.row.0;
        let how = exit.map_or_else(|| "closed".to_owned(), |exit| exit.to_string());
        let Counters { lines_in, garbage, too_long, other } = agent.counters();
        info!(session, exit = %how, lines_in, garbage, too_long, other, "agent ended");
        self.record_last_words(&agent, exit);
        self.record_event(transcript::Event::SessionStop { reason: how });
        self.outgoing.clear();
        self.input_ends = false;
        self.fresh = None;
        self.open_calls.clear();
        self.tell(Event::Exited(cause(exit)));
    }

    fn record_last_words(&mut self, agent: &Agent, exit: Option<Exit>) {
        if exit == Some(Exit::Code(0)) {
            return;
        }
        if let Some((tail, bytes)) = agent.last_words() {
            let what = format!("last words of {bytes} bytes: {}", tail.trim_end());
            self.record_event(transcript::Event::error(what));
        }
    }
}

/// Why it ended. A system that stops asks agents and daemon together, and the agents are faster.
/// What cannot be told is the agent's own doing: at INT in a turn the program (2.1.330) ends with
/// 0, as if its input had been closed.
fn cause(exit: Option<Exit>) -> Cause {
    if exit.is_some_and(Exit::was_asked_for) { Cause::Asked } else { Cause::ByItself }
}
