//! The word by which a starting daemon says that it serves: one line on its standard output, for
//! `start` and for whoever else runs it.
//!
//! ```text
//! READY {"pid":123,"generation":4,"ready_ms":41,"slot":null,"held":false}
//! ```

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::cli::print::{PrintError, Screen};

/// How the line begins.
const WORD: &str = "READY ";

/// What the line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The daemon's process id.
    pub pid: u32,
    /// How often a daemon started on this home, this one included.
    pub generation: i64,
    /// How long it took, from the first instruction of `main`.
    #[serde(rename = "ready_ms")]
    pub elapsed_ms: u64,
    /// The slot it was started from.
    #[serde(default)]
    pub slot: Option<String>,
    /// Whether messages are kept in the inbox for now.
    #[serde(default)]
    pub held: bool,
}

impl Ready {
    /// What a daemon says that was begun then, in no slot and not held.
    pub(crate) fn now(began: Instant, generation: i64) -> Self {
        let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Self { pid: std::process::id(), generation, elapsed_ms, slot: None, held: false }
    }

    /// Says it. That nobody listens does not matter to a daemon.
    pub(crate) fn announce(&self) {
        match Screen::stdout().line(&self.line()) {
            Ok(()) | Err(PrintError::Gone) => {}
            Err(error) => tracing::warn!(%error, "nobody was told that the daemon is ready"),
        }
        tracing::info!(generation = self.generation, elapsed_ms = self.elapsed_ms, "ready");
    }

    /// The line, without its end.
    pub(crate) fn line(&self) -> String {
        let said = serde_json::to_string(self).expect("a struct of plain values is always JSON");
        format!("{WORD}{said}")
    }

    /// The same, as a person reads it.
    pub(crate) fn for_people(&self) -> String {
        let slot = self.slot.as_ref().map_or_else(String::new, |slot| format!(", slot {slot}"));
        let held = if self.held { ", held" } else { "" };
        format!("generation {}{slot}{held}", self.generation)
    }

    /// What a line says, if it is this one.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line.strip_prefix(WORD)?).ok()
    }
}

#[cfg(test)]
mod tests;
