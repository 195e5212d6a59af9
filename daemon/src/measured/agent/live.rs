//! One agent, driven by hand instead of by a session's machine: the same ears, the same lines, the
//! same steps of its end.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use assistant_core::limits::LAUNCH_MAX;
use assistant_core::session::{Closing, ClosingStep, Pending};
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use super::settings::PROFILE;
use super::{AgentTrouble, Closed, EndedBy, Settings, Turn};
use crate::claude::connection::Connection;
use crate::claude::options::TOOL_SERVER;
use crate::claude::process::{AgentProcess, Exit};
use crate::claude::wire::{self, AgentRequest, AgentState, Frame, HookAnswer, TurnResult};
use crate::clock::Clock;
use crate::session::agent::{self, Heard};
use crate::tools::{self, Asked};

/// How long a turn may take: far more than any that is measured, and less than whoever measures
/// waits for.
const TURN_MAX: Duration = Duration::from_mins(1);

/// What a use of our tools is told.
const SENT: &str = "sent";

/// An agent that was started.
pub(super) struct Live {
    agent: agent::Agent,
    /// Lines that the agent has no room for yet.
    outgoing: VecDeque<Vec<u8>>,
    requests: u64,
    session_id: String,
    activity: AgentState,
    /// The background tasks that live.
    tasks: Vec<String>,
    clock: Clock,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Live").field("pid", &self.pid()).finish_non_exhaustive()
    }
}

impl Live {
    /// Starts one, and waits until it is ready.
    pub(super) async fn connect(settings: Settings) -> Result<Self, AgentTrouble> {
        let (launch, session_id) = settings.launch();
        let mut process = AgentProcess::start(&launch)
            .map_err(|error| AgentTrouble::NotStarted(Box::new(error)))?;
        let connection = process.connect();
        Self::over(connection, Some(process), session_id, settings.stop_hook()).await
    }

    /// Begins with an agent that is there; waits until it is ready.
    pub(super) async fn over(
        connection: Connection,
        process: Option<AgentProcess>,
        session_id: String,
        stop_hook: Option<&str>,
    ) -> Result<Self, AgentTrouble> {
        let request = "0".to_owned();
        let hello = wire::initialize(&request, stop_hook);
        let mut live = Self {
            agent: agent::Agent::new(connection, process, request.clone()),
            outgoing: VecDeque::from([hello]),
            requests: 0,
            session_id,
            activity: AgentState::Idle,
            tasks: Vec::new(),
            clock: Clock::start(),
        };
        in_time(LAUNCH_MAX, "the agent ready", live.answered(&request)).await?;
        Ok(live)
    }

    pub(super) fn session_id(&self) -> &str {
        &self.session_id
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.agent.pid()
    }

    pub(super) async fn query(&mut self, text: &str) -> Result<Turn, AgentTrouble> {
        in_time(TURN_MAX, "a turn's end", self.turn(text)).await
    }

    pub(super) async fn begin(&mut self, text: &str) -> Result<(), AgentTrouble> {
        self.write_text(text);
        let begun = async {
            while !matches!(self.next().await?, Frame::Init(_)) {}
            Ok(())
        };
        in_time(TURN_MAX, "a turn's beginning", begun).await
    }

    pub(super) async fn interrupt(&mut self) -> Result<Duration, AgentTrouble> {
        let interrupted = async {
            let began = Instant::now();
            let request = self.next_request();
            self.outgoing.push_back(wire::interrupt(&request));
            self.answered(&request).await?;
            let after = began.elapsed();
            self.idle().await?;
            Ok(after)
        };
        in_time(TURN_MAX, "the end of an interrupted turn", interrupted).await
    }

    pub(super) async fn disconnect(mut self) -> Closed {
        let began = Instant::now();
        let pending = match (self.activity, self.tasks.is_empty()) {
            (AgentState::Idle, true) => Pending::Nothing,
            (AgentState::Idle, false) => Pending::Tasks,
            _ => Pending::Turn,
        };
        let tasks = std::mem::take(&mut self.tasks);
        let mut closing = Closing::begin(self.clock.monotonic(), pending, tasks);
        let (mut ended_by, mut input_ends) = (EndedBy::Itself, false);
        let exit = loop {
            while let Some(step) = closing.poll_step() {
                match step {
                    ClosingStep::CloseInput => {
                        (ended_by, input_ends) = (EndedBy::InputClosed, true);
                    }
                    ClosingStep::Terminate => ended_by = EndedBy::Term,
                    ClosingStep::Kill => ended_by = EndedBy::Kill,
                    ClosingStep::StopTask(_) | ClosingStep::Interrupt => {}
                }
                self.take_step(step).await;
            }
            let heard = tokio::select! {
                heard = agent::hear(Some(&mut self.agent), &mut self.outgoing, input_ends) => heard,
                () = self.clock.sleep_until(closing.deadline()) => {
                    closing.handle_deadline(self.clock.monotonic());
                    continue;
                }
            };
            match heard {
                Heard::Moved => {}
                Heard::Frame(frame) => {
                    if let Frame::State(AgentState::Idle) = self.take(*frame) {
                        closing.quiet(self.clock.monotonic());
                    }
                }
                Heard::Deaf => {
                    ended_by = EndedBy::Kill;
                    self.agent.end_deaf().await;
                }
                Heard::Gone(exit) => break exit,
            }
        };
        let after = began.elapsed();
        // As a session does: whatever it started goes with it.
        self.agent.kill().await;
        Closed { after, ended_by, exit: shown(exit) }
    }

    async fn take_step(&mut self, step: ClosingStep) {
        let request = self.next_request();
        match step {
            ClosingStep::StopTask(task) => {
                self.outgoing.push_back(wire::stop_task(&request, &task));
            }
            ClosingStep::Interrupt => self.outgoing.push_back(wire::interrupt(&request)),
            ClosingStep::CloseInput => {}
            ClosingStep::Terminate => self.agent.terminate(),
            ClosingStep::Kill => self.agent.kill().await,
        }
    }

    async fn turn(&mut self, text: &str) -> Result<Turn, AgentTrouble> {
        let began = Instant::now();
        self.write_text(text);
        let mut first_message_after = None;
        let result_after = loop {
            match self.next().await? {
                Frame::Assistant(_) => {
                    first_message_after.get_or_insert_with(|| began.elapsed());
                }
                Frame::Result(result) if result.is_error => {
                    return Err(AgentTrouble::TurnFailed(reason(result)));
                }
                Frame::Result(_) => break began.elapsed(),
                _ => {}
            }
        };
        self.idle().await?;
        let silent = || AgentTrouble::TurnFailed("it has no message".to_owned());
        Ok(Turn { first_message_after: first_message_after.ok_or_else(silent)?, result_after })
    }

    fn write_text(&mut self, text: &str) {
        self.activity = AgentState::Running;
        self.outgoing.push_back(wire::user(Uuid::new_v4(), text));
    }

    /// Waits until nothing is owed.
    async fn idle(&mut self) -> Result<(), AgentTrouble> {
        while self.activity != AgentState::Idle {
            self.next().await?;
        }
        Ok(())
    }

    /// Waits for the answer to a request of ours.
    async fn answered(&mut self, request: &str) -> Result<(), AgentTrouble> {
        loop {
            match self.next().await? {
                Frame::Response { request_id, outcome } if request_id == request => {
                    return outcome.map(drop).map_err(AgentTrouble::Refused);
                }
                // Instead of the first answer: it does not know the conversation.
                Frame::Result(result) if result.is_error && self.requests == 0 => {
                    return Err(AgentTrouble::Refused(reason(result)));
                }
                _ => {}
            }
        }
    }

    /// The next frame, taken note of, and answered if it asks for something.
    async fn next(&mut self) -> Result<Frame, AgentTrouble> {
        loop {
            match agent::hear(Some(&mut self.agent), &mut self.outgoing, false).await {
                Heard::Moved => {}
                Heard::Frame(frame) => return Ok(self.take(*frame)),
                Heard::Deaf => self.agent.end_deaf().await,
                Heard::Gone(exit) => {
                    let (last_words, _) = self.agent.last_words().unwrap_or_default();
                    return Err(AgentTrouble::Gone { exit: shown(exit), last_words });
                }
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Frame {
        match &frame {
            Frame::State(state) => self.activity = *state,
            Frame::Tasks(tasks) => self.tasks.clone_from(tasks),
            Frame::Init(init) if !init.agent_session.is_empty() => {
                self.session_id.clone_from(&init.agent_session);
            }
            Frame::Request { request_id, request } => {
                self.outgoing.push_back(answer(request_id, request));
            }
            _ => {}
        }
        frame
    }

    fn next_request(&mut self) -> String {
        self.requests += 1;
        self.requests.to_string()
    }
}

/// As a session answers, but that nothing is sent to anybody.
fn answer(request_id: &str, request: &AgentRequest) -> Vec<u8> {
    match request {
        AgentRequest::CanUseTool(permission) => wire::allow(request_id, &permission.input),
        AgentRequest::Hook(_) => wire::hook_answer(request_id, HookAnswer::Pass),
        AgentRequest::Mcp { server, message } if server == TOOL_SERVER => {
            match tools::read(PROFILE, message) {
                Asked::Answer(answer) => wire::mcp_answer(request_id, &answer),
                Asked::Call { id, .. } => wire::mcp_answer(request_id, &sent(&id)),
            }
        }
        AgentRequest::Mcp { message, .. } => {
            wire::mcp_answer(request_id, &tools::no_such_server(message))
        }
        AgentRequest::Unknown { subtype } => {
            wire::refuse(request_id, &format!("unsupported request: {subtype}"))
        }
    }
}

fn sent(id: &Value) -> Value {
    let content = json!([{"type": "text", "text": SENT}]);
    json!({"jsonrpc": "2.0", "id": id, "result": {"content": content, "isError": false}})
}

fn reason(result: TurnResult) -> String {
    result.terminal_reason.unwrap_or(result.subtype)
}

fn shown(exit: Option<Exit>) -> String {
    exit.map_or_else(|| "closed".to_owned(), |exit| exit.to_string())
}

async fn in_time<T>(
    most: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T, AgentTrouble>>,
) -> Result<T, AgentTrouble> {
    timeout(most, work).await.unwrap_or(Err(AgentTrouble::Late(what)))
}
