//! Tier 2: the daemon's binary with a stand-in of the agent program.

mod agents;
mod bench;
mod cli;
mod contracts;
mod control;
mod crashes;
mod daemon;
mod ends;
mod guide;
mod inputs;
mod messages;
mod privacy;
mod registry;
mod restarts;
mod runners;
mod running;
mod services;
mod strangers;
mod succession;

use crate::case::Definition;

/// All cases of this tier.
pub fn cases() -> Vec<Definition> {
    [
        daemon::CASES,
        control::CASES,
        cli::CASES,
        messages::CASES,
        strangers::CASES,
        inputs::CASES,
        privacy::CASES,
        registry::CASES,
        running::CASES,
        crashes::CASES,
        contracts::cases(),
        succession::CASES,
        ends::CASES,
        restarts::CASES,
        services::CASES,
        guide::CASES,
        agents::CASES,
        runners::CASES,
        bench::CASES,
    ]
    .concat()
}
