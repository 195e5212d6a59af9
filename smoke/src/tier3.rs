//! Tier 3: the daemon's binary with the real agent program, against a stand-in of the API.

mod bench;
mod contracts;
mod conversation;
mod crashes;
mod errors;
mod live;
mod permission;
mod turns;
mod verbatim;
mod words;

use crate::case::Definition;

/// All cases of this tier.
pub fn cases() -> Vec<Definition> {
    [
        conversation::CASES,
        turns::CASES,
        permission::CASES,
        errors::CASES,
        live::CASES,
        verbatim::CASES,
        crashes::CASES,
        contracts::cases(),
        bench::CASES,
    ]
    .concat()
}
