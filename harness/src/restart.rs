//! A gated restart: a new build takes the place of the daemon that answers people, or nothing
//! changes.
//!
//! ```text
//!  0 lock ─ 1 preflight ─ 2 select ─ 3 build ─ 4 gate ─ 5 candidate ─ 6 drain ─ 7 back up ─ 8 arm
//!     └── a failure: disarm, release, and the old daemon is seen to be untouched ──┘         │
//!  12 bless <─ 11 verify <─ 10 start <─ 9 stop <───────────────────────────────────────────┘
//!     └── a failure: the launcher goes back to the previous slot, which is checked (R)
//! ```
//!
//! [`machine`] decides what to do next, given what came back; it does nothing itself and is told the
//! time. [`report`] is what a restart leaves, [`render`] shows it. `cargo xtask safe-restart` carries
//! the actions out.

pub mod flags;
pub mod machine;
pub mod render;
pub mod report;
#[cfg(test)]
mod specimen;
pub mod speed;
pub mod step;
