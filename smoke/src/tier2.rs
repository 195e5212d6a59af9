//! Tier 2: the daemon's binary with a stand-in of the agent program.

mod control;
mod crashes;
mod daemon;
mod messages;
mod privacy;
mod runners;

use crate::case::Definition;

/// All cases of this tier.
pub fn cases() -> Vec<Definition> {
    [daemon::CASES, control::CASES, messages::CASES, privacy::CASES, crashes::CASES, runners::CASES]
        .concat()
}
