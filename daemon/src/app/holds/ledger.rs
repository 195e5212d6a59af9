//! Which holds stand: pure, and told the time.
//!
//! ```text
//! owner    ── hold ──> stands ── release ──> ended            (durable: the caller writes it down)
//! restart  ── lease ─> stands ── too late, its runner gone, or release ──> ended
//!          ── file ──> stands ── gone, or release ──> ended
//! ```
//!
//! Delivery is held while any of them stands. A lease that was asked for while a runner held the lock of
//! restarts, or while such a lease stands, is that runner's, and does not outlive it; one that a person asked
//! for by hand has no runner.

use std::time::Duration;

use assistant_core::session::Hold;
use assistant_core::time::{Deadline, Monotonic};

use crate::control::protocol::HeldBy;

/// How long nobody may hold the lock of restarts before a lease whose runner did is over. Whoever only
/// looks at the lock has it for an instant, and one look may meet the other.
pub(in crate::app) const RUNNER_GONE_GRACE: Duration = Duration::from_secs(2);

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
    /// Somebody holds the lock of restarts: seen as a lease is given, or at a later look.
    RunnerSeen,
    /// Nobody holds it.
    RunnerMissed,
    /// The file is gone by which a daemon was started held.
    FileGone,
}

/// A restart's hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lease {
    ends: Deadline,
    runner: Runner,
}

/// The runner of a restart that holds delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    /// There was none when the lease was asked for.
    Unknown,
    /// It held its lock when that was looked at last.
    Here,
    /// Nobody has held it since then.
    MissedSince(Monotonic),
}

/// The holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) struct Ledger {
    owner: Hold,
    lease: Option<Lease>,
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
            Change::Lease(time) => {
                self.lease = Some(Lease { ends: now + time, runner: self.runner() });
            }
            Change::Renew(time) => {
                if self.held_by().contains(&HeldBy::Restart) {
                    self.lease = Some(Lease { ends: now + time, runner: self.runner() });
                }
            }
            Change::RunnerSeen => {
                if let Some(lease) = &mut self.lease {
                    lease.runner = Runner::Here;
                }
            }
            Change::RunnerMissed => {
                if let Some(lease) = self.lease.as_mut().filter(|it| it.runner == Runner::Here) {
                    lease.runner = Runner::MissedSince(now);
                }
            }
            Change::RestartOver => {
                self.lease = None;
                self.file = Hold::Released;
            }
            Change::FileGone => self.file = Hold::Released,
        }
    }

    /// Whose the lease is that stands. One that is asked for meanwhile is the same one's: it may come from
    /// a child of a runner that has just been killed.
    fn runner(&self) -> Runner {
        self.lease.map_or(Runner::Unknown, |lease| lease.runner)
    }

    /// Ends a lease that was not renewed, or whose runner is gone. Early is a no-op.
    pub(in crate::app) fn handle_deadline(&mut self, now: Monotonic) {
        self.lease = self.lease.filter(|lease| now < lease.deadline());
    }

    /// When `handle_deadline` is wanted next.
    pub(in crate::app) fn deadline(&self) -> Option<Deadline> {
        self.lease.map(Lease::deadline)
    }

    /// Whether the lock of restarts has to be looked at.
    pub(in crate::app) fn has_runner(&self) -> bool {
        self.lease.is_some_and(|lease| lease.runner != Runner::Unknown)
    }

    /// Whether the file has to be looked at.
    pub(in crate::app) fn is_held_by_file(&self) -> bool {
        self.file == Hold::Held
    }

    /// Whether the runner of a lease that stands was not seen any more.
    pub(in crate::app) fn misses_runner(&self) -> bool {
        self.lease.is_some_and(|lease| matches!(lease.runner, Runner::MissedSince(_)))
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

impl Lease {
    fn deadline(self) -> Deadline {
        match self.runner {
            Runner::MissedSince(since) => self.ends.min(since + RUNNER_GONE_GRACE),
            Runner::Unknown | Runner::Here => self.ends,
        }
    }
}

#[cfg(test)]
mod tests;
