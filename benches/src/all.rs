//! Every scenario that there is.

use crate::scenario::Entry;
use crate::{
    agent, bare, burst, cycles, framing, idle, inbox, life, pickup, registry, reply, restart,
    route, sessions, status,
};

/// All of them, in the order in which a probe names them.
pub const ALL: &[Entry] = &[
    framing::ROUTE_CORE,
    route::ROUTE,
    registry::REGISTRY,
    agent::AGENT,
    agent::AGENT_REAL,
    agent::AGENT_STARTS,
    cycles::CYCLES,
    pickup::PICKUP_POLLED,
    pickup::PICKUP,
    burst::BURST,
    reply::REPLY,
    inbox::INBOX,
    life::LIFE,
    sessions::SESSIONS,
    idle::CPU_IDLE,
    status::STATUS,
    restart::RESTART,
    bare::BARE,
];

#[cfg(test)]
mod tests;
