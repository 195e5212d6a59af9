//! The sessions that a restart found down, by their rows: given up, or waiting to try again. What is
//! wrong with them was so before, and the next daemon tries them as soon as it delivers: what they say
//! in transcript, log and status is held against nobody.
//!
//! One that was to try again is not excused for all that: if it is given up now, that may be the message's
//! doing or the new daemon's, and nothing can be said by it.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context;
use harness::environment;
use serde_json::Value;

/// Those that were down; none where a person asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Down {
    rows: BTreeSet<i64>,
    /// Those of them that were to try again.
    trying: BTreeSet<i64>,
}

impl Down {
    /// Those that the environment names.
    pub fn of_environment() -> anyhow::Result<Self> {
        let [rows, trying] = [environment::DOWN_BEFORE, environment::TRYING_BEFORE]
            .map(|name| read(name, env::var_os(name).as_deref()));
        Ok(Self { rows: rows?, trying: trying? })
    }

    /// The same, of which these were to try again.
    #[cfg(test)]
    pub(super) fn trying<const N: usize>(self, rows: [i64; N]) -> Self {
        Self { trying: rows.into(), ..self }
    }

    /// Whether this session, by its row as JSON, may be given up still.
    pub(super) fn may_be_given_up(&self, row: &Value) -> bool {
        self.has(row) && row.as_i64().is_some_and(|row| !self.trying.contains(&row))
    }

    /// Whether this is the row of one of them, as JSON.
    pub(super) fn has(&self, row: &Value) -> bool {
        row.as_i64().is_some_and(|row| self.rows.contains(&row))
    }

    /// Whether this is the transcript of one of them.
    pub(super) fn has_transcript(&self, path: &Path) -> bool {
        let stem = path.file_stem().and_then(OsStr::to_str);
        stem.and_then(|row| row.parse().ok()).is_some_and(|row| self.rows.contains(&row))
    }

    /// Whether a line of the log is about one of them: it has its row as a field.
    pub(super) fn has_line(&self, line: &str) -> bool {
        let named = line.split_whitespace().filter_map(|word| word.strip_prefix("session="));
        named.filter_map(|row| row.parse().ok()).any(|row: i64| self.rows.contains(&row))
    }
}

/// The rows of the text of a variable.
fn read(name: &str, text: Option<&OsStr>) -> anyhow::Result<BTreeSet<i64>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(BTreeSet::new()) };
    let rows = text.to_str().map(|text| -> Result<_, std::num::ParseIntError> {
        text.split(',').map(str::parse).collect()
    });
    rows.and_then(Result::ok)
        .with_context(|| format!("read {name}: {} are no rows of sessions", text.display()))
}

impl FromIterator<i64> for Down {
    fn from_iter<Rows: IntoIterator<Item = i64>>(rows: Rows) -> Self {
        Self { rows: rows.into_iter().collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
