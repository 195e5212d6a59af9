//! A daemon's life as the keeper sees it: it is ready, it ends, it is told to end.
//!
//! ```text
//! starting ── ready ──> running        whoever waits for it is told
//!     └── unfit, ended, late ─┬─ hung, ended ──┘
//!                             ├── of a restart's target ──> the restart goes back
//!                             ├── for what it was given ──> the one before, or a pause
//!                             └── else a crash ──> again, or given up
//! ```

use std::fmt::Debug;
use std::time::Duration;

use super::state::{Asked, Next, State};
use super::{Action, Blame, Cause, Keeper, Outcome, Phase};
use crate::limits::{ASKED_END_MIN, HUNG_TERM_MAX};
use crate::time::Now;

impl<S: Clone + Ord + Debug> Keeper<S> {
    pub(super) fn ready(&mut self, now: Now) {
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
        if self.current.as_ref() != Some(&slot) {
            self.choose(&slot);
        }
        self.state = State::Running { slot, since: at, beat: at };
        self.answer(outcome);
    }

    pub(super) fn ended(&mut self, now: Now, how: String, cause: Cause) {
        let cause = self.weighed(now, cause);
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
                self.begin_rolling_back(now, how, Blame::of(cause));
                self.go_back(now);
            }
            State::Starting { slot, .. } | State::Running { slot, .. } => match cause {
                Cause::Own => self.crash(now, &how),
                Cause::Outside => self.blocked(now, &how),
                Cause::Asked => self.start(now, slot),
            },
            State::Looking { .. } | State::Waiting { .. } | State::Over => {}
        }
    }

    /// Who ends as asked to only just after it was ready would do so again and again.
    fn weighed(&self, now: Now, cause: Cause) -> Cause {
        let State::Running { since, .. } = self.state else {
            return if cause == Cause::Asked { Cause::Own } else { cause };
        };
        let soon = now.monotonic < since + ASKED_END_MIN;
        if cause == Cause::Asked && soon { Cause::Own } else { cause }
    }

    pub(super) fn unfit(&mut self, now: Now, why: String, cause: Cause) {
        match self.state {
            State::Starting { .. } if self.runs_target() => {
                self.begin_rolling_back(now, why, Blame::of(cause));
                self.go_back(now);
            }
            State::Starting { .. } if cause == Cause::Outside => self.blocked(now, &why),
            State::Starting { .. } => self.give_up(now, &why),
            // It was told to end before it was there.
            State::Stopping { .. } => self.ended(now, why, Cause::Own),
            State::Running { .. } | State::Looking { .. } | State::Waiting { .. } | State::Over => {
            }
        }
    }

    /// The daemon is there and no use: it has to end first.
    pub(super) fn fail(&mut self, now: Now, why: String) {
        let next = if self.runs_target() {
            self.begin_rolling_back(now, why, Blame::Target);
            Next::Previous
        } else {
            Next::Crash(why)
        };
        self.stop(now, HUNG_TERM_MAX, next);
    }

    pub(super) fn stop(&mut self, now: Now, patience: Duration, next: Next<S>) {
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
}
