//! The driver of one session: carries out what the core's machine decides, and tells it what came
//! of it. Only this task touches the session's agent.
//!
//! ```text
//!   orders, routed ──┐                      ┌── store (fetch, begin, settle)
//!   frames ──────────┼──> machine ──> acts ─┼── agent (lines, signals)
//!   deadline ────────┤                      ├── calls (our tools, each a task of the session)
//!   launch, calls ───┘                      └── news (to the supervisor)
//! ```
//!
//! Two rules keep it from hanging: lines go to the agent through a `reserve` arm of the same select
//! that takes its frames; and whatever may take long (starting, prompts, tools) runs in a task that
//! the session owns and listens to.

pub(crate) mod agent;
mod delivery;
pub(crate) mod frames;
mod launch;
mod outcomes;
mod rights;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use assistant_core::access::Profile;
use assistant_core::message::RowId;
use assistant_core::roster::SessionRow;
use assistant_core::session::{
    Action, AttemptNo, Beginning, Cause, ClosingStep, Command, Conversation, Event, Hold, Report,
    Session, Standing, Start,
};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::claude::wire;
use crate::store::{Pending, SessionRecord};
use crate::transcript::{self, Transcript};
use agent::Agent;
use launch::{Launched, Refused};
use outcomes::Outcomes;

pub(crate) use launch::{Spawner, Surroundings};

/// Orders that wait for a session. It takes them at once; a full queue means that it hangs.
pub(crate) const ORDERS_WAITING_MAX: usize = 32;

/// What the supervisor wants of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// There is room for its agent.
    SlotGranted,
    /// Something that the machine knows.
    Command(Command),
}

/// Something that a session tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    /// Which session.
    pub(crate) session: SessionRow,
    /// What.
    pub(crate) kind: NewsKind,
}

/// What a session tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewsKind {
    /// It wants an agent.
    SlotAsked,
    /// It has none any more.
    SlotReleased,
    /// Its agent has nothing to do.
    Idle,
    /// Its agent works.
    Busy,
}

/// What anyone may know of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Where it stands.
    pub(crate) standing: Standing,
    /// Turns ended.
    pub(crate) turns: u64,
    /// Rows owed, waiting or in flight.
    pub(crate) owed: usize,
    /// When something happened last, since the daemon's origin.
    pub(crate) active_at: Duration,
    /// The agent's process.
    pub(crate) agent_pid: Option<u32>,
    /// The conversation's id.
    pub(crate) agent_session: Option<String>,
}

impl Facts {
    /// Of a session that has not begun.
    pub(crate) fn new(record: &SessionRecord) -> Self {
        Self {
            standing: Standing::Asleep,
            turns: 0,
            owed: 0,
            active_at: Duration::ZERO,
            agent_pid: None,
            agent_session: record.agent_session.clone(),
        }
    }
}

/// The ends by which a session hangs together with the supervisor.
#[derive(Debug)]
pub(crate) struct Strings {
    /// What it is told.
    pub(crate) orders: mpsc::Receiver<Order>,
    /// Whether delivery is held. What stands, not what was said: it cannot be missed.
    pub(crate) hold: watch::Receiver<Hold>,
    /// Changes when rows were routed to it. Many changes are one.
    pub(crate) routed: watch::Receiver<u64>,
    /// What it tells.
    pub(crate) news: mpsc::Sender<News>,
    /// What it shows.
    pub(crate) facts: watch::Sender<Facts>,
}

/// Runs a session until it is asked to end.
pub(crate) async fn run(
    record: SessionRecord,
    profile: Profile,
    surroundings: Arc<Surroundings>,
    mut strings: Strings,
) {
    let hold = *strings.hold.borrow_and_update();
    let start = if record.agent_session.is_some() { Start::Resume } else { Start::Fresh };
    let (conversation, hold) = match profile {
        Profile::Admin => (Conversation::OfTheChat, hold),
        // What the harness checks with passes a hold, and no check is answered out of the memory
        // of an earlier one.
        Profile::Harness => (Conversation::OfTheAgent, Hold::Released),
    };
    let transcript = Transcript::open(&surroundings.home.transcript(record.row.0))
        .inspect_err(|error| error!(session = record.row.0, %error, "no transcript"))
        .ok();
    let driver = Driver {
        machine: Session::new(Beginning { conversation, start, hold }),
        agent_session: record.agent_session.clone(),
        fresh: None,
        record,
        profile,
        surroundings,
        strings,
        transcript,
        agent: None,
        launching: JoinSet::new(),
        calls: JoinSet::new(),
        open_calls: BTreeMap::new(),
        sent_in_turn: false,
        outgoing: VecDeque::new(),
        input_ends: false,
        pending: BTreeMap::new(),
        attempts: BTreeMap::new(),
        outcomes: Outcomes::default(),
        requests: 0,
        course: Course::Supervised,
        told: None,
    };
    driver.run().await;
}

struct Driver {
    machine: Session,
    record: SessionRecord,
    profile: Profile,
    surroundings: Arc<Surroundings>,
    strings: Strings,
    transcript: Option<Transcript>,
    agent: Option<Agent>,
    /// The id to resume by.
    agent_session: Option<String>,
    /// The id that the present agent was started with, until it is durable.
    fresh: Option<String>,
    launching: JoinSet<Result<Launched, Refused>>,
    calls: JoinSet<frames::Answered>,
    /// Requests of the program that a call will answer; withdrawn ones are taken out.
    open_calls: BTreeMap<String, Id>,
    /// Whether the running turn sent anything to the person.
    sent_in_turn: bool,
    /// Lines that the agent has no room for yet: at most one per attempt in flight and request open.
    outgoing: VecDeque<Vec<u8>>,
    /// Its input is closed once `outgoing` is empty.
    input_ends: bool,
    /// Rows fetched and not finished.
    pending: BTreeMap<RowId, Pending>,
    attempts: BTreeMap<AttemptNo, delivery::OnItsWay>,
    /// What became of attempts, until the store has it.
    outcomes: Outcomes,
    requests: u64,
    course: Course,
    /// Whether the roster knows the agent as idle.
    told: Option<NewsKind>,
}

/// Where the driver is between its beginning and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// It takes orders.
    Supervised,
    /// The supervisor is gone; what is left is to end the agent.
    Orphaned,
    /// The machine is over.
    Ended,
}

/// What the select of [`Driver::run`] came back with.
enum Woken {
    Order(Option<Order>),
    Held(Result<(), watch::error::RecvError>),
    Routed(Result<(), watch::error::RecvError>),
    Launched(Box<Result<Launched, Refused>>),
    Agent(agent::Heard),
    Called(Result<frames::Answered, JoinError>),
    OutcomesDue,
    Deadline,
}

impl Driver {
    async fn run(mut self) {
        self.act().await;
        while self.course != Course::Ended {
            let woken = self.wait().await;
            self.take(woken).await;
            self.act().await;
        }
        self.record_last_outcomes().await;
        self.publish();
        info!(session = self.record.row.0, "session ended");
    }

    /// Waits for the next thing to happen. Every arm is cancel-safe.
    async fn wait(&mut self) -> Woken {
        let deadline = self.machine.deadline();
        let clock = self.surroundings.clock;
        let supervised = self.course == Course::Supervised;
        let agent = agent::hear(self.agent.as_mut(), &mut self.outgoing, self.input_ends);
        tokio::select! {
            order = self.strings.orders.recv(), if supervised => Woken::Order(order),
            held = self.strings.hold.changed(), if supervised => Woken::Held(held),
            routed = self.strings.routed.changed(), if supervised => Woken::Routed(routed),
            Some(launched) = self.launching.join_next(), if !self.launching.is_empty() => {
                let launched = launched.unwrap_or_else(|cut| Err(Refused::panicked(&cut)));
                Woken::Launched(Box::new(launched))
            }
            Some(called) = self.calls.join_next_with_id(), if !self.calls.is_empty() => {
                Woken::Called(called.map(|(_, answered)| answered))
            }
            heard = agent => Woken::Agent(heard),
            () = self.outcomes.due() => Woken::OutcomesDue,
            () = clock.sleep_until(deadline) => Woken::Deadline,
        }
    }

    async fn take(&mut self, woken: Woken) {
        match woken {
            Woken::Order(Some(order)) => {
                // Who is put away because delivery is held must not begin anew first.
                self.heed_hold();
                self.obey(order);
            }
            Woken::Held(Ok(())) => self.take_hold(),
            // The supervisor is gone: so is the daemon, in a moment.
            Woken::Order(None) | Woken::Held(Err(_)) | Woken::Routed(Err(_)) => {
                self.course = Course::Orphaned;
                self.tell(Event::Command(Command::EndNow));
            }
            Woken::Routed(Ok(())) => {
                // What was ordered before the message came is not about it: a kill taken up after
                // it would leave it waiting for another.
                self.heed_hold();
                while let Ok(order) = self.strings.orders.try_recv() {
                    self.obey(order);
                }
                self.surroundings.store.touch(self.record.row, self.surroundings.clock.now().wall);
                self.tell(Event::Routed);
            }
            Woken::Launched(launched) => self.on_launched(*launched),
            Woken::Agent(heard) => self.on_heard(heard).await,
            Woken::Called(answered) => self.on_called(answered),
            Woken::OutcomesDue => drop(self.record_outcomes().await),
            Woken::Deadline => {
                let now = self.surroundings.clock.monotonic();
                self.machine.handle_deadline(now);
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::SlotGranted => self.tell(Event::SlotGranted),
            Order::Command(command) => self.tell(Event::Command(command)),
        }
    }

    fn heed_hold(&mut self) {
        if self.strings.hold.has_changed().unwrap_or(false) {
            self.take_hold();
        }
    }

    fn take_hold(&mut self) {
        let hold = *self.strings.hold.borrow_and_update();
        if self.profile != Profile::Harness {
            self.tell(Event::Hold(hold));
        }
    }

    fn tell(&mut self, event: Event) {
        let now = self.surroundings.clock.monotonic();
        self.machine.handle(now, event);
    }

    /// Carries out everything that the machine wants, in order.
    async fn act(&mut self) {
        while let Some(action) = self.machine.poll_action() {
            match action {
                Action::Fetch(after, room) => self.fetch(after, room).await,
                Action::AskSlot => self.report_news(NewsKind::SlotAsked).await,
                Action::ReleaseSlot => self.report_news(NewsKind::SlotReleased).await,
                Action::Launch(start) => self.launch(start),
                Action::Deliver(deliveries) => self.deliver(deliveries).await,
                Action::Settle(settlement) => self.settle(settlement).await,
                Action::Close(step) => self.close(step).await,
                Action::Report(report) => self.report(&report).await,
                Action::End => self.course = Course::Ended,
            }
        }
        self.report_busy().await;
        self.publish();
    }

    async fn close(&mut self, step: ClosingStep) {
        let request = self.next_request();
        match step {
            ClosingStep::StopTask(task) => {
                self.outgoing.push_back(wire::stop_task(&request, &task));
            }
            ClosingStep::Interrupt => {
                self.outgoing.push_back(wire::interrupt(&request));
            }
            ClosingStep::CloseInput => self.input_ends = true,
            ClosingStep::Terminate => self.terminate().await,
            ClosingStep::Kill => self.kill().await,
        }
    }

    async fn terminate(&mut self) {
        if let Some(agent) = &mut self.agent {
            return agent.terminate();
        }
        // It is still being started, or has just been: whatever runs ends with its task, and is not
        // taken for the agent of a later start.
        self.launching.shutdown().await;
        self.tell(Event::Exited(Cause::Asked));
    }

    async fn kill(&mut self) {
        if let Some(agent) = &mut self.agent {
            warn!(session = self.record.row.0, "agent did not end by itself, killed");
            agent.kill().await;
        }
    }

    async fn report(&mut self, report: &Report) {
        let session = self.record.row.0;
        let what = match report {
            Report::Dead => {
                error!(session, "three errors in a row, session rests");
                "three errors in a row: the agent is not started for a while".to_owned()
            }
            Report::CircuitOpen(_) => {
                error!(session, "revived too often, circuit open");
                "revived too often: the agent is not started until messages can be tried again"
                    .to_owned()
            }
            Report::MemoryLost => {
                warn!(session, "conversation not resumed, memory begins anew");
                self.forget_conversation().await;
                "the earlier conversation could not be resumed".to_owned()
            }
            Report::ConversationFull => {
                warn!(session, "conversation full, memory begins anew");
                self.forget_conversation().await;
                "the conversation is full: another one begins".to_owned()
            }
            Report::TurnFailed(reason) => {
                warn!(session, %reason, "turn failed");
                format!("turn failed: {reason}")
            }
            Report::TurnNotServed(reason) => {
                warn!(session, %reason, "turn not served");
                let what = format!("turn not served: {reason}");
                let cause = transcript::Cause::Outside;
                return self.record_event(transcript::Event::Error { what, cause });
            }
            Report::Dropped(row, failure) => {
                error!(session, row = row.0, reason = failure.as_str(), "message dropped");
                self.pending.remove(row);
                format!("row {} given up: {}", row.0, failure.as_str())
            }
        };
        self.record_event(transcript::Event::error(what));
    }

    async fn forget_conversation(&mut self) {
        self.agent_session = None;
        let forgotten = self.surroundings.store.forget_agent_session(self.record.row).await;
        if let Err(failure) = forgotten {
            error!(session = self.record.row.0, error = %failure, "conversation not forgotten");
        }
    }

    async fn report_busy(&mut self) {
        let kind = match self.machine.standing() {
            // The agent of one that rests does nothing either, and may make room for another.
            Standing::Idle | Standing::Resting => NewsKind::Idle,
            Standing::Busy => NewsKind::Busy,
            _ => {
                self.told = None;
                return;
            }
        };
        if self.told != Some(kind) {
            self.told = Some(kind);
            self.report_news(kind).await;
        }
    }

    async fn report_news(&mut self, kind: NewsKind) {
        let session: SessionRow = self.record.row;
        // The supervisor outlives its sessions; if it is gone all the same, the orders say so.
        let _gone = self.strings.news.send(News { session, kind }).await;
    }

    fn publish(&mut self) {
        let facts = Facts {
            standing: self.machine.standing(),
            turns: self.machine.turns_ended(),
            owed: self.machine.owed(),
            active_at: self.surroundings.clock.monotonic(),
            agent_pid: self.agent.as_ref().and_then(Agent::pid),
            agent_session: self.agent_session.clone(),
        };
        self.strings.facts.send_replace(facts);
    }

    fn record_event(&mut self, event: transcript::Event) {
        if let Some(transcript) = &mut self.transcript {
            transcript.record(event);
        }
    }

    fn next_request(&mut self) -> String {
        self.requests += 1;
        format!("req_{}_{}", self.requests, Uuid::new_v4().simple())
    }
}

#[cfg(test)]
pub(crate) mod tests;
