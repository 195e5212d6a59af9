//! The sessions that a restart found down, by their rows: given up, or waiting to try again. What is
//! wrong with them was so before, and the next daemon tries them as soon as it delivers: what they say
//! in transcript, log and status is held against nobody.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context;
use harness::environment;
use serde_json::Value;

/// Those that were down; none where a person asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Down(BTreeSet<i64>);

impl Down {
    /// Those that the environment names.
    pub fn of_environment() -> anyhow::Result<Self> {
        Self::read(env::var_os(environment::DOWN_BEFORE).as_deref())
    }

    /// The rows of this text.
    fn read(text: Option<&OsStr>) -> anyhow::Result<Self> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Self::default()) };
        let rows = text.to_str().map(|text| -> Result<_, std::num::ParseIntError> {
            text.split(',').map(str::parse).collect()
        });
        rows.and_then(Result::ok).map(Self).with_context(|| {
            format!("read {}: {} are no rows of sessions", environment::DOWN_BEFORE, text.display())
        })
    }

    /// Whether this is the row of one of them, as JSON.
    pub(super) fn has(&self, row: &Value) -> bool {
        row.as_i64().is_some_and(|row| self.0.contains(&row))
    }

    /// Whether this is the transcript of one of them.
    pub(super) fn has_transcript(&self, path: &Path) -> bool {
        let stem = path.file_stem().and_then(OsStr::to_str);
        stem.and_then(|row| row.parse().ok()).is_some_and(|row| self.0.contains(&row))
    }

    /// Whether a line of the log is about one of them: it has its row as a field.
    pub(super) fn has_line(&self, line: &str) -> bool {
        let named = line.split_whitespace().filter_map(|word| word.strip_prefix("session="));
        named.filter_map(|row| row.parse().ok()).any(|row: i64| self.0.contains(&row))
    }
}

impl FromIterator<i64> for Down {
    fn from_iter<Rows: IntoIterator<Item = i64>>(rows: Rows) -> Self {
        Self(rows.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
