//! Cases whose failure is tolerated for a while: the file `harness/quarantine.toml`.
//!
//! ```toml
//! [[case]]
//! id = "tier2::restart::the_cursor_survives_a_kill"
//! owner = "who mends it"
//! issue = "where the trouble is written down"
//! since = 2026-03-01
//! expires = 2026-03-15
//! reason = "what is known so far"
//! ```
//!
//! Such a case still runs and its outcome is shown; it only does not count. The tolerance is short
//! and ends by itself: an entry that is over, or that names a case which does not exist, is an
//! error of the run. Nothing here reads a clock, today comes in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Deserializer};

use crate::bench::report::QuarantineLine;
use crate::report::Quarantined;
use crate::tier::Tier;

/// How many days an entry may last, from `since` to `expires`: long enough to find a fault that
/// shows up once a week, too short to be forgotten.
pub const DAYS_MAX: i32 = 14;

/// All entries of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    owner: String,
    issue: String,
    #[serde(deserialize_with = "day")]
    since: Date,
    #[serde(deserialize_with = "day")]
    expires: Date,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Entry>,
}

/// Why the file cannot be used. It names no path; [`Quarantine::read`] does.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// It lies there and cannot be read.
    #[error("read the quarantine {path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// What it says makes no sense.
    #[error("read the quarantine {path}: {source}", path = .path.display())]
    In {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// It is no TOML, or has keys or values that are unknown here.
    #[error("understand its TOML: {0}")]
    Toml(#[from] toml::de::Error),
    /// Two entries are about the same case.
    #[error("choose between two entries of {0}")]
    Twice(String),
    /// It is about a run as a whole, as `tier1::(runner)` is, and not about a case of it.
    #[error("tolerate {0}: it is no case")]
    NoCase(String),
    /// A field says nothing.
    #[error("find {field} in the entry of {id:?}: it is empty")]
    Blank {
        /// Of which case.
        id: String,
        /// Which field.
        field: &'static str,
    },
}

impl Quarantine {
    /// Nothing is tolerated.
    pub fn none() -> Self {
        Self::default()
    }

    /// From the text of the file.
    pub fn parse(text: &str) -> Result<Self, QuarantineError> {
        let File { case: entries } = toml::from_str(text)?;
        let mut seen = BTreeSet::new();
        for entry in &entries {
            entry.is_filled()?;
            if is_run(&entry.id) {
                return Err(QuarantineError::NoCase(entry.id.clone()));
            }
            if !seen.insert(&entry.id) {
                return Err(QuarantineError::Twice(entry.id.clone()));
            }
        }
        Ok(Self { entries })
    }

    /// Every entry, for whoever shows them.
    pub fn lines(&self) -> Vec<QuarantineLine> {
        let line = |entry: &Entry| QuarantineLine {
            id: entry.id.clone(),
            owner: entry.owner.clone(),
            issue: entry.issue.clone(),
            expires: entry.expires,
            reason: entry.reason.clone(),
        };
        self.entries.iter().map(line).collect()
    }

    /// From the file at `path`; where there is none, nothing is tolerated.
    pub fn read(path: &Path) -> Result<Self, QuarantineError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::none()),
            Err(source) => return Err(QuarantineError::File { path: path.to_path_buf(), source }),
        };
        Self::parse(&text).map_err(|source| QuarantineError::In {
            path: path.to_path_buf(),
            source: Box::new(source),
        })
    }

    /// What holds for the case `id`, if it has an entry that has begun.
    ///
    /// An entry that lasts too long is over when it should have been.
    pub fn note(&self, id: &str, today: Date) -> Option<Quarantined> {
        let entry = self.entries.iter().find(|entry| entry.id == id)?;
        if today < entry.since {
            return None;
        }
        let expires = entry.expires.min(entry.latest());
        Some(Quarantined { issue: entry.issue.clone(), expires, expired: expires < today })
    }

    /// What is wrong with the entries that a run of `tier` answers for: its own, and those that
    /// belong to no tier at all. One sentence each, for [`Report::problems`].
    ///
    /// `known` is every case that the tier has, not only those that were selected.
    ///
    /// [`Report::problems`]: crate::report::Report::problems
    pub fn problems(&self, tier: Tier, known: &[&str], today: Date) -> Vec<String> {
        let mut problems = Vec::new();
        for entry in &self.entries {
            match Tier::of_id(&entry.id) {
                None => problems.push(entry.says("its id names no tier")),
                Some(other) if other != tier => {}
                Some(_) => {
                    if !known.contains(&entry.id.as_str()) {
                        problems.push(entry.says(&format!("{tier} has no such case")));
                    }
                    problems.extend(entry.wrong_days(today));
                }
            }
        }
        problems
    }
}

impl Entry {
    fn is_filled(&self) -> Result<(), QuarantineError> {
        let fields = [
            ("an id", &self.id),
            ("an owner", &self.owner),
            ("an issue", &self.issue),
            ("a reason", &self.reason),
        ];
        match fields.into_iter().find(|(_, value)| value.trim().is_empty()) {
            Some((field, _)) => Err(QuarantineError::Blank { id: self.id.clone(), field }),
            None => Ok(()),
        }
    }

    /// The last day that an entry of this beginning may hold.
    fn latest(&self) -> Date {
        let most: Span = DAYS_MAX.days();
        self.since.saturating_add(most)
    }

    fn wrong_days(&self, today: Date) -> Option<String> {
        let Self { since, expires, owner, .. } = self;
        if today < *since {
            Some(self.says(&format!("it begins only on {since}")))
        } else if expires < since {
            Some(self.says(&format!("it ends on {expires}, before it begins on {since}")))
        } else if self.latest() < *expires {
            Some(
                self.says(&format!(
                    "from {since} to {expires} it lasts longer than {DAYS_MAX} days"
                )),
            )
        } else if *expires < today {
            Some(self.says(&format!("it expired on {expires}; its owner is {owner}")))
        } else {
            None
        }
    }

    fn says(&self, what: &str) -> String {
        format!("quarantine of {}: {what}", self.id)
    }
}

/// Whether an id is what stands in a report for a run that went wrong as a whole, in parentheses,
/// which the name of no test has.
fn is_run(id: &str) -> bool {
    id.contains('(')
}

/// A day, as a date of TOML or in quotes.
fn day<'de, D: Deserializer<'de>>(input: D) -> Result<Date, D::Error> {
    let text = match toml::Value::deserialize(input)? {
        toml::Value::Datetime(moment) => moment.to_string(),
        toml::Value::String(text) => text,
        other => {
            let kind = other.type_str();
            return Err(serde::de::Error::custom(format!(
                "a day is written 2026-03-01, not as {kind}"
            )));
        }
    };
    text.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
