//! What the launcher does: keeps a daemon running, restarts it into another slot, and goes back
//! when that fails.
//!
//! ```text
//!            ┌──────────────── again, or the last good slot ───────────────┐
//!            v                                                             │
//!  begin ─> starting ── ready ──> running ── ended by itself, hung ──> a crash ── nothing left ──┐
//!            │   ^                  │   ^                                                        v
//!            │   └─ deadline ─ waiting <┼───────────────────────────────────────────────── waiting
//!            │ late                 │ an order
//!            └──────> stopping <────┘
//!                        └ gone ──> starting (again | target | previous) | end
//!
//!  a restart:  armed ── switch ──> started ── confirm ──> good, over
//!                │ disarm, nobody     │ any end, late, hung, unconfirmed, nobody carries it out
//!                v                    v
//!               over             rolling back ── gone ──> looking at the database ──┐
//!                                                over <── previous ready ──────────┘
//! ```
//!
//! Before the one before is started, somebody looks whether the database is still whole, and puts
//! its backup in its place where it is not. That has no deadline here: whatever holds it up for ever
//! would do so to a daemon as well.
//!
//! Whatever a later launcher needs is written before it is done, so that one that begins after a
//! power cut decides from the files alone. It goes back whenever a target was started and nobody has
//! confirmed it.
//!
//! A target that failed is marked bad, as soon as that is known. Where it goes back because nobody
//! carries the restart out any more, the launcher died, or whoever orders it says so
//! ([`Blame::Nobody`]), nothing is known of the target: its mark stays as it was. It may be tried
//! again, and is not started by itself, for only a slot that has run well is.
//!
//! Absent: files, processes and locks; leftovers of a daemon, which are ended before
//! [`Event::Ended`] is told; and daemons of an earlier launcher, which have ended before this begins.

mod memory;
mod restart;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::time::Duration;

pub use memory::{Memory, RolledBack};
pub use words::{
    Action, Blame, Cause, Event, Order, Outcome, Pending, Phase, Proof, Refused, Runner, Standing,
};

use crate::limits::{
    CRASH_WAIT_MAX, CRASH_WINDOW, HEARTBEAT_MAX, HUNG_TERM_MAX, READY_MAX, RUNNER_GONE_GRACE,
    STOP_MARGIN,
};
use crate::time::{Deadline, Monotonic, Now};

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Until a daemon is ready.
    pub ready: Duration,
    /// Between two beats.
    pub heartbeat: Duration,
    /// For a stop in order.
    pub stop: Duration,
    /// With nobody who carries out the restart.
    pub runner_gone: Duration,
}

impl Bounds {
    /// The usual ones, with a daemon that gives itself so long to stop.
    pub fn with_shutdown(deadline: Duration) -> Self {
        Self {
            ready: READY_MAX,
            heartbeat: HEARTBEAT_MAX,
            stop: deadline + STOP_MARGIN,
            runner_gone: RUNNER_GONE_GRACE,
        }
    }
}

/// What a launcher finds when it begins.
#[derive(Debug, Clone)]
pub struct Found<S> {
    /// The slots there are.
    pub slots: BTreeMap<S, Standing>,
    /// The one that is to run.
    pub current: Option<S>,
    /// A restart that was under way.
    pub pending: Option<Pending<S>>,
    /// What an earlier launcher remembered.
    pub memory: Memory<S>,
}

/// What the daemon does, for views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It serves.
    Running,
    /// It is to end.
    Stopping,
    /// It is to be ready soon.
    Starting,
    /// Nothing can be started.
    Waiting,
    /// It goes back to the slot before.
    RollingBack,
}

/// The launcher's decisions.
#[derive(Debug)]
pub struct Keeper<S> {
    bounds: Bounds,
    slots: BTreeMap<S, Standing>,
    current: Option<S>,
    pending: Option<Pending<S>>,
    memory: Memory<S>,
    state: State<S>,
    /// An order that is answered when it has come to something.
    order: Option<Asked>,
    /// Why the restart goes back.
    why: String,
    confirm_by: Option<Deadline>,
    runner_gone_since: Option<Monotonic>,
    actions: VecDeque<Action<S>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State<S> {
    Starting {
        slot: S,
        by: Deadline,
    },
    Running {
        slot: S,
        since: Monotonic,
        beat: Monotonic,
    },
    Stopping {
        slot: S,
        kill_at: Option<Deadline>,
        next: Next<S>,
    },
    /// The target is gone; the database is looked at before anything has it open again.
    Looking {
        next: AfterLook,
    },
    Waiting {
        until: Deadline,
    },
    Over,
}

/// What follows the end of a daemon that was told to end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next<S> {
    Start(S),
    Target,
    Previous,
    Crash(String),
    Nothing,
}

/// What follows the look at the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterLook {
    Previous,
    Nothing,
}

/// What the order that is under way wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// A daemon in the slot that was wanted.
    Up,
    /// The restart to go back.
    Back,
}

impl<S: Clone + Ord + Debug> Keeper<S> {
    /// Begins with what is found, and starts a daemon.
    pub fn begin(now: Now, bounds: Bounds, found: Found<S>) -> Self {
        let Found { slots, current, pending, memory } = found;
        let mut keeper = Self {
            bounds,
            slots,
            current,
            pending,
            memory,
            state: State::Waiting { until: now.monotonic },
            order: None,
            why: String::new(),
            confirm_by: None,
            runner_gone_since: None,
            actions: VecDeque::new(),
        };
        match keeper.pending.as_ref().map(|pending| pending.phase) {
            None => keeper.start_best(now, "no slot can be started"),
            Some(Phase::Armed) => {
                keeper.end_pending();
                keeper.start_best(now, "no slot can be started");
            }
            Some(Phase::Started | Phase::RollingBack) => {
                let why = "the launcher ended before it was confirmed".to_owned();
                keeper.begin_rolling_back(why, Blame::Nobody);
                keeper.go_back(now);
            }
        }
        keeper
    }

    /// Learns which slots there are; told before whatever may lead to a choice among them.
    pub fn know(&mut self, slots: BTreeMap<S, Standing>) {
        self.slots = slots;
    }

    /// Takes an event in. Never waits.
    pub fn handle(&mut self, now: Now, event: Event) {
        match event {
            Event::Ready => self.ready(now),
            Event::Beat => {
                if let State::Running { beat, .. } = &mut self.state {
                    *beat = now.monotonic;
                }
            }
            Event::Ended { how, cause } => self.ended(now, how, cause),
            Event::Unfit { why } => self.unfit(now, why),
            Event::DatabaseLooked { trouble } => self.database_looked(now, trouble),
            Event::Runner(Runner::There) => self.runner_gone_since = None,
            Event::Runner(Runner::Gone) => {
                self.runner_gone_since.get_or_insert(now.monotonic);
            }
        }
    }

    /// Does what is due. A no-op when early.
    pub fn handle_deadline(&mut self, now: Now) {
        if self.deadline().is_none_or(|due| now.monotonic < due) {
            return;
        }
        let at = now.monotonic;
        if self.restart_is_over(now) {
            return;
        }
        match self.state.clone() {
            State::Starting { by, .. } if by <= at => {
                self.fail(now, "it was not ready in time".to_owned());
            }
            State::Running { beat, .. } if beat + self.bounds.heartbeat <= at => {
                self.fail(now, "it hung".to_owned());
            }
            State::Running { since, .. }
                if since + CRASH_WINDOW <= at && self.memory.recovered() =>
            {
                self.remember();
            }
            State::Stopping { slot, kill_at: Some(kill_at), next } if kill_at <= at => {
                self.actions.push_back(Action::Kill);
                self.state = State::Stopping { slot, kill_at: None, next };
            }
            State::Waiting { until } if until <= at => {
                self.start_best(now, "no slot can be started");
            }
            _ => {}
        }
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action<S>> {
        self.actions.pop_front()
    }

    /// When something is due next.
    pub fn deadline(&self) -> Option<Deadline> {
        let of_state = match &self.state {
            State::Starting { by, .. } => Some(*by),
            State::Running { since, beat, .. } => {
                let recovered = self.memory.is_troubled().then_some(*since + CRASH_WINDOW);
                [Some(*beat + self.bounds.heartbeat), recovered].into_iter().flatten().min()
            }
            State::Stopping { kill_at, .. } => *kill_at,
            State::Waiting { until } => Some(*until),
            State::Looking { .. } | State::Over => None,
        };
        of_state.into_iter().chain(self.restart_due()).min()
    }

    /// What the daemon does.
    pub fn doing(&self) -> Doing {
        match &self.state {
            _ if self.phase() == Some(Phase::RollingBack) => Doing::RollingBack,
            State::Starting { .. } => Doing::Starting,
            State::Running { .. } => Doing::Running,
            State::Stopping { .. } | State::Looking { .. } | State::Over => Doing::Stopping,
            State::Waiting { .. } => Doing::Waiting,
        }
    }

    /// The slot that runs, starts or ends.
    pub fn slot(&self) -> Option<&S> {
        match &self.state {
            State::Starting { slot, .. }
            | State::Running { slot, .. }
            | State::Stopping { slot, .. } => Some(slot),
            State::Looking { .. } | State::Waiting { .. } | State::Over => None,
        }
    }

    /// The restart under way.
    pub fn pending(&self) -> Option<&Pending<S>> {
        self.pending.as_ref()
    }

    /// What is remembered.
    pub fn memory(&self) -> &Memory<S> {
        &self.memory
    }

    fn ready(&mut self, now: Now) {
        let State::Starting { slot, .. } = self.state.clone() else { return };
        let at = now.monotonic;
        match self.pending.as_ref() {
            Some(pending) if pending.phase == Phase::Started => {
                self.confirm_by = Some(at + pending.confirm_timeout);
            }
            Some(pending) if pending.phase == Phase::RollingBack => self.end_pending(),
            _ => {}
        }
        let outcome = match self.order {
            Some(Asked::Back) => Outcome::RolledBack { why: self.why.clone() },
            Some(Asked::Up) if self.why.is_empty() => Outcome::Up,
            Some(Asked::Up) => Outcome::Failed { why: self.why.clone() },
            None => Outcome::Up,
        };
        self.state = State::Running { slot, since: at, beat: at };
        self.answer(outcome);
    }

    fn ended(&mut self, now: Now, how: String, cause: Cause) {
        match self.state.clone() {
            State::Stopping { next, .. } => match next {
                Next::Start(slot) => self.start(now, slot),
                Next::Target => self.start_target(now),
                Next::Previous => self.go_back(now),
                Next::Crash(why) => self.crash(now, &why),
                Next::Nothing => {
                    self.state = State::Over;
                    self.actions.push_back(Action::End);
                }
            },
            State::Starting { .. } | State::Running { .. } if self.runs_target() => {
                self.begin_rolling_back(how, Blame::Target);
                self.go_back(now);
            }
            // Another slot, or this one at once again, would end in the same way.
            State::Starting { .. } | State::Running { .. } if cause == Cause::Outside => {
                self.wait(now, &how);
            }
            State::Starting { .. } | State::Running { .. } => self.crash(now, &how),
            State::Looking { .. } | State::Waiting { .. } | State::Over => {}
        }
    }

    fn unfit(&mut self, now: Now, why: String) {
        match self.state {
            State::Starting { .. } if self.runs_target() => {
                self.begin_rolling_back(why, Blame::Target);
                self.go_back(now);
            }
            State::Starting { .. } => self.give_up(now, &why),
            // It was told to end before it was there.
            State::Stopping { .. } => self.ended(now, why, Cause::Own),
            State::Running { .. } | State::Looking { .. } | State::Waiting { .. } | State::Over => {
            }
        }
    }

    /// The daemon is there and no use: it has to end first.
    fn fail(&mut self, now: Now, why: String) {
        let next = if self.runs_target() {
            self.begin_rolling_back(why, Blame::Target);
            Next::Previous
        } else {
            Next::Crash(why)
        };
        self.stop(now, HUNG_TERM_MAX, next);
    }

    fn stop(&mut self, now: Now, patience: Duration, next: Next<S>) {
        match self.state.clone() {
            State::Starting { slot, .. } | State::Running { slot, .. } => {
                let kill_at = Some(now.monotonic + patience);
                self.state = State::Stopping { slot, kill_at, next };
                self.actions.push_back(Action::Terminate);
            }
            State::Stopping { slot, kill_at, .. } => {
                self.state = State::Stopping { slot, kill_at, next };
            }
            State::Looking { .. } | State::Waiting { .. } | State::Over => {}
        }
    }

    fn crash(&mut self, now: Now, why: &str) {
        let Some(slot) = self.slot().cloned() else { return };
        let loops = self.memory.crashed(&slot, now.wall);
        self.remember();
        if loops { self.give_up(now, why) } else { self.start(now, slot) }
    }

    /// The slot that was tried is no use: another one, or a pause.
    fn give_up(&mut self, now: Now, why: &str) {
        let failed = self.slot().cloned();
        let better = self.last_good(failed.as_ref());
        if self.phase() == Some(Phase::Armed) {
            self.end_pending();
        }
        if self.order.is_some() && self.why.is_empty() {
            why.clone_into(&mut self.why);
        }
        match (failed, better) {
            (Some(failed), Some(better)) => {
                self.mark(failed, Standing::Bad, why);
                self.start(now, better);
            }
            _ => self.wait(now, why),
        }
    }

    /// The slot that is to run if it may, else the last good one.
    fn start_best(&mut self, now: Now, why: &str) {
        let current = self.current.clone().filter(|slot| self.may_run(slot));
        match current.or_else(|| self.last_good(None)) {
            Some(slot) => self.start(now, slot),
            None => self.wait(now, why),
        }
    }

    fn start(&mut self, now: Now, slot: S) {
        self.choose(&slot);
        self.state = State::Starting { slot: slot.clone(), by: now.monotonic + self.bounds.ready };
        self.actions.push_back(Action::Start(slot));
    }

    fn choose(&mut self, slot: &S) {
        if self.current.as_ref() != Some(slot) {
            self.current = Some(slot.clone());
            self.actions.push_back(Action::SetCurrent(slot.clone()));
        }
    }

    fn wait(&mut self, now: Now, why: &str) {
        self.end_pending();
        let pause = self.memory.wait();
        let alert = pause == CRASH_WAIT_MAX && !self.memory.alerted;
        self.memory.alerted |= alert;
        self.remember();
        self.state = State::Waiting { until: now.monotonic + pause };
        if alert {
            self.actions.push_back(Action::Alert { why: why.to_owned() });
        }
        self.answer(Outcome::Failed { why: why.to_owned() });
    }

    fn may_run(&self, slot: &S) -> bool {
        self.slots.get(slot).is_some_and(|&standing| standing != Standing::Bad)
    }

    /// The youngest slot that has run well, but for one.
    fn last_good(&self, but: Option<&S>) -> Option<S> {
        let good = self.slots.iter().filter(|(_, standing)| **standing == Standing::Good);
        good.map(|(slot, _)| slot).rfind(|slot| Some(*slot) != but).cloned()
    }

    fn mark(&mut self, slot: S, standing: Standing, why: &str) {
        self.slots.insert(slot.clone(), standing);
        self.actions.push_back(Action::Mark { slot, standing, why: why.to_owned() });
    }

    fn remember(&mut self) {
        self.actions.push_back(Action::Remember(self.memory.clone()));
    }

    fn answer(&mut self, outcome: Outcome) {
        self.why.clear();
        if self.order.take().is_some() {
            self.actions.push_back(Action::Answer(outcome));
        }
    }
}

#[cfg(test)]
mod tests;
