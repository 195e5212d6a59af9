//! Time as a value: the core is told what time it is and never asks.

use std::time::Duration;

/// A point on the monotonic clock of the process: the time since an origin that never changes.
pub type Monotonic = Duration;

/// Milliseconds since the Unix epoch, on the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallMs(pub i64);

/// What time it is, on both clocks. Waits are measured on the monotonic one; people are told the
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Since the process's own origin.
    pub monotonic: Monotonic,
    /// Since the Unix epoch.
    pub wall: WallMs,
}

/// The single next moment at which a machine wants `handle_deadline`.
pub type Deadline = Monotonic;
