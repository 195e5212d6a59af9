//! What time it is, for machines that must be told. Follows tokio's clock, so that tests can
//! pause it.

use std::time::Duration;

use assistant_core::time::{Monotonic, Now, WallMs};
use tokio::time::Instant;

/// The clocks of one daemon: the monotonic one counts from its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// Starts counting.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Both clocks.
    pub(crate) fn now(self) -> Now {
        Now { monotonic: self.monotonic(), wall: wall_now() }
    }

    /// Since the start.
    pub(crate) fn monotonic(self) -> Monotonic {
        self.origin.elapsed()
    }

    /// Waits until a machine's deadline; for ever without one.
    pub(crate) async fn sleep_until(self, deadline: Option<Duration>) {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(self.origin + deadline).await,
            None => std::future::pending().await,
        }
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn wall_now() -> WallMs {
    WallMs(jiff::Timestamp::now().as_millisecond())
}

#[cfg(test)]
mod tests;
