//! What a restart did: one `report.json`, from which everything else is rendered.
//!
//! ```json
//! {"schema": "harness.restart.v1", "id": "r1763870478123-9f3c", "scope": "whole",
//!  "started_at": "..", "elapsed_ms": 93120, "target": {..}, "previous": "20261123T040118Z-be6e8ec1a2b3",
//!  "standing": "good", "before": {"pid": 100, "generation": 7}, "after": {"pid": 230, "generation": 8}, "gap_ms": 180,
//!  "steps": [{"number": 0, "name": "lock", "outcome": "passed", ..}], "decisions": [".."],
//!  "verdict": {"exit_code": 0, "says": "..", "reasons": []}}
//! ```
//!
//! Fields are only ever added within a version; a reader ignores those that it does not know. The
//! launcher reads `verdict` of a restart that was asked for from inside.

use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::flags::Scope;
use super::step::Step;
use crate::exit_code::ExitCode;

/// The name of the format.
pub const SCHEMA: &str = "harness.restart.v1";

/// One restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// What it is called everywhere.
    pub id: String,
    /// How far it was to go.
    pub scope: Scope,
    /// When it began.
    pub started_at: Timestamp,
    /// How long all of it took.
    pub elapsed_ms: u64,
    /// The command that repeats it.
    pub repeat: String,
    /// What was to run.
    pub target: Target,
    /// The slot that ran before.
    pub previous: Option<String>,
    /// How the target's slot is marked at the end; none where it has none.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// The daemon that ran before.
    pub before: Option<Seen>,
    /// The daemon that runs afterwards, as far as it is known.
    pub after: Option<Seen>,
    /// How long there was no daemon, from the beginning of its stop to READY of the next.
    pub gap_ms: Option<u64>,
    /// How long people's messages waited, from the hold to its release.
    pub held_ms: Option<u64>,
    /// The copy of the database that was made.
    pub backup: Option<PathBuf>,
    /// Every step that was begun, and those that were not.
    pub steps: Vec<StepReport>,
    /// What was decided on the way, and why, in its order.
    pub decisions: Vec<String>,
    /// What it all means.
    pub verdict: Verdict,
}

/// What was to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// As it was asked for: a revision, or the name of a slot.
    pub asked: String,
    /// All digits of its commit.
    pub commit: Option<String>,
    /// Its slot.
    pub slot: Option<String>,
}

/// How a slot is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is one to go back to.
    Good,
    /// Neither good nor bad: no restart to it was carried to its end, or it is kept although it failed.
    Unproven,
    /// It is not started again.
    Bad,
}

/// A daemon at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its process.
    pub pid: u32,
    /// How often a daemon started on this home, this one included.
    pub generation: i64,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It holds, with something to look at.
    Remarked,
    /// It does not.
    Failed,
    /// It was never begun.
    Skipped,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// 0 to 12; none for the way back.
    pub number: Option<u8>,
    /// Which.
    pub step: Step,
    /// What it is called.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began, after the beginning of all.
    pub started_ms: u64,
    /// How long it took.
    pub elapsed_ms: u64,
    /// How long it might have taken.
    pub deadline_ms: u64,
    /// What there is to say about it, a line each.
    pub says: Vec<String>,
}

/// What a restart means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The number that the command ends with.
    pub exit_code: ExitCode,
    /// One line for people.
    pub says: String,
    /// Why it is no plain pass, what came first first.
    pub reasons: Vec<String>,
}

/// Why a report cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file.
    #[error("read or write the report {path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Its contents.
    #[error("read the report {path}: {source}", path = .path.display())]
    Json {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A version that this build does not know.
    #[error("read the report {path}: it is {found:?} and not {SCHEMA}", path = .path.display())]
    Schema {
        /// Which one.
        path: PathBuf,
        /// What it calls itself.
        found: String,
    },
}

impl Outcome {
    /// In a line for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Remarked => "remarked",
            Self::Failed => "failed",
            Self::Skipped => "not begun",
        }
    }
}

impl Standing {
    /// In a line for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Good => "marked good",
            Self::Unproven => "unproven: neither good nor bad",
            Self::Bad => "marked bad: not started again",
        }
    }
}

impl StepReport {
    /// A step of which nothing is known yet but that it was never begun.
    pub fn skipped(step: Step, deadline_ms: u64) -> Self {
        Self {
            number: step.number(),
            step,
            name: step.name().to_owned(),
            outcome: Outcome::Skipped,
            started_ms: 0,
            elapsed_ms: 0,
            deadline_ms,
            says: Vec::new(),
        }
    }
}

impl Report {
    /// Reads one from disk.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let named = || path.to_path_buf();
        let text = fs::read(path).map_err(|source| ReportError::File { path: named(), source })?;
        let report: Self = serde_json::from_slice(&text)
            .map_err(|source| ReportError::Json { path: named(), source })?;
        if report.schema == SCHEMA {
            Ok(report)
        } else {
            Err(ReportError::Schema { path: named(), found: report.schema })
        }
    }

    /// Writes it, replacing what was there in one step, with the directory it lies in.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        crate::files::replace(path, self.to_json().as_bytes())
            .map_err(|source| ReportError::File { path: path.to_path_buf(), source })
    }

    /// As the text of `report.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report has string keys only");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests;
