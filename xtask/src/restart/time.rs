//! The time that an action of a restart has, shared by all that it asks: the launcher's patience is
//! reckoned with what each action may take at most.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::command::Finished;
use harness::wait::wait_for_every;

use super::home::{Home, QUESTION_MAX, said};
use super::trouble::{Result, Trouble};
use crate::running::Interrupt;

/// How often a daemon that answers people is asked.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long an action has from now on, for all that it asks.
#[derive(Clone, Copy)]
pub(super) struct Time<'a> {
    began: Instant,
    limit: Duration,
    interrupt: &'a Interrupt,
}

impl<'a> Time<'a> {
    pub(super) fn from_now(limit: Duration, interrupt: &'a Interrupt) -> Self {
        Self { began: Instant::now(), limit, interrupt }
    }

    /// The same, but no longer than this from now on.
    pub(super) fn at_most(self, limit: Duration) -> Self {
        Self::from_now(self.left().min(limit), self.interrupt)
    }

    /// The same, over so much sooner.
    pub(super) fn sooner_by(self, rest: Duration) -> Self {
        Self { limit: self.limit.saturating_sub(rest), ..self }
    }

    pub(super) fn left(self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed())
    }

    /// How long there was.
    pub(super) const fn limit(self) -> Duration {
        self.limit
    }

    /// The wish that ends it sooner.
    pub(super) const fn interrupt(self) -> &'a Interrupt {
        self.interrupt
    }

    /// How long a question may take that waits for nothing.
    pub(super) fn question(self) -> Duration {
        self.left().min(QUESTION_MAX)
    }

    /// Runs a verb, for no longer than is left.
    pub(super) fn run(self, home: &Home, program: &Path, verb: &[OsString]) -> Result<Finished> {
        home.run_heard(program, verb, self.left(), self.interrupt)
    }

    /// The same of one that has to end well.
    pub(super) fn tell(self, home: &Home, program: &Path, verb: &[OsString]) -> Result<()> {
        let finished = self.run(home, program, verb)?;
        if finished.status.success() {
            Ok(())
        } else {
            Err(Trouble::refused(said(verb, &finished)))
        }
    }

    /// Tries until it comes to something: what is so once, on a machine that does much else, is no
    /// evidence. When the time is over, why it came to nothing.
    pub(super) fn persist<Answer>(
        self,
        mut attempt: impl FnMut() -> Result<Answer>,
    ) -> Result<Answer> {
        let mut last = Trouble::Late;
        let ended = wait_for_every(LOOK_EVERY, self.left(), || {
            if self.interrupt.came() {
                return Some(Err(Trouble::Interrupted));
            }
            // The last look is behind the limit.
            if self.left().is_zero() {
                return None;
            }
            match attempt() {
                Err(Trouble::Interrupted) => Some(Err(Trouble::Interrupted)),
                // What was cut short says less than what came before.
                Err(late) if late.is_late() && !last.is_late() => None,
                Err(trouble) => {
                    last = trouble;
                    None
                }
                Ok(answer) => Some(Ok(answer)),
            }
        });
        ended.unwrap_or(Err(last))
    }
}

#[cfg(test)]
mod tests;
