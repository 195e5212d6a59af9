//! Tier 2: the daemon's binary with a stand-in of the agent program.

mod control;
mod crashes;
mod daemon;
mod incidents;
mod messages;
mod privacy;
mod zones;

use crate::case::Definition;

/// All cases of this tier.
pub fn cases() -> Vec<Definition> {
    [
        daemon::CASES,
        control::CASES,
        messages::CASES,
        privacy::CASES,
        crashes::CASES,
        incidents::CASES,
        zones::CASES,
    ]
    .concat()
}
