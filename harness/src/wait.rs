//! Waiting for something that another process does.
//!
//! This is the one place of the workspace that polls. A check watches a daemon from outside: a
//! file that appears, a pid that goes away, an answer of a command. No event of the machine covers
//! all of them, so the condition is looked at every [`STEP`] until a deadline. Code that is not
//! outside looking in has an event to wait for, and must not use this.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a waiting thread parks between two looks: short against every limit that a check
/// measures, long enough that ten waiting checks leave a small machine idle.
pub const STEP: Duration = Duration::from_millis(5);

/// Looks until `condition` holds, for at most `limit`; false when the time ran out.
///
/// The condition is looked at once more after the limit, so that a thread that was not scheduled
/// for a while does not report a failure of the machine as one of the daemon.
#[must_use]
pub fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    wait_for(limit, || condition().then_some(())).is_some()
}

/// Looks until `look` finds something, for at most `limit`; `None` when the time ran out.
#[must_use]
pub fn wait_for<T>(limit: Duration, look: impl FnMut() -> Option<T>) -> Option<T> {
    wait_for_every(STEP, limit, look)
}

/// The same with a look every `step`: shorter than [`STEP`] where the moment itself is a figure,
/// longer where a look would cost whoever is measured.
#[must_use]
pub fn wait_for_every<T>(
    step: Duration,
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let started = Instant::now();
    loop {
        let late = limit <= started.elapsed() || is_called_off();
        if let Some(found) = look() {
            return Some(found);
        }
        if late {
            return None;
        }
        // Parking and not sleeping: an owner of the thread can end the wait early by unparking it.
        thread::park_timeout(step.min(limit.saturating_sub(started.elapsed())));
    }
}

thread_local! {
    static CALLED_OFF: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// From now on a wait of this thread ends as if its time had run out once `flag` is set: what it
/// looks at is being taken away.
pub fn call_off_by(flag: Arc<AtomicBool>) {
    CALLED_OFF.set(Some(flag));
}

fn is_called_off() -> bool {
    CALLED_OFF.with_borrow(|flag| flag.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)))
}

#[cfg(test)]
mod tests;
