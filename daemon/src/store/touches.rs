//! Last message times, held in memory until a write is due: a message every few milliseconds must
//! not be a disk write every few milliseconds.
//!
//! A time stays here until the write that holds it is committed, so that a failed write loses
//! none. A crash may lose up to [`TOUCHES_EVERY`] of them; only `status` reads them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use assistant_core::time::{Deadline, Monotonic, WallMs};

use super::sessions::{SessionRecord, SessionRow};

/// Last message times are written at most this often.
pub(crate) const TOUCHES_EVERY: Duration = Duration::from_secs(1);

/// The times that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Touches(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    times: BTreeMap<SessionRow, WallMs>,
    written_at: Option<Monotonic>,
}

impl Touches {
    /// Notes that a session had a message.
    pub(super) fn touch(&self, session: SessionRow, at: WallMs) {
        let mut held = self.lock();
        let time = held.times.entry(session).or_insert(at);
        *time = (*time).max(at);
    }

    /// When the next write is due; `None` while there is nothing to write.
    pub(super) fn due(&self, now: Monotonic) -> Option<Deadline> {
        let held = self.lock();
        if held.times.is_empty() {
            return None;
        }
        Some(held.written_at.map_or(now, |written| written.saturating_add(TOUCHES_EVERY)))
    }

    /// What has to be written now, if a write is due.
    pub(super) fn take_due(&self, now: Monotonic) -> Option<BTreeMap<SessionRow, WallMs>> {
        self.due(now).filter(|due| *due <= now)?;
        let mut held = self.lock();
        held.written_at = Some(now);
        Some(held.times.clone())
    }

    /// Everything that is not written yet.
    pub(super) fn held(&self) -> BTreeMap<SessionRow, WallMs> {
        self.lock().times.clone()
    }

    /// Lets go of times that are durable, unless a later one came in the meantime.
    pub(super) fn written(&self, times: &BTreeMap<SessionRow, WallMs>) {
        self.lock().times.retain(|session, at| times.get(session).is_none_or(|done| done < at));
    }

    /// Puts the times that are not written yet over those that are.
    pub(super) fn lay_over(&self, records: &mut [SessionRecord]) {
        let held = self.lock();
        for record in records {
            let time = held.times.get(&record.row).copied();
            record.last_message_at = record.last_message_at.max(time);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A map of times is whole after every step, so a panic elsewhere leaves it usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
