//! How a driver speaks with a probe: one JSON line each way, over the probe's stdin and stdout.
//!
//! ```text
//!  probe   {"probe": "bench-probe.v1", "scenarios": [{"name": "pickup", "metrics": ["daemon.pickup_20.watch"]}]}
//!  driver  {"ask": "prepare", "scenario": "pickup"}           probe  {"answer": "prepared"}
//!  driver  {"ask": "sample"}                                  probe  {"answer": "values", "values": {..}}
//!  driver  {"ask": "finish"}                                  probe  {"answer": "finished"}
//! ```
//!
//! The other side may be a build of an older commit, so fields are only ever added, what is not known
//! is ignored, and a scenario or a metric that a probe lacks is simply *new*. One scenario is
//! prepared at a time. A probe ends when its input does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::RoleMemory;

/// The name of the protocol.
pub const PROTOCOL: &str = "bench-probe.v1";

/// Values of one sample: by metric, in the unit of its policy.
pub type Values = BTreeMap<String, f64>;

/// What a probe says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub probe: String,
    /// What it can measure.
    pub scenarios: Vec<Offered>,
}

/// One scenario of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Its name.
    pub name: String,
    /// The metrics that each of its samples gives a value of.
    pub metrics: Vec<String>,
}

/// What a driver asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Make everything ready for this scenario, and warm it up.
    Prepare {
        /// Which.
        scenario: String,
        /// Lengthen whatever is timed by this fraction of what it takes, inside of it: to see
        /// whether the scenario would notice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slowed: Option<f64>,
    },
    /// Do the work once, and say what it took.
    Sample,
    /// Take away what was prepared.
    Finish,
}

/// What a probe answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To [`Ask::Prepare`].
    Prepared,
    /// To [`Ask::Sample`].
    Values {
        /// What it took.
        values: Values,
        /// Memory by role, where the scenario looks at it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<RoleMemory>,
    },
    /// To [`Ask::Finish`].
    Finished,
    /// The scenario cannot run on this machine.
    Missing {
        /// What it lacks.
        what: String,
    },
    /// It went wrong. The scenario is over.
    Failed {
        /// Behind "failed to".
        why: String,
    },
}
