//! What a missing precondition, a leak, or a pass on the second try means: a loud remark, or an
//! error where everything is checked.

use std::env;

use serde::{Deserialize, Serialize};

/// Set by `cargo xtask` for a runner: the gate is closed.
pub const GATE_VARIABLE: &str = "HARNESS_GATE";

/// How strict a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// A developer may lack a tool: what was not checked is said loudly.
    Open,
    /// What was not checked, or not clean, lets nothing pass.
    Closed,
}

impl Gate {
    /// Closed where [`GATE_VARIABLE`] or `CI` is set to anything.
    pub fn from_environment() -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        if is_set(GATE_VARIABLE) || is_set("CI") { Self::Closed } else { Self::Open }
    }
}
