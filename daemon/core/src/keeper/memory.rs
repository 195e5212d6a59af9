//! What the launcher remembers of crashes, beyond its own end: one that is started again and again
//! with its daemon must not forget that it is.

use std::time::Duration;

use crate::limits::{CRASH_WAIT_FIRST, CRASH_WAIT_MAX, CRASH_WINDOW, CRASHES_MAX};
use crate::time::WallMs;

/// Crashes of one slot, and how long nothing could be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory<S> {
    /// The slot that crashed.
    pub slot: Option<S>,
    /// When, the oldest first.
    pub crashes: Vec<WallMs>,
    /// It crashed in a loop, and has not been well since.
    pub looped: bool,
    /// Waits since a daemon was last well.
    pub waits: u32,
    /// A person was called since then.
    pub alerted: bool,
    /// The last restart that went back.
    pub rolled_back: Option<RolledBack<S>>,
}

/// A restart that went back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledBack<S> {
    /// The restart's id.
    pub id: String,
    /// Where it was to go.
    pub target: S,
    /// Why it did not.
    pub why: String,
    /// When.
    pub at: WallMs,
}

impl<S> Default for Memory<S> {
    fn default() -> Self {
        let (slot, crashes, rolled_back) = (None, Vec::new(), None);
        Self { slot, crashes, looped: false, waits: 0, alerted: false, rolled_back }
    }
}

impl<S: Clone + PartialEq> Memory<S> {
    /// Counts a crash. Whether the slot is in a crash loop by it.
    pub(super) fn crashed(&mut self, slot: &S, now: WallMs) -> bool {
        if self.slot.as_ref() != Some(slot) {
            self.crashes.clear();
            self.looped = false;
            self.slot = Some(slot.clone());
        }
        let window = i64::try_from(CRASH_WINDOW.as_millis()).unwrap_or(i64::MAX);
        // One that is yet to come was written by a clock that has been set back since.
        self.crashes.retain(|at| (0..window).contains(&(now.0 - at.0)));
        self.crashes.push(now);
        // Waits for what was outside of it say nothing of the slot.
        let again = self.looped && 0 < self.waits;
        self.looped |= CRASHES_MAX <= self.crashes.len();
        again || CRASHES_MAX <= self.crashes.len()
    }

    /// Another wait: how long.
    pub(super) fn wait(&mut self) -> Duration {
        let doubled = CRASH_WAIT_FIRST * 2_u32.saturating_pow(self.waits.min(16));
        self.waits = self.waits.saturating_add(1);
        doubled.min(CRASH_WAIT_MAX)
    }

    /// A daemon was well for long enough. Whether there was something to forget.
    pub(super) fn recovered(&mut self) -> bool {
        let troubled = self.is_troubled();
        self.crashes.clear();
        self.slot = None;
        self.looped = false;
        self.waits = 0;
        self.alerted = false;
        troubled
    }

    /// There are crashes to be forgotten.
    pub(super) fn is_troubled(&self) -> bool {
        !self.crashes.is_empty() || 0 < self.waits || self.alerted
    }
}
