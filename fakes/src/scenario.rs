//! Faults as data: what goes wrong, and when.
//!
//! A scenario is a JSON list of steps, for example:
//!
//! ```json
//! [{"when": {"on": "turn", "n": 2, "message": "result"}, "what": {"delay_ms": 500}},
//!  {"when": {"on": "connect"}, "what": {"exit": 1}},
//!  {"when": {"on": "turn", "n": 3}, "what": "stall"}]
//! ```
//!
//! An unknown key is refused, so that a misspelt fault does not pass as a good run.

use std::path::Path;

use serde::Deserialize;

/// A list of steps.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Scenario {
    /// The steps; each is looked at for every line the agent writes.
    pub steps: Vec<Step>,
}

/// One fault with its moment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When it strikes.
    pub when: When,
    /// What happens.
    pub what: What,
}

/// The moment of a fault. It strikes once per turn at most.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// In the time before the first turn, or in a turn.
    pub on: Phase,
    /// Which turn, counted from 1; absent = every turn.
    #[serde(default)]
    pub n: Option<u32>,
    /// The type of the line at which it strikes, `type` or `type/subtype`. Absent: at `connect` the
    /// answer to `initialize` (`control_response`), in a turn the first `assistant` line.
    #[serde(default)]
    pub message: Option<String>,
}

/// The part of a run a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the first turn.
    Connect,
    /// In a turn.
    Turn,
}

/// What goes wrong. The faults of lines strike at the line; those of the API when the model is
/// asked first in the turn.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The line comes that many milliseconds late, and everything after it.
    DelayMs(u64),
    /// Neither the line nor anything after it is written; the agent stays alive.
    Stall,
    /// A line that is not JSON comes first.
    Garbage,
    /// A line of a type nobody knows comes first.
    UnknownType,
    /// A valid line of at least that many bytes comes first.
    LongLineBytes(usize),
    /// The line comes twice.
    Duplicate,
    /// Half of the line comes, then the agent is gone with exit code 1.
    Truncate,
    /// The line does not come: with `message: "result"`, a turn without a result.
    Skip,
    /// The agent ends with exit code 0 instead of writing the line.
    Eof,
    /// The agent ends with that exit code instead of writing the line.
    Exit(i32),
    /// The agent dies of that signal instead of writing the line.
    Signal(i32),
    /// That many bytes of text go to stderr first.
    StderrBytes(usize),
    /// A usage limit: a `rate_limit_event` with `rejected`, then the error of a 429.
    RateLimit,
    /// The API refuses the credentials (401, after all retries).
    AuthError,
    /// The API answers with that status, after all retries where the program retries.
    ApiStatus(u16),
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("read the scenario {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no scenario.
    #[error("parse the scenario: {0}")]
    Parse(#[from] serde_json::Error),
}

impl Scenario {
    /// Parses a scenario.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        Ok(serde_json::from_str(text)?)
    }

    /// Reads a scenario from a file.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScenarioError::Read { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }
}

impl What {
    /// The API status this fault stands for, if it is one of the API.
    pub(crate) fn api_status(&self) -> Option<u16> {
        match self {
            Self::RateLimit => Some(429),
            Self::AuthError => Some(401),
            Self::ApiStatus(status) => Some(*status),
            _ => None,
        }
    }
}

impl When {
    /// Whether the moment is in turn `turn` (0 = before the first).
    pub(crate) fn is_in(&self, turn: u32) -> bool {
        match self.on {
            Phase::Connect => turn == 0,
            Phase::Turn => turn > 0 && self.n.is_none_or(|n| n == turn),
        }
    }

    /// Whether it strikes at a line of this type.
    pub(crate) fn is_at(&self, kind: &str, subtype: Option<&str>) -> bool {
        let wanted = self.message.as_deref().unwrap_or(match self.on {
            Phase::Connect => "control_response",
            Phase::Turn => "assistant",
        });
        match wanted.split_once('/') {
            Some((wanted_kind, wanted_subtype)) => {
                wanted_kind == kind && Some(wanted_subtype) == subtype
            }
            None => wanted == kind,
        }
    }
}

#[cfg(test)]
mod tests;
