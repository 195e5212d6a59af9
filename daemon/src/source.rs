//! Sources bring arrivals. At present one: files in the test-messages directory.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use assistant_core::time::Monotonic;

pub(crate) mod test_dir;

/// What a source says of itself, for `status`. Written by its task, read by anyone.
#[derive(Debug, Default)]
pub(crate) struct SourceFacts {
    seen: AtomicU64,
    errors: AtomicU64,
    watching: AtomicBool,
    /// Milliseconds since the daemon's origin, plus one; 0 before the first look.
    looked_ms: AtomicU64,
}

impl SourceFacts {
    /// It looked, and could.
    pub(crate) fn looked(&self, now: Monotonic) {
        let since_origin_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.looked_ms.store(since_origin_ms.saturating_add(1), Ordering::Relaxed);
    }

    /// It brought so many arrivals.
    pub(crate) fn saw(&self, arrivals: usize) {
        self.seen.fetch_add(arrivals as u64, Ordering::Relaxed);
    }

    /// It could not take something.
    pub(crate) fn failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the system tells it of changes.
    pub(crate) fn set_watching(&self, watching: bool) {
        self.watching.store(watching, Ordering::Relaxed);
    }

    /// Arrivals brought since the start.
    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// What it could not take since the start.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Whether the system tells it of changes.
    pub(crate) fn watching(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
    }

    /// Milliseconds since it last could look.
    pub(crate) fn looked_ago_ms(&self, now: Monotonic) -> Option<u64> {
        let looked_ms = self.looked_ms.load(Ordering::Relaxed).checked_sub(1)?;
        Some(u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_sub(looked_ms))
    }
}

#[cfg(test)]
mod tests;
