//! What a run of a tier found: one `report.json`, from which everything else is rendered.
//!
//! ```json
//! {"schema": "harness.report.v1", "tier": 2, "gate": "closed", "started_at": "..", "elapsed_ms": 9,
//!  "selection": {"only": null}, "machine": {..}, "ends": [{"integration": "agent", ..}],
//!  "cases": [{"id": "tier2::..", "outcome": "passed", ..}], "verdict": {"exit_code": 0, ..}}
//! ```
//!
//! Fields are only ever added within a version; a reader ignores those that it does not know.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::exit_code::ExitCode;
use crate::gate::Gate;
use crate::tier::Tier;

/// The name of the format.
pub const SCHEMA: &str = "harness.report.v1";

/// One run of one tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which tier ran.
    pub tier: Tier,
    /// How strict the run was.
    pub gate: Gate,
    /// When it began.
    pub started_at: Timestamp,
    /// How long all of it took.
    pub elapsed_ms: u64,
    /// What was asked for.
    pub selection: Selection,
    /// Where it ran.
    pub machine: Machine,
    /// What stood at the far end of each integration.
    pub ends: Vec<End>,
    /// Every selected case, in the order in which they ran.
    pub cases: Vec<CaseReport>,
    /// What is wrong with the run itself, such as an expired quarantine.
    pub problems: Vec<String>,
    /// What it all means.
    pub verdict: Verdict,
}

/// Which cases of a tier were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Only ids that contain this.
    pub only: Option<String>,
    /// Only this very id.
    #[serde(default)]
    pub exact: bool,
}

impl Selection {
    /// Whether all of a tier was asked for.
    pub fn is_everything(&self) -> bool {
        self.only.is_none()
    }
}

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `linux`, `macos`.
    pub os: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// Threads that run at once.
    pub cores: usize,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        }
    }
}

/// What stood at the far end of an integration: the real thing where the machine has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// What was integrated with: `agent`, `api`.
    pub integration: String,
    /// Whether it was the real thing.
    pub real: bool,
    /// Its name and version.
    pub what: String,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds, at the first try, and left nothing behind.
    Passed,
    /// It cannot hold here, and says why.
    Skipped,
    /// A program or setting that it needs is not on this machine, or what it depends on did not do its
    /// part.
    MissingPrecondition,
    /// It held only on a later try.
    Flaky,
    /// It holds, but something of it still ran or stood open at its end.
    Leaked,
    /// It does not hold.
    Failed,
    /// It ended in a panic.
    Panicked,
    /// It ran longer than it may, and was ended.
    TimedOut,
    /// A value without tolerance is off: something lost, doubled, reordered or left over.
    Broken,
}

impl Outcome {
    /// Every outcome, from the best.
    pub const ALL: [Self; 9] = [
        Self::Passed,
        Self::Skipped,
        Self::MissingPrecondition,
        Self::Flaky,
        Self::Leaked,
        Self::Failed,
        Self::Panicked,
        Self::TimedOut,
        Self::Broken,
    ];

    /// In a line for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::MissingPrecondition => "missing precondition",
            Self::Flaky => "flaky",
            Self::Leaked => "leaked",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed out",
            Self::Broken => "invariant broken",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.words())
    }
}

/// One case of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseReport {
    /// Its stable id.
    pub id: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, all tries together.
    pub elapsed_ms: f64,
    /// What the wrapper around it took of that.
    #[serde(default)]
    pub wrapper_ms: f64,
    /// How often it was tried.
    pub tries: u32,
    /// The seed of its last try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Where its log lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    /// Why it did not pass; no message text of anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The command that repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// The entry of `quarantine.toml` that holds for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantined>,
}

/// The quarantine that a case was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Where the trouble is written down.
    pub issue: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Whether that day is over: then it holds no more.
    pub expired: bool,
}

impl CaseReport {
    /// Whether a failure of it is tolerated for now.
    pub fn is_quarantined(&self) -> bool {
        self.quarantine.as_ref().is_some_and(|entry| !entry.expired)
    }
}

/// What a run means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The number that the command ends with.
    pub exit_code: ExitCode,
    /// Cases that passed, flaky and leaking ones included where the gate tolerates them.
    pub passed: usize,
    /// Cases that count against the run.
    pub failed: usize,
    /// Cases that were not tried.
    pub skipped: usize,
    /// Cases that failed in quarantine.
    pub quarantined: usize,
    /// Why it is no plain pass, the worst first.
    pub reasons: Vec<String>,
}

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file.
    #[error("read the report {path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why it cannot be read or written.
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

impl Report {
    /// Reads one from disk.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let report: Self = read_json(path)?;
        known(&report.schema, path).map(|()| report)
    }

    /// Writes it, replacing what was there in one step, with the directory it lies in.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let text = self.to_json();
        crate::files::replace(path, text.as_bytes())
            .map_err(|source| ReportError::File { path: path.to_path_buf(), source })
    }

    /// As the text of `report.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report has string keys only");
        text.push('\n');
        text
    }
}

/// Which kind of report a file holds: what its field `kind` says, which that of a tier lacks.
pub fn kind_of(path: &Path) -> Result<Option<String>, ReportError> {
    #[derive(Deserialize)]
    struct Named {
        schema: String,
        kind: Option<String>,
    }
    let Named { schema, kind } = read_json(path)?;
    known(&schema, path).map(|()| kind)
}

/// Reads a file as JSON.
pub(crate) fn read_json<Contents: DeserializeOwned>(path: &Path) -> Result<Contents, ReportError> {
    let named = || path.to_path_buf();
    let text =
        fs::read_to_string(path).map_err(|source| ReportError::File { path: named(), source })?;
    serde_json::from_str(&text).map_err(|source| ReportError::Json { path: named(), source })
}

/// Refuses a report of a version that this build does not know.
pub(crate) fn known(schema: &str, path: &Path) -> Result<(), ReportError> {
    if schema == SCHEMA {
        return Ok(());
    }
    Err(ReportError::Schema { path: path.to_path_buf(), found: schema.to_owned() })
}

#[cfg(test)]
mod tests;
