//! Tier 2: the daemon's binary with a stand-in of the agent program.

mod contracts;
mod control;
mod crashes;
mod daemon;
mod messages;
mod privacy;

use crate::case::Definition;

/// All cases of this tier.
pub fn cases() -> Vec<Definition> {
    [
        daemon::CASES,
        control::CASES,
        messages::CASES,
        privacy::CASES,
        crashes::CASES,
        contracts::CASES,
    ]
    .concat()
}
