//! The guard against restart storms: an agent that reads its own history, sees that it was to
//! restart the daemon, and does so again (incidents 33 and 61).

use std::time::Duration;

use crate::limits::{REQUESTS_MAX, REQUESTS_WINDOW};
use crate::time::WallMs;

/// Whoever asks has asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{REQUESTS_MAX} restarts were asked for within {} minutes: not before the first is older",
        REQUESTS_WINDOW.as_secs() / 60)]
pub struct TooOften;

/// Whether one initiator, who has asked at these times, may ask again.
///
/// # Errors
/// When it may not yet.
pub fn may_ask(now: WallMs, asked: impl IntoIterator<Item = WallMs>) -> Result<(), TooOften> {
    let window = window_ms(REQUESTS_WINDOW);
    // One that is yet to come counts: a clock that was set back is no reason to allow more, unless
    // it was set back by more than the window.
    let recent = asked.into_iter().filter(|at| (-window..window).contains(&(now.0 - at.0)));
    if recent.count() < REQUESTS_MAX { Ok(()) } else { Err(TooOften) }
}

fn window_ms(window: Duration) -> i64 {
    i64::try_from(window.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
