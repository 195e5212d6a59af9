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
//! confirmed it in time or carries the restart out any more, the launcher died, or whoever orders it
//! says so ([`Blame::Nobody`]), nothing is known of the target: its mark stays as it was. It may be
//! tried again, and nothing goes back to it by itself, for that takes a slot that has run well.
//!
//! A write that fails is told ([`Event::Unwritten`]) before the next action is carried out. An order
//! that files stand for is then refused, with everything as it was. Whatever else could not be
//! written is owed: it counts as it stands here, nothing waits for it but the end of a restart whose
//! slot is not the one that is to run, and it is written again until it stands there.
//!
//! What any slot would come to (no process to be had, no room on the disk, a configuration that cannot
//! be read) speaks against none ([`Cause::Outside`]). A slot that was ordered is the one that is to run
//! once it is ready. Until then the one before is, for a later launcher as well, and is started again
//! where the ordered one is of no use, whatever it ends by: an older build may not know what it is given.
//!
//! Absent: files, processes and locks; leftovers of a daemon, which are ended before
//! [`Event::Ended`] is told; and daemons of an earlier launcher, which have ended before this begins.

mod choice;
mod lives;
mod memory;
mod owed;
mod restart;
mod state;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::time::Duration;

pub use memory::{Memory, RolledBack};
use owed::Owed;
use state::{AfterLook, Asked, Next, State};
pub use state::{Bounds, Doing, Found};
pub use words::{
    Action, Blame, Cause, Event, Order, Outcome, Pending, Phase, Proof, Refused, Runner, Standing,
};

use crate::limits::{CRASH_WINDOW, LATE_GRACE, LATE_MIN};
use crate::time::{Deadline, Monotonic, Now};

/// The launcher's decisions.
#[derive(Debug, Clone)]
pub struct Keeper<S> {
    bounds: Bounds,
    slots: BTreeMap<S, Standing>,
    current: Option<S>,
    pending: Option<Pending<S>>,
    memory: Memory<S>,
    state: State<S>,
    /// An order that is answered when it has come to something.
    order: Option<Asked>,
    /// The slot that was ordered, as long as it is not the one that is to run.
    ordered: Option<S>,
    /// Why the restart goes back.
    why: String,
    armed_by: Option<Deadline>,
    confirm_by: Option<Deadline>,
    /// The target was to stay, which could not be written down.
    vouched: bool,
    runner_gone_since: Option<Monotonic>,
    /// What could not be written.
    owed: Owed<S>,
    /// As everything was before the order whose actions are carried out.
    before: Option<Box<Self>>,
    /// Whoever drives this was late, which was allowed for; nothing was heard of the daemon since.
    late: bool,
    actions: VecDeque<Action<S>>,
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
            ordered: None,
            why: String::new(),
            armed_by: None,
            confirm_by: None,
            vouched: false,
            runner_gone_since: None,
            owed: Owed::default(),
            before: None,
            late: false,
            actions: VecDeque::new(),
        };
        match keeper.pending.clone() {
            None => keeper.start_best(now, "no slot can be started"),
            Some(Pending { phase: Phase::Armed, previous, .. }) => {
                // Of a switch that was refused the target may still be the one that is to run.
                keeper.choose(&previous);
                keeper.end_pending();
                keeper.start_best(now, "no slot can be started");
            }
            Some(Pending { phase: Phase::Started | Phase::RollingBack, id, .. }) => {
                keeper.go_on_with_rolling_back(now, &id);
            }
        }
        keeper
    }

    /// Learns which slots there are; told before whatever may lead to a choice among them.
    pub fn know(&mut self, slots: BTreeMap<S, Standing>) {
        self.slots = slots;
        // Files do not say yet what was found out since.
        self.slots.extend(self.owed.standings());
    }

    /// What is known of a slot.
    pub fn standing(&self, slot: &S) -> Standing {
        self.slots.get(slot).copied().unwrap_or(Standing::Unknown)
    }

    /// Learns how long a stop in order may take: what the daemon that is started next gives itself.
    pub fn stops_within(&mut self, stop: Duration) {
        self.bounds.stop = stop;
    }

    /// Takes an event in. Never waits.
    pub fn handle(&mut self, now: Now, event: Event<S>) {
        if let Event::Unwritten { write, why } = event {
            return self.unwritten(now, write, why);
        }
        self.before = None;
        if matches!(event, Event::Ready | Event::Beat | Event::Ended { .. }) {
            self.late = false;
        }
        match event {
            Event::Ready => self.ready(now),
            Event::Beat => {
                if let State::Running { beat, .. } = &mut self.state {
                    *beat = now.monotonic;
                }
            }
            Event::Ended { how, cause } => self.ended(now, how, cause),
            Event::Unfit { why, cause } => self.unfit(now, why, cause),
            Event::DatabaseLooked { trouble } => self.database_looked(now, trouble),
            Event::Runner(Runner::There) => self.runner_gone_since = None,
            Event::Runner(Runner::Gone) => {
                self.runner_gone_since.get_or_insert(now.monotonic);
            }
            Event::Unwritten { .. } => {}
        }
    }

    /// Does what is due. A no-op when early.
    pub fn handle_deadline(&mut self, now: Now) {
        let at = now.monotonic;
        if self.deadline().is_none_or(|due| at < due) {
            return;
        }
        if self.allows_for_lateness(at) || self.restart_is_over(now) || self.writes_again(at) {
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

    /// The next thing to do. What could not be written of the last one has been told.
    pub fn poll_action(&mut self) -> Option<Action<S>> {
        let next = self.actions.pop_front();
        if next.is_none() {
            self.before = None;
            self.owed.look();
        }
        next
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
            State::Looking { .. } => None,
            State::Over => return None,
        };
        [of_state, self.restart_due(), self.owed.due()].into_iter().flatten().min()
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

    /// Why the last write failed, as long as something is not written that has to be.
    pub fn unwritten_because(&self) -> Option<&str> {
        self.owed.because()
    }

    /// Whoever drives this stood still, so that what had to be heard by then may only not have been
    /// heard: it has longer. Once, until something is heard of the daemon again. Whether it was so.
    fn allows_for_lateness(&mut self, at: Monotonic) -> bool {
        let of_state = match &self.state {
            State::Starting { by, .. } => Some(*by),
            State::Running { beat, .. } => Some(*beat + self.bounds.heartbeat),
            State::Stopping { kill_at, .. } => *kill_at,
            State::Looking { .. } | State::Waiting { .. } | State::Over => None,
        };
        let due = [of_state, self.restart_due()].into_iter().flatten().min();
        let late = due.map_or(Duration::ZERO, |due| at.saturating_sub(due));
        if self.late || late < LATE_MIN {
            return false;
        }
        self.late = true;
        let longer = late + LATE_GRACE;
        match &mut self.state {
            State::Starting { by, .. } => *by += longer,
            State::Running { beat, .. } => *beat = at,
            State::Stopping { kill_at: Some(kill_at), .. } => *kill_at += longer,
            _ => {}
        }
        let of_restart = [&mut self.armed_by, &mut self.confirm_by, &mut self.runner_gone_since];
        of_restart.into_iter().flatten().for_each(|due| *due += longer);
        true
    }

    fn mark(&mut self, slot: S, standing: Standing, why: &str) {
        self.slots.insert(slot.clone(), standing);
        self.owed.marks.remove(&slot);
        self.actions.push_back(Action::Mark { slot, standing, why: why.to_owned() });
    }

    fn remember(&mut self) {
        self.owed.memory = false;
        self.actions.push_back(Action::Remember(self.memory.clone()));
    }

    fn answer(&mut self, outcome: Outcome) {
        self.why.clear();
        self.ordered = None;
        if self.order.take().is_some() {
            self.actions.push_back(Action::Answer(outcome));
        }
    }
}

#[cfg(test)]
mod tests;
