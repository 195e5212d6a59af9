//! What a run with the real API may cost, and what it did cost.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use harness::environment;
use serde::{Deserialize, Serialize};

/// The most that a run may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Requests to the API, failed ones and retries included.
    pub requests: u64,
    /// US dollars, as the agent program counts them.
    pub usd: f64,
}

impl Default for Budget {
    /// Enough for all live cases with a small model, about twice over.
    fn default() -> Self {
        Self { requests: 40, usd: 1.0 }
    }
}

/// A budget that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the budget {0:?}: it looks like requests=40,usd=1.00")]
pub struct BadBudget(String);

impl FromStr for Budget {
    type Err = BadBudget;

    /// Reads `requests=40,usd=1.00`; what is not named has its default.
    fn from_str(text: &str) -> Result<Self, BadBudget> {
        let bad = || BadBudget(text.to_owned());
        let mut budget = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("requests", number)) => {
                    budget.requests = number.parse().map_err(|_| bad())?;
                }
                Some(("usd", number)) => {
                    budget.usd = number.parse().map_err(|_| bad())?;
                    if !budget.usd.is_finite() || budget.usd < 0.0 {
                        return Err(bad());
                    }
                }
                _ => return Err(bad()),
            }
        }
        Ok(budget)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "requests={},usd={:.2}", self.requests, self.usd)
    }
}

impl Budget {
    /// What the environment allows.
    pub fn of_environment() -> Result<Self, BadBudget> {
        let Some(text) = env::var_os(environment::BUDGET) else { return Ok(Self::default()) };
        text.to_string_lossy().parse()
    }

    /// Whether nothing more may be spent.
    pub fn is_used_up(&self, spent: &Spent) -> bool {
        self.requests <= spent.requests || self.usd <= spent.usd
    }

    /// Dollars left.
    pub fn usd_left(&self, spent: &Spent) -> f64 {
        (self.usd - spent.usd).max(0.0)
    }
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A request was made.
    Request,
    /// A conversation has cost so much by now, resumed parts included.
    Cost {
        /// The conversation.
        session: String,
        /// US dollars.
        usd: f64,
    },
}

/// What a run has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Requests.
    pub requests: u64,
    /// US dollars.
    pub usd: f64,
}

impl fmt::Display for Spent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} requests, {:.4} USD", self.requests, self.usd)
    }
}

impl Spent {
    /// Adds a ledger up. A line that is being written, or makes no sense, counts as a request: what
    /// is not understood must not be free.
    pub fn of(ledger: &str) -> Self {
        let mut spent = Self::default();
        let mut costs: BTreeMap<String, f64> = BTreeMap::new();
        for line in ledger.lines() {
            match serde_json::from_str(line) {
                Ok(Entry::Cost { session, usd }) => {
                    let known = costs.entry(session).or_default();
                    *known = known.max(usd);
                }
                Ok(Entry::Request) | Err(_) => spent.requests += 1,
            }
        }
        spent.usd = costs.values().sum();
        spent
    }

    /// Reads a ledger from disk.
    pub fn read(ledger: &Path) -> io::Result<Self> {
        Ok(Self::of(&fs::read_to_string(ledger)?))
    }
}

#[cfg(test)]
mod tests;
