//! How an agent is ended: as gently as it lets us, each step with a deadline.
//!
//! ```text
//! busy ── stop its tasks, interrupt ── quiet ── close input ── exited
//!                      └ too late ── TERM ── too late ── KILL ── exited
//! quiet ─────────────────── close input ─┘ too late
//! ```
//!
//! Input stays open while anything may still be owed: a permission, a hook or one of our tools
//! would fail on a closed stream. So an agent that stays busy is terminated with its input open.

use std::collections::VecDeque;

use crate::limits::{CLOSE_EXIT_MAX, CLOSE_IDLE_MAX, CLOSE_TERM_MAX};
use crate::time::{Deadline, Monotonic};

/// A step for the driver, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosingStep {
    /// Ask the program to stop this background task.
    StopTask(String),
    /// Interrupt the turn, queued messages included.
    Interrupt,
    /// Close the program's input.
    CloseInput,
    /// TERM to the program's group.
    Terminate,
    /// KILL to the program's group and to every process with its mark.
    Kill,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Interrupted; the turn has still to end.
    Quieting,
    /// Input closed.
    Leaving,
    /// TERM sent.
    Terminated,
    /// KILL sent: nothing more can be done than wait for the exit.
    Killed,
}

/// The end of one agent.
#[derive(Debug)]
pub struct Closing {
    phase: Phase,
    deadline: Option<Deadline>,
    steps: VecDeque<ClosingStep>,
}

/// What the agent is doing as its end begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// Nothing.
    Nothing,
    /// Background tasks, but no turn.
    Tasks,
    /// A turn.
    Turn,
    /// It never came up, or does not listen: there is nobody to ask.
    Deaf,
}

impl Closing {
    /// Begins. `tasks` are the background tasks alive.
    pub fn begin(
        now: Monotonic,
        pending: Pending,
        tasks: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut closing = Self { phase: Phase::Quieting, deadline: None, steps: VecDeque::new() };
        match pending {
            Pending::Nothing => closing.enter(now, Phase::Leaving),
            Pending::Deaf => closing.enter(now, Phase::Terminated),
            Pending::Tasks | Pending::Turn => {
                closing.steps.extend(tasks.into_iter().map(ClosingStep::StopTask));
                if pending == Pending::Turn {
                    closing.steps.push_back(ClosingStep::Interrupt);
                }
                closing.deadline = Some(now + CLOSE_IDLE_MAX);
            }
        }
        closing
    }

    /// The program says that nothing is owed.
    pub fn quiet(&mut self, now: Monotonic) {
        if self.phase == Phase::Quieting {
            self.enter(now, Phase::Leaving);
        }
    }

    /// No more waiting: whoever closes has a deadline of its own.
    pub fn hurry(&mut self, now: Monotonic) {
        if matches!(self.phase, Phase::Quieting | Phase::Leaving) {
            self.enter(now, Phase::Terminated);
        }
    }

    /// The step's time is up.
    pub fn handle_deadline(&mut self, now: Monotonic) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.phase {
            Phase::Quieting | Phase::Leaving => self.enter(now, Phase::Terminated),
            Phase::Terminated => self.enter(now, Phase::Killed),
            Phase::Killed => self.deadline = None,
        }
    }

    /// The next step to take.
    pub fn poll_step(&mut self) -> Option<ClosingStep> {
        self.steps.pop_front()
    }

    /// When the present step is too late.
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    fn enter(&mut self, now: Monotonic, phase: Phase) {
        self.phase = phase;
        let (step, time) = match phase {
            Phase::Quieting => return,
            Phase::Leaving => (ClosingStep::CloseInput, Some(CLOSE_EXIT_MAX)),
            Phase::Terminated => (ClosingStep::Terminate, Some(CLOSE_TERM_MAX)),
            Phase::Killed => (ClosingStep::Kill, None),
        };
        self.deadline = time.map(|time| now + time);
        self.steps.push_back(step);
    }
}

#[cfg(test)]
mod tests;
