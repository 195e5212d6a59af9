//! Many small changes, one write: what changed is written at most once in a period.
//!
//! Absent: what is written. The owner keeps the changes and asks when to write them.

use std::time::Duration;

use crate::time::{Deadline, Monotonic};

/// Says when a collection of changes is due.
#[derive(Debug)]
pub struct Debounce {
    period: Duration,
    due: Option<Deadline>,
    written: Option<Monotonic>,
}

impl Debounce {
    /// At most one write in each `period`.
    pub fn new(period: Duration) -> Self {
        Self { period, due: None, written: None }
    }

    /// Something changed.
    pub fn mark(&mut self, now: Monotonic) {
        let earliest = self.written.map_or(now + self.period, |at| (at + self.period).max(now));
        self.due.get_or_insert(earliest);
    }

    /// When the next write is due, if anything changed.
    pub fn deadline(&self) -> Option<Deadline> {
        self.due
    }

    /// Whether to write now; if so, the changes count as written.
    pub fn take_due(&mut self, now: Monotonic) -> bool {
        let due = self.due.is_some_and(|at| at <= now);
        if due {
            self.due = None;
            self.written = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests;
