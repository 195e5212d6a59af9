//! Every scenario that there is.

use crate::scenario::Entry;
use crate::{framing, registry};

/// All of them, in the order in which a probe names them.
pub const ALL: &[Entry] = &[framing::ROUTE_CORE, registry::REGISTRY];

#[cfg(test)]
mod tests;
