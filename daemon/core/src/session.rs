//! One session: our side of one conversation, with at most one agent alive.
//!
//! ```text
//!                    work                slot               up
//!   asleep ────────────────> awaiting ────────> launching ──────> alive
//!     ^ ^                     slot  ^               │               │ idle, evicted, restarted,
//!     │ └── wait over, no work      │ wait over     │ failed        │ killed, shutting down
//!     │                             │               v               v
//!     └───────────────────────── waiting <──── (error count) <── closing ──> ended
//!                                   ^ revived       │ third in a row
//!                                   └──── dead <────┘
//! ```
//!
//! Rows are pulled from the store, never pushed: a hint says that there may be some. What an
//! agent was given is *in flight* until a result lists it. Whenever an agent ends, what is in
//! flight goes back to its place in the queue and is delivered again, marked.
//!
//! Absent: the wire, UUIDs, durability, processes. The driver carries the actions out in order and
//! tells what came of them.

mod action;
mod anew;
mod attempt;
mod beginning;
mod closing;
mod command;
mod event;
mod queue;
mod turn;

use std::collections::VecDeque;

pub use action::{Action, Report, Start};
pub use attempt::{AttemptNo, Closed, Counted, Delivered, Delivery, Failure, Memory, Settlement};
pub use beginning::{Beginning, Conversation};
pub use closing::{Closing, ClosingStep, Pending};
pub use event::{Cause, Command, Event, Hold};
pub use queue::Owed;
pub use turn::{Activity, TurnFacts, TurnOutcome, classify};

use crate::backoff::{AfterError, Backoff, Revival, turn_wait};
use crate::limits::{
    DEAD_RETRY_AFTER, ERROR_WAIT_STEP, FULL_TURNS_MAX, IDLE_MAX, IDLE_SETTLE, LAUNCH_MAX,
};
use crate::time::{Deadline, Monotonic};
use anew::Content;
use queue::{Fault, Queue};
use turn::Turn;

/// Where the session stands, for views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No agent, and none needed.
    Asleep,
    /// Work, but an error or a full roster in the way.
    Waiting,
    /// The agent is starting.
    Starting,
    /// The agent has nothing to do.
    Idle,
    /// The agent has nothing to do, as its last turn failed: what it owes is tried again in a while.
    Resting,
    /// The agent works.
    Busy,
    /// The agent is being ended.
    Closing,
    /// Too many errors.
    Dead,
    /// Over.
    Ended,
}

#[derive(Debug)]
enum Agent {
    Asleep,
    AwaitingSlot,
    Waiting { until: Deadline },
    Dead { retry_at: Deadline },
    Launching { deadline: Deadline },
    Alive(Turn),
    Closing(Closing, Then),
    Ended,
}

/// What follows an agent's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Sleep,
    Relaunch,
    Fail,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    No,
    AfterTurn { deadline: Deadline },
    Now,
}

/// The machine. See the module's picture.
#[derive(Debug)]
pub struct Session {
    agent: Agent,
    queue: Queue,
    backoff: Backoff,
    conversation: Conversation,
    start: Start,
    content: Content,
    memory: Memory,
    hold: Hold,
    ending: Ending,
    /// An agent is wanted even without work.
    wanted: bool,
    /// Killed: no agent until the next message.
    parked: bool,
    turn_failures: u32,
    /// Turns that ended for a full conversation since one was answered.
    full_turns: u32,
    resting_until: Option<Deadline>,
    /// Attempts that the store has not confirmed. No others follow before: if it refuses these, the
    /// next would overtake them.
    beginning: Vec<AttemptNo>,
    /// What these would have said of the agent's memory.
    memory_said: Memory,
    turns_ended: u64,
    actions: VecDeque<Action>,
}

impl Session {
    /// A session without an agent, that has yet to look at its rows.
    pub fn new(beginning: Beginning) -> Self {
        let mut session = Self {
            agent: Agent::Asleep,
            queue: Queue::new(),
            backoff: Backoff::default(),
            conversation: beginning.conversation,
            start: beginning.start(),
            content: Content::of(beginning.start()),
            memory: Memory::Kept,
            hold: beginning.hold,
            ending: Ending::No,
            wanted: false,
            parked: false,
            turn_failures: 0,
            full_turns: 0,
            resting_until: None,
            beginning: Vec::new(),
            memory_said: Memory::Kept,
            turns_ended: 0,
            actions: VecDeque::new(),
        };
        session.fetch();
        session
    }

    /// Takes an event in. Never waits.
    pub fn handle(&mut self, now: Monotonic, event: Event) {
        if matches!(self.agent, Agent::Ended) {
            return;
        }
        if let Agent::Alive(turn) = &mut self.agent {
            turn.touch(now);
        }
        match event {
            Event::Routed => self.on_routed(now),
            Event::Fetched { rows, more_after } => self.queue.fetched(&rows, more_after),
            Event::FetchFailed => {
                self.queue.fetch_failed();
                self.rest(now + ERROR_WAIT_STEP);
            }
            Event::SlotGranted => self.on_slot(now),
            Event::Ready => self.on_ready(now),
            Event::ResumeRefused => self.on_resume_refused(now),
            Event::Begun { finished } => {
                // The first of them says it. If that one came to nothing, the next to go does.
                let said_by = std::mem::take(&mut self.beginning).into_iter().next();
                if said_by.is_some_and(|attempt| finished.contains(&attempt)) {
                    self.memory = self.memory_said;
                }
                self.queue.gone(&finished);
            }
            Event::NotBegun => {
                let attempts = std::mem::take(&mut self.beginning);
                self.queue.not_begun(&attempts);
                self.memory = self.memory_said;
                self.rest(now + ERROR_WAIT_STEP);
            }
            Event::Seen(attempt) => self.queue.seen(attempt),
            Event::Cancelled(attempt) => self.take_back(&[attempt], Closed::Interrupted),
            Event::Activity(activity) => self.on_activity(now, activity),
            Event::Tasks(tasks) => self.with_turn(|turn| turn.set_tasks(tasks)),
            Event::Stirred => {}
            Event::TurnEnded(listed, outcome) => self.on_turn_ended(now, &listed, outcome),
            Event::LaunchFailed => self.on_exited(now, Cause::ByItself),
            Event::Exited(cause) => self.on_exited(now, cause),
            Event::Hold(hold) => self.hold = hold,
            Event::Command(command) => self.on_command(now, command),
        }
        self.advance(now);
    }

    /// Acts on whatever is due. Early is a no-op.
    pub fn handle_deadline(&mut self, now: Monotonic) {
        if self.resting_until.is_some_and(|until| until <= now) {
            self.resting_until = None;
        }
        match self.agent {
            Agent::Waiting { until } if until <= now => self.agent = Agent::Asleep,
            Agent::Dead { retry_at } if retry_at <= now && self.has_work() => self.revive(now),
            Agent::Launching { deadline } if deadline <= now => {
                self.close(now, Pending::Deaf, Then::Fail);
            }
            Agent::Closing(ref mut closing, _) => closing.handle_deadline(now),
            Agent::Alive(_) => self.on_alive_deadline(now),
            _ => {}
        }
        self.advance(now);
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        if let Agent::Closing(closing, _) = &mut self.agent
            && self.actions.is_empty()
            && let Some(step) = closing.poll_step()
        {
            return Some(Action::Close(step));
        }
        self.actions.pop_front()
    }

    /// When `handle_deadline` is wanted next.
    pub fn deadline(&self) -> Option<Deadline> {
        let own = match &self.agent {
            Agent::Waiting { until } => Some(*until),
            Agent::Dead { retry_at } if self.has_work() => Some(*retry_at),
            Agent::Launching { deadline } => Some(*deadline),
            Agent::Closing(closing, _) => closing.deadline(),
            Agent::Alive(turn) => self.alive_deadline(turn),
            _ => None,
        };
        [own, self.resting_until].into_iter().flatten().min()
    }

    /// Where the session stands.
    pub fn standing(&self) -> Standing {
        match &self.agent {
            Agent::Asleep if self.has_work() || self.has_to_try_again() => Standing::Waiting,
            Agent::Asleep => Standing::Asleep,
            Agent::AwaitingSlot | Agent::Waiting { .. } => Standing::Waiting,
            Agent::Dead { .. } => Standing::Dead,
            Agent::Launching { .. } => Standing::Starting,
            Agent::Alive(turn) if self.queue.in_flight() == 0 && turn.is_quiet() => {
                if self.is_resting() { Standing::Resting } else { Standing::Idle }
            }
            Agent::Alive(_) => Standing::Busy,
            Agent::Closing(..) => Standing::Closing,
            Agent::Ended => Standing::Ended,
        }
    }

    /// Rows known to be owed, waiting or in flight.
    pub fn owed(&self) -> usize {
        self.queue.len()
    }

    /// Turns that ended so far.
    pub fn turns_ended(&self) -> u64 {
        self.turns_ended
    }

    fn on_routed(&mut self, now: Monotonic) {
        self.queue.hint();
        self.parked = false;
        if matches!(self.agent, Agent::Dead { .. }) {
            self.revive(now);
        }
    }

    fn on_slot(&mut self, now: Monotonic) {
        if matches!(self.agent, Agent::AwaitingSlot) && self.has_work() {
            self.agent = Agent::Launching { deadline: now + LAUNCH_MAX };
            self.content = self.content.after(self.start);
            self.wanted = false;
            self.actions.push_back(Action::Launch(self.start));
        } else {
            self.give_slot_back();
        }
    }

    fn on_ready(&mut self, now: Monotonic) {
        if matches!(self.agent, Agent::Launching { .. }) {
            self.agent = Agent::Alive(Turn::new(now));
        }
    }

    fn on_activity(&mut self, now: Monotonic, activity: Activity) {
        self.with_turn(|turn| turn.set(now, activity));
        if let (Agent::Closing(closing, _), Activity::Idle) = (&mut self.agent, activity) {
            closing.quiet(now);
        }
    }

    fn on_turn_ended(&mut self, now: Monotonic, listed: &[AttemptNo], outcome: TurnOutcome) {
        self.turns_ended += 1;
        let attempts = self.queue.known(listed);
        let closing = matches!(self.agent, Agent::Closing(..));
        let failed = Report::TurnFailed;
        let (fault, report) = match outcome {
            TurnOutcome::Answered => {
                self.backoff.succeed();
                self.turn_failures = 0;
                self.full_turns = 0;
                self.content = Content::Turns;
                let settlement = self.queue.answered(&attempts);
                return self.settle(settlement);
            }
            TurnOutcome::Interrupted if closing => {
                return self.take_back(&attempts, Closed::Interrupted);
            }
            TurnOutcome::Interrupted => {
                (Fault::OfTheRow, failed("interrupted by itself".to_owned()))
            }
            TurnOutcome::Elsewhere(reason) => (Fault::Elsewhere, Report::TurnNotServed(reason)),
            TurnOutcome::Full => (self.on_full(), failed("prompt too long".to_owned())),
            TurnOutcome::Permanent(reason) => (Fault::Permanent(reason.clone()), failed(reason)),
            TurnOutcome::Failed(reason) => (Fault::OfTheRow, failed(reason)),
        };
        let settlement = self.queue.failed(&attempts, Closed::TurnFailed, &fault);
        self.settle(settlement);
        self.actions.push_back(Action::Report(report));
        if !matches!(fault, Fault::Permanent(_)) {
            self.turn_failures += 1;
            self.rest(now + turn_wait(self.turn_failures));
        }
        if self.full_turns == FULL_TURNS_MAX {
            self.begin_anew(now);
        }
    }

    /// The agent is gone. What was in flight goes back; it counts only if nobody ended the agent.
    fn on_exited(&mut self, now: Monotonic, cause: Cause) {
        let attempts = self.queue.all_in_flight();
        let (then, settlement) = match &self.agent {
            Agent::Closing(_, then) => {
                (*then, self.queue.taken_back(&attempts, Closed::Interrupted))
            }
            // An error all the same: whoever asks again and again is not met with an agent each
            // time, and the wait leaves room for the order that explains it.
            Agent::Alive(_) if cause == Cause::Asked => {
                (Then::Fail, self.queue.taken_back(&attempts, Closed::AgentEnded))
            }
            Agent::Alive(_) | Agent::Launching { .. } => {
                (Then::Fail, self.queue.failed(&attempts, Closed::AgentEnded, &Fault::OfTheRow))
            }
            _ => return,
        };
        self.settle(settlement);
        self.actions.push_back(Action::ReleaseSlot);
        self.agent = Agent::Asleep;
        match then {
            Then::Sleep | Then::End => {}
            Then::Relaunch => self.wanted = true,
            Then::Fail => self.on_error(now),
        }
    }

    fn on_error(&mut self, now: Monotonic) {
        self.agent = match self.backoff.fail(now) {
            AfterError::Wait(until) => Agent::Waiting { until },
            AfterError::Dead => {
                self.actions.push_back(Action::Report(Report::Dead));
                Agent::Dead { retry_at: now + DEAD_RETRY_AFTER }
            }
        };
    }

    fn revive(&mut self, now: Monotonic) {
        self.agent = match self.backoff.revive(now) {
            Revival::Granted => Agent::Asleep,
            Revival::OpenUntil(retry_at) => {
                self.actions.push_back(Action::Report(Report::CircuitOpen(retry_at)));
                Agent::Dead { retry_at }
            }
        };
    }

    fn on_alive_deadline(&mut self, now: Monotonic) {
        let Agent::Alive(turn) = &self.agent else { return };
        if self.alive_deadline(turn).is_none_or(|deadline| now < deadline) {
            return;
        }
        if self.queue.in_flight() == 0 {
            if self.ending == Ending::No && turn.is_quiet() {
                self.close(now, Pending::Nothing, Then::Sleep);
            }
        } else if turn.is_quiet() && turn.quiet_since() + IDLE_SETTLE <= now {
            // The program says it owes nothing, and has read what we still wait for.
            let forgotten = self.queue.all_seen();
            let settlement = self.queue.failed(&forgotten, Closed::Forgotten, &Fault::OfTheRow);
            self.settle(settlement);
        }
    }

    fn alive_deadline(&self, turn: &Turn) -> Option<Deadline> {
        let ending = match self.ending {
            Ending::AfterTurn { deadline } => Some(deadline),
            _ => None,
        };
        let own = if !turn.is_quiet() {
            None
        } else if self.queue.in_flight() == 0 {
            (self.queue.waiting() == 0).then(|| turn.quiet_since() + IDLE_MAX)
        } else {
            self.queue.any_seen().then(|| turn.quiet_since() + IDLE_SETTLE)
        };
        [ending, own].into_iter().flatten().min()
    }

    /// Whatever can go on, goes on.
    fn advance(&mut self, now: Monotonic) {
        self.end_if_asked(now);
        if self.ending != Ending::No {
            return;
        }
        self.fetch();
        match &self.agent {
            Agent::Asleep if self.has_work() && self.resting_until.is_none() => {
                self.agent = Agent::AwaitingSlot;
                self.actions.push_back(Action::AskSlot);
            }
            Agent::Alive(_) if self.may_deliver() => self.deliver(now),
            _ => {}
        }
    }

    fn give_slot_back(&mut self) {
        self.actions.push_back(Action::ReleaseSlot);
        if matches!(self.agent, Agent::AwaitingSlot) {
            self.agent = Agent::Asleep;
        }
    }

    fn end(&mut self) {
        self.agent = Agent::Ended;
        self.resting_until = None;
        self.actions.push_back(Action::End);
    }

    fn fetch(&mut self) {
        if self.resting_until.is_none()
            && let Some((after, room)) = self.queue.take_fetch()
        {
            self.actions.push_back(Action::Fetch(after, room));
        }
    }

    fn has_work(&self) -> bool {
        let rows = 0 < self.queue.len() && self.hold == Hold::Released && !self.parked;
        self.wanted || rows
    }

    /// Whether what it owes went wrong the last time, and is tried again as soon as it may be.
    fn has_to_try_again(&self) -> bool {
        let failed = 0 < self.turn_failures || 0 < self.backoff.errors();
        failed && 0 < self.queue.waiting() && !self.parked
    }

    /// Whether it waits after a turn that failed. Only that: what the store refuses is the daemon's own
    /// trouble.
    fn is_resting(&self) -> bool {
        let waits = self.resting_until.is_some() && 0 < self.turn_failures;
        waits || self.has_to_try_again()
    }

    fn may_deliver(&self) -> bool {
        let free = self.beginning.is_empty() && self.resting_until.is_none();
        free && self.hold == Hold::Released && !self.parked
    }

    fn deliver(&mut self, now: Monotonic) {
        let taken = self.queue.take_deliveries();
        if taken.is_empty() {
            return;
        }
        self.beginning = taken.iter().map(|&(attempt, ..)| attempt).collect();
        if self.conversation == Conversation::OfTheChat {
            // From the first delivery on there is a conversation to come back to.
            self.start = Start::Resume;
        }
        self.memory_said = self.memory;
        let deliveries = taken.into_iter().map(|(attempt, row, delivery)| Delivered {
            attempt,
            row,
            delivery,
            memory: std::mem::replace(&mut self.memory, Memory::Kept),
        });
        self.actions.push_back(Action::Deliver(deliveries.collect()));
        self.with_turn(|turn| turn.touch(now));
    }

    fn close_gently(&mut self, now: Monotonic, then: Then) {
        let pending = match &self.agent {
            Agent::Launching { .. } => Pending::Deaf,
            Agent::Alive(turn) if turn.activity() != Activity::Idle => Pending::Turn,
            // Something was written and may not have begun yet.
            Agent::Alive(_) if 0 < self.queue.in_flight() => Pending::Turn,
            Agent::Alive(turn) if !turn.tasks().is_empty() => Pending::Tasks,
            Agent::Alive(_) => Pending::Nothing,
            _ => return,
        };
        self.close(now, pending, then);
    }

    fn close(&mut self, now: Monotonic, pending: Pending, then: Then) {
        let tasks = match &self.agent {
            Agent::Alive(turn) => turn.tasks().iter().cloned().collect(),
            Agent::Launching { .. } => Vec::new(),
            _ => return,
        };
        let mut closing = Closing::begin(now, pending, tasks);
        if self.ending == Ending::Now {
            closing.hurry(now);
        }
        self.agent = Agent::Closing(closing, then);
    }

    fn take_back(&mut self, attempts: &[AttemptNo], closed: Closed) {
        let attempts = self.queue.known(attempts);
        let settlement = self.queue.taken_back(&attempts, closed);
        self.settle(settlement);
    }

    fn settle(&mut self, settlement: Settlement) {
        if settlement.is_empty() {
            return;
        }
        let dropped = settlement.failed.clone();
        self.actions.push_back(Action::Settle(settlement));
        let reports = dropped.into_iter().map(|(row, why)| Report::Dropped(row, why));
        self.actions.extend(reports.map(Action::Report));
    }

    fn rest(&mut self, until: Deadline) {
        self.resting_until = Some(self.resting_until.map_or(until, |at| at.max(until)));
    }

    fn with_turn(&mut self, change: impl FnOnce(&mut Turn)) {
        if let Agent::Alive(turn) = &mut self.agent {
            change(turn);
        }
    }
}

#[cfg(test)]
mod tests;
