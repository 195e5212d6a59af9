//! Every scenario that there is.

use crate::scenario::Entry;
use crate::{agent, cycles, framing, registry, route};

/// All of them, in the order in which a probe names them.
pub const ALL: &[Entry] = &[
    framing::ROUTE_CORE,
    route::ROUTE,
    registry::REGISTRY,
    agent::AGENT,
    agent::AGENT_REAL,
    cycles::CYCLES,
];

#[cfg(test)]
mod tests;
