//! Which holds stand: pure, and told the time.
//!
//! ```text
//! owner    ── hold ──> stands ── release ──> ended            (durable: the caller writes it down)
//! restart  ── lease ─> stands ── too late, or release ──> ended
//!          ── file ──> stands ── gone, or release ──> ended
//! ```
//!
//! Delivery is held while any of them stands.

use std::time::Duration;

use assistant_core::session::Hold;
use assistant_core::time::{Deadline, Monotonic};

use crate::control::protocol::HeldBy;

/// What happens to holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Change {
    /// The owner holds delivery, or releases it.
    Owner(Hold),
    /// A restart holds delivery for this long from now on, unless it asks again.
    Lease(Duration),
    /// The same, if the restart's hold stands still; else nothing.
    Renew(Duration),
    /// The restart is over.
    RestartOver,
    /// The file is gone by which a daemon was started held.
    FileGone,
}

/// The holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) struct Ledger {
    owner: Hold,
    lease: Option<Deadline>,
    file: Hold,
}

impl Ledger {
    /// As a daemon begins: with the owner's hold as it was written down, and that of the file.
    pub(in crate::app) fn new(owner: Hold, file: Hold) -> Self {
        Self { owner, lease: None, file }
    }

    /// Takes a change in.
    pub(in crate::app) fn handle(&mut self, now: Monotonic, change: Change) {
        match change {
            Change::Owner(hold) => self.owner = hold,
            Change::Lease(time) => self.lease = Some(now + time),
            Change::Renew(time) => {
                if self.held_by().contains(&HeldBy::Restart) {
                    self.lease = Some(now + time);
                }
            }
            Change::RestartOver => {
                self.lease = None;
                self.file = Hold::Released;
            }
            Change::FileGone => self.file = Hold::Released,
        }
    }

    /// Ends a lease that was not renewed. Early is a no-op.
    pub(in crate::app) fn handle_deadline(&mut self, now: Monotonic) {
        self.lease = self.lease.filter(|deadline| now < *deadline);
    }

    /// When `handle_deadline` is wanted next.
    pub(in crate::app) fn deadline(&self) -> Option<Deadline> {
        self.lease
    }

    /// Whether the file has to be looked at.
    pub(in crate::app) fn is_held_by_file(&self) -> bool {
        self.file == Hold::Held
    }

    /// Whether delivery is held.
    pub(in crate::app) fn hold(&self) -> Hold {
        if self.held_by().is_empty() { Hold::Released } else { Hold::Held }
    }

    /// On whose account.
    pub(in crate::app) fn held_by(&self) -> Vec<HeldBy> {
        let owner = (self.owner == Hold::Held).then_some(HeldBy::Owner);
        let restart = self.lease.is_some() || self.is_held_by_file();
        owner.into_iter().chain(restart.then_some(HeldBy::Restart)).collect()
    }
}

#[cfg(test)]
mod tests;
