//! How long a session waits after an error, and when it gives up for a while.
//!
//! ```text
//! error 1 ── 2 s ── error 2 ── 4 s ── error 3 ── dead ── revived (≤ 3 in 20 min) ── ... ── open
//!    └──────────────── success: back to the start ────────────────┘
//! ```
//!
//! Absent: who revives. The session asks, when a message comes or its deadline passes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{
    ERROR_WAIT_STEP, ERRORS_IN_A_ROW_MAX, REVIVALS_MAX, REVIVALS_WINDOW, TURN_WAIT_MAX,
};
use crate::time::{Deadline, Monotonic};

/// Errors in a row of one session, and how often it was revived lately.
#[derive(Debug, Default)]
pub struct Backoff {
    errors: u32,
    revivals: VecDeque<Monotonic>,
}

/// What an error leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterError {
    /// Try again at this moment.
    Wait(Deadline),
    /// Too many in a row: nothing is tried until somebody revives the session.
    Dead,
}

/// Whether a dead session may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revival {
    /// It may, with a fresh count of errors.
    Granted,
    /// It was revived too often: not before this moment.
    OpenUntil(Deadline),
}

impl Backoff {
    /// Counts an error of the agent (it could not be started, or ended by itself).
    pub fn fail(&mut self, now: Monotonic) -> AfterError {
        self.errors += 1;
        if ERRORS_IN_A_ROW_MAX <= self.errors {
            AfterError::Dead
        } else {
            AfterError::Wait(now + ERROR_WAIT_STEP * self.errors)
        }
    }

    /// A turn ended well: the count begins anew.
    pub fn succeed(&mut self) {
        self.errors = 0;
        self.revivals.clear();
    }

    /// Errors in a row so far.
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// Asks to try again after `Dead`.
    pub fn revive(&mut self, now: Monotonic) -> Revival {
        while self.revivals.front().is_some_and(|&at| at + REVIVALS_WINDOW <= now) {
            self.revivals.pop_front();
        }
        match self.revivals.front() {
            Some(&oldest) if REVIVALS_MAX <= self.revivals.len() => {
                Revival::OpenUntil(oldest + REVIVALS_WINDOW)
            }
            _ => {
                self.revivals.push_back(now);
                self.errors = 0;
                Revival::Granted
            }
        }
    }
}

/// The wait after the `failures`-th failed turn in a row of an agent that itself is well: the
/// other end is overloaded, unreachable or refuses us, and trying faster helps nobody.
pub fn turn_wait(failures: u32) -> Duration {
    let doubled = ERROR_WAIT_STEP * 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    doubled.min(TURN_WAIT_MAX)
}

#[cfg(test)]
mod tests;
