//! Which slot is started next, and when none is: a slot that ran well is preferred to a pause, and one
//! that is marked bad is never started.

use std::fmt::Debug;

use super::state::State;
use super::{Action, Keeper, Outcome, Phase, Standing};
use crate::limits::CRASH_WAIT_MAX;
use crate::time::Now;

impl<S: Clone + Ord + Debug> Keeper<S> {
    /// It ended, or was not started, for what it was given. Another slot, or this one at once again,
    /// would end in the same way; but for the one that is to run, where another was ordered.
    pub(super) fn blocked(&mut self, now: Now, why: &str) {
        match self.before_ordered() {
            Some(current) => {
                why.clone_into(&mut self.why);
                self.start(now, current);
            }
            None => self.wait(now, why),
        }
    }

    /// The slot that was tried is no use: another one, or a pause.
    pub(super) fn give_up(&mut self, now: Now, why: &str) {
        let failed = self.slot().cloned();
        let better = self.before_ordered().or_else(|| self.last_good(failed.as_ref()));
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

    /// The slot that is to run if it may, where another was ordered and is tried.
    fn before_ordered(&self) -> Option<S> {
        let tried = self.slot();
        self.current.clone().filter(|current| tried != Some(current) && self.may_run(current))
    }

    /// The slot that is to run if it may, else the last good one.
    pub(super) fn start_best(&mut self, now: Now, why: &str) {
        let current = self.current.clone().filter(|slot| self.may_run(slot));
        match current.or_else(|| self.last_good(None)) {
            Some(slot) => self.start(now, slot),
            None => self.wait(now, why),
        }
    }

    pub(super) fn start(&mut self, now: Now, slot: S) {
        if self.ordered.as_ref() != Some(&slot) {
            self.choose(&slot);
        }
        self.state = State::Starting { slot: slot.clone(), by: now.monotonic + self.bounds.ready };
        self.actions.push_back(Action::Start(slot));
    }

    /// One that is to run already need not be written, unless it is owed.
    pub(super) fn choose(&mut self, slot: &S) {
        if self.current.as_ref() != Some(slot) || self.owed.current {
            self.owed.current = false;
            self.current = Some(slot.clone());
            self.actions.push_back(Action::SetCurrent(slot.clone()));
        }
    }

    pub(super) fn wait(&mut self, now: Now, why: &str) {
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

    pub(super) fn may_run(&self, slot: &S) -> bool {
        self.slots.get(slot).is_some_and(|&standing| standing != Standing::Bad)
    }

    /// The youngest slot that has run well, but for one.
    pub(super) fn last_good(&self, but: Option<&S>) -> Option<S> {
        let good = self.slots.iter().filter(|(_, standing)| **standing == Standing::Good);
        good.map(|(slot, _)| slot).rfind(|slot| Some(*slot) != but).cloned()
    }
}
