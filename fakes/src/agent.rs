//! The agent program as a state machine: lines in, lines out, timers as data.
//!
//! ```text
//!            initialize                  user line                 nothing waits, stdin ended
//!  silent ──────────────> idle <───────────────────────────┐  ┌─────────────────────────────> gone
//!    │  (handshake with    │                               │  │
//!    │   the tool servers) v                               │  │
//!    │              prompt hook ─> tool list ─> asking ────┼──┘
//!    │                                          │  ^       │ result
//!    │                           retry, stream  v  │       │
//!    │                                       calling ──> stop hook
//!    │                             (hook, permission, run; then fold what arrived)
//!    └─ unknown session, bad line ─> gone
//! ```
//!
//! The same machine stands behind [`crate::FakeSdkClient`] and `fake-claude`; what differs is who
//! carries out its [`Action`]s. What it says was measured on version 2.1.330 of the real program.
//!
//! Absent: subagents, slash commands, compaction, and the fields of frames that
//! no host needs.

mod action;
mod answers;
mod asks;
mod background;
mod calls;
mod control;
mod frames;
mod hooks;
mod input;
mod interrupt;
mod options;
mod outlet;
mod partial;
mod permission;
mod queue;
mod simulated;
mod turn;
mod upstream;
mod verdicts;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::model::{Entry, Tally};
use asks::{Asks, Server};
use background::Task;
use hooks::Hooks;
use outlet::Outlet;
use queue::{Priority, Queue};
use turn::Turn;

pub use action::{Action, Ended, Event, Job, Signal};
pub use options::{Answers, Branch, Exit, Options, Shell, VERSION, default_tools};

/// The exit code of a strict agent that met what it cannot check.
pub const EXIT_STRICT: i32 = 3;

/// What a timer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Timer {
    Chunk,
    Retry,
    Job(u64),
    Hook(String),
}

/// One run of the agent program.
#[derive(Debug)]
pub struct Agent {
    options: Options,
    now: Duration,
    session_id: String,
    conversation: Vec<Entry>,
    /// Ids of messages that are not taken again, from this run and from the remembered one.
    known: HashSet<String>,
    recalled: HashSet<String>,
    refusal: Option<String>,
    /// The id of the `initialize` request that waits for the tool servers.
    opening: Option<String>,
    servers: Vec<Server>,
    hooks: Hooks,
    asks: Asks,
    queue: Queue,
    turn: Option<Turn>,
    tasks: Vec<Task>,
    notices: VecDeque<background::Notice>,
    turns: u32,
    results: u32,
    model_calls: u32,
    jobs: u64,
    simulated_ends: HashMap<u64, Ended>,
    tally: Tally,
    timers: Vec<(Duration, Timer)>,
    deeds: VecDeque<Action>,
    outlet: Outlet,
    ended_badly: bool,
    stdin_ended: bool,
    gone: bool,
}

impl Agent {
    /// Sets an agent up; it says nothing before it is spoken to, unless its arguments are refused.
    pub fn new(options: Options) -> Self {
        let fresh = || Uuid::new_v4().to_string();
        let own = options.session_id.clone();
        let from = options.resume.clone().or_else(|| own.clone()).unwrap_or_else(fresh);
        let remembered = options.memory.load(&from);
        let session_id = if options.branch == Branch::Fork && remembered.is_some() {
            own.unwrap_or_else(fresh)
        } else {
            from
        };
        let mut agent = Self {
            now: Duration::ZERO,
            recalled: recalled(remembered.as_deref().unwrap_or_default()),
            known: HashSet::new(),
            refusal: None,
            opening: None,
            servers: options.servers.iter().map(|name| Server::new(name)).collect(),
            hooks: Hooks::default(),
            asks: Asks::default(),
            queue: Queue::default(),
            turn: None,
            tasks: Vec::new(),
            notices: VecDeque::new(),
            turns: 0,
            results: 0,
            model_calls: 0,
            jobs: 0,
            simulated_ends: HashMap::new(),
            tally: Tally::default(),
            timers: Vec::new(),
            deeds: VecDeque::new(),
            outlet: Outlet::new(options.scenario.clone(), options.holds),
            ended_badly: false,
            stdin_ended: false,
            gone: false,
            conversation: Vec::new(),
            session_id,
            options,
        };
        agent.open(remembered);
        agent
    }

    /// Takes the remembered conversation up, or refuses to start.
    fn open(&mut self, remembered: Option<Vec<Entry>>) {
        let known = remembered.is_some();
        let conversation = remembered.unwrap_or_default();
        if self.options.branch == Branch::Fork {
            // The new session remembers what the old one did, and both go their ways.
            for entry in conversation {
                self.remember(entry);
            }
        } else {
            self.conversation = conversation;
        }
        if self.options.resume.is_some() && !known {
            self.refusal = Some(if Uuid::parse_str(&self.session_id).is_ok() {
                format!("No conversation found with session ID: {}", self.session_id)
            } else {
                format!(
                    "Error: --resume requires a valid session ID or session title when used with \
                     --print. Usage: claude -p --resume <session-id|title>. Provided value \"{}\" \
                     is not a UUID and does not match any session title.",
                    self.session_id
                )
            });
        } else if self.options.resume.is_none() && known {
            let id = &self.session_id;
            self.outlet.complain(format!("Error: Session ID {id} is already in use."));
            self.leave(Exit::code(1));
        }
    }

    /// Takes one event at `now` (time since the start). It never waits.
    pub fn handle(&mut self, now: Duration, event: Event) {
        self.now = now;
        if self.gone && !matches!(event, Event::Signal(_)) {
            return;
        }
        match event {
            Event::Line(line) => self.hear(&line),
            Event::End => self.hear_end(),
            Event::Finished { key, ended } => self.job_ended(key, &ended),
            Event::Signal(signal) => self.take_signal(signal),
        }
        self.settle();
    }

    /// Does what was to be done at or before `now`; too early, nothing.
    pub fn handle_deadline(&mut self, now: Duration) {
        self.now = now;
        while let Some(at) = self.timers.iter().position(|(due, _)| *due <= now) {
            if self.gone {
                return;
            }
            let (_, timer) = self.timers.swap_remove(at);
            match timer {
                Timer::Chunk => self.stream_chunk(),
                Timer::Retry => self.ask_model(),
                Timer::Job(key) => self.simulated_job_ended(key),
                Timer::Hook(request) => self.hook_timed_out(&request),
            }
            self.settle();
        }
    }

    /// The next thing to do, in order.
    pub fn poll_action(&mut self) -> Option<Action> {
        if self.outlet.is_closed() {
            return None;
        }
        self.deeds.pop_front().or_else(|| self.outlet.poll(self.now))
    }

    /// When to call [`Self::handle_deadline`] next.
    pub fn deadline(&self) -> Option<Duration> {
        let timers = self.timers.iter().map(|(due, _)| *due);
        timers.chain(self.outlet.deadline()).min()
    }

    fn timer(&mut self, after: Duration, timer: Timer) {
        self.timers.push((self.now + after, timer));
    }

    fn cancel_timer(&mut self, timer: &Timer) {
        self.timers.retain(|(_, other)| other != timer);
    }

    /// Writes a line that carries no identity of its own.
    fn emit(&mut self, line: &Value) {
        self.outlet.line(self.turns, line);
    }

    /// Writes a message: a line with an id of its own and that of the session.
    fn emit_message(&mut self, mut line: Value) {
        line["uuid"] = json!(Uuid::new_v4().to_string());
        line["session_id"] = json!(self.session_id);
        self.emit(&line);
    }

    fn remember(&mut self, entry: Entry) {
        self.deeds.push_back(Action::Remember(self.session_id.clone(), entry.clone()));
        self.conversation.push(entry);
    }

    /// Ends after everything that is still to be written.
    fn leave(&mut self, exit: Exit) {
        self.gone = true;
        self.outlet.leave(exit);
    }

    /// A strict agent stops at what it cannot check; another one goes on.
    fn complain(&mut self, complaint: String) {
        if self.options.strict && !self.gone {
            self.outlet.complain(format!("fake-claude is strict: {complaint}"));
            self.leave(Exit { code: EXIT_STRICT, signal: None, complaint: Some(complaint) });
        }
    }

    /// Starts what waits, turn after turn; when nothing is owed and stdin has ended, leaves.
    fn settle(&mut self) {
        while !self.gone && self.turn.is_none() && self.opening.is_none() {
            if !self.queue.is_empty() {
                let told = self.queue.take_turn();
                self.start_turn(&told);
            } else if let Some(notice) = self.notices.pop_front() {
                self.start_injected_turn(notice);
            } else if self.stdin_ended && self.tasks.is_empty() {
                self.outlet.hold(self.options.holds.exit);
                self.leave(Exit::code(i32::from(self.ended_badly)));
            } else {
                return;
            }
        }
    }

    fn take_signal(&mut self, signal: Signal) {
        for key in self.running_jobs() {
            self.deeds.push_back(Action::Kill { key });
        }
        self.gone = true;
        let code = match signal {
            Signal::Terminate => 143,
            Signal::Interrupt => 0,
        };
        self.outlet.leave_now(Exit::code(code));
    }

    /// The keys of the jobs that run now.
    fn running_jobs(&self) -> Vec<u64> {
        let call = self.turn.as_ref().and_then(Turn::running_job);
        self.tasks.iter().map(|task| task.key).chain(call).collect()
    }
}

/// The ids of a remembered conversation that are not taken again: a prompt counts once anything
/// stands behind it.
fn recalled(conversation: &[Entry]) -> HashSet<String> {
    conversation
        .iter()
        .zip(conversation.iter().skip(1))
        .filter_map(|(entry, next)| match (entry, next) {
            (Entry::Prompt { .. }, Entry::Prompt { .. }) => None,
            (Entry::Prompt { uuids, .. }, _) => Some(uuids.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests;
