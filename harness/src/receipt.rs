//! A receipt: that a whole tier passed on this very tree, so that it need not run again.
//!
//! `target/receipts/tier-N.json`, written after a run of everything behind a closed gate:
//!
//! ```json
//! {"schema": "harness.receipt.v1", "tier": 2, "tree": {"hash": "9f..", "clean": true},
//!  "lockfile": "5d..", "binaries": {"claude-assistant": "e3.."}, "api": null, "machine": {..},
//!  "gate": "closed", "selection": {"only": null}, "verdict": {"exit_code": 0, ..},
//!  "seeds": {"tier2::..": 7}, "written_at": ".."}
//! ```
//!
//! [`Receipt::is_valid`] is pure and doubts: whatever is not exactly as it was makes it [`Stale`],
//! and the tier runs again. What it holds about the tree and the binaries is gathered by [`tree()`]
//! and [`sha256`]. Absent: running anything, and any way to make an old receipt young.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::exit_code::ExitCode;
use crate::gate::Gate;
use crate::report::{Machine, Report, Selection, Verdict};
use crate::tier::Tier;

mod fingerprint;
mod tree;

pub use fingerprint::{binaries, sha256};
pub use tree::{Tree, TreeError, tree};

/// The name of the format.
pub const SCHEMA: &str = "harness.receipt.v1";

/// How long a receipt holds: what it cannot see, the machine around the tree, changes in a day.
pub const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// What a run was about, or what somebody wants to be sure of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Which tier.
    pub tier: Tier,
    /// All files of the work tree.
    pub tree: Tree,
    /// SHA-256 of `Cargo.lock`, in hexadecimal digits.
    pub lockfile: String,
    /// SHA-256 of every program that takes part, by its name. None only in tier 1.
    pub binaries: BTreeMap<String, String>,
    /// Which API the real agent program talks to, in the tier where that is a choice.
    pub api: Option<String>,
    /// Where.
    pub machine: Machine,
}

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`SCHEMA`].
    pub schema: String,
    /// What it vouches for.
    #[serde(flatten)]
    pub subject: Wanted,
    /// How strict the run was.
    pub gate: Gate,
    /// What was asked for.
    pub selection: Selection,
    /// What came of it.
    pub verdict: Verdict,
    /// The seed of each case that had one.
    pub seeds: BTreeMap<String, u64>,
    /// When the run had ended.
    pub written_at: Timestamp,
}

/// Why a receipt vouches for nothing any more, or never did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// It is of a version that this build does not know.
    #[error("it calls itself {0:?}")]
    Schema(String),
    /// It is older than [`AGE_MAX`].
    #[error("it is {} hours old", .0.as_hours())]
    Old(SignedDuration),
    /// It was written later than now: one of the clocks is wrong.
    #[error("it was written in the future, at {0}")]
    Future(Timestamp),
    /// It is about another tier.
    #[error("it is about {0}")]
    Tier(Tier),
    /// A file has changed, come or gone.
    #[error("the work tree has changed")]
    Tree,
    /// The dependencies have changed.
    #[error("Cargo.lock has changed")]
    Lockfile,
    /// A program was built anew, has come or has gone.
    #[error("the program {0} is another one")]
    Binary(String),
    /// It names no program in a tier that is about programs.
    #[error("it names no program")]
    NoBinaries,
    /// The run was with another API.
    #[error("it was with the API {}", .0.as_deref().unwrap_or("of no choice"))]
    Api(Option<String>),
    /// The run was on another machine.
    #[error("it is of another machine")]
    Machine,
    /// Only a part of the tier ran.
    #[error("only a part of the tier ran")]
    Selection,
    /// The run tolerated what a closed gate does not.
    #[error("the gate was open")]
    Gate,
    /// The run did not pass.
    #[error("the run did not pass: {}", .0.meaning())]
    Result(ExitCode),
    /// So many cases counted for nothing: an entry of the quarantine may be over, or gone, by now.
    #[error("failures were tolerated, in quarantine: {0}")]
    Quarantined(usize),
}

/// Why a receipt cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The file.
    #[error("read or write the receipt {path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Its contents.
    #[error("read the receipt {path}: {source}", path = .path.display())]
    Json {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Where the receipt of `tier` lies below the build directory `target`.
pub fn path(target: &Path, tier: Tier) -> PathBuf {
    target.join(format!("receipts/tier-{}.json", tier.number()))
}

impl Receipt {
    /// What `report` says about `subject`, gathered **before** the run: what changed while it went
    /// on was not tested. Whether it is worth anything is only said by [`is_valid`](Self::is_valid).
    pub fn of(report: &Report, subject: Wanted, written_at: Timestamp) -> Self {
        let seeds = report.cases.iter().filter_map(|case| Some((case.id.clone(), case.seed?)));
        Self {
            schema: SCHEMA.to_owned(),
            subject: Wanted { tier: report.tier, machine: report.machine.clone(), ..subject },
            gate: report.gate,
            selection: report.selection.clone(),
            verdict: report.verdict.clone(),
            seeds: seeds.collect(),
            written_at,
        }
    }

    /// Whether it vouches, at `now`, for what is wanted; the reason where it does not.
    pub fn is_valid(&self, now: Timestamp, wanted: &Wanted) -> Result<(), Stale> {
        let age = now.duration_since(self.written_at);
        let refused = |holds: bool, stale: Stale| if holds { Err(stale) } else { Ok(()) };
        refused(self.schema != SCHEMA, Stale::Schema(self.schema.clone()))?;
        refused(age.is_negative(), Stale::Future(self.written_at))?;
        refused(AGE_MAX <= age, Stale::Old(age))?;
        self.subject.is_same(wanted)?;
        refused(!self.selection.is_everything(), Stale::Selection)?;
        refused(self.gate != Gate::Closed, Stale::Gate)?;
        let verdict = &self.verdict;
        let passed = verdict.exit_code == ExitCode::Pass && verdict.failed == 0;
        refused(!passed || verdict.passed == 0, Stale::Result(verdict.exit_code))?;
        refused(0 < verdict.quarantined, Stale::Quarantined(verdict.quarantined))
    }

    /// Reads one from disk; `None` where there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, ReceiptError> {
        let named = || path.to_path_buf();
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ReceiptError::File { path: named(), source }),
        };
        let read = serde_json::from_slice(&text);
        read.map(Some).map_err(|source| ReceiptError::Json { path: named(), source })
    }

    /// Writes it, replacing what was there in one step.
    pub fn write(&self, path: &Path) -> Result<(), ReceiptError> {
        let mut text = serde_json::to_vec_pretty(self).expect("a receipt has string keys only");
        text.push(b'\n');
        crate::files::replace(path, &text)
            .map_err(|source| ReceiptError::File { path: path.to_path_buf(), source })
    }
}

impl Wanted {
    fn is_same(&self, wanted: &Self) -> Result<(), Stale> {
        if self.tier != wanted.tier {
            return Err(Stale::Tier(self.tier));
        }
        // A clean tree and a changed one can hold the same files: which of them it was is no matter.
        if self.tree.hash != wanted.tree.hash {
            return Err(Stale::Tree);
        }
        if self.lockfile != wanted.lockfile {
            return Err(Stale::Lockfile);
        }
        if let Some(name) = self.another_binary(wanted) {
            return Err(Stale::Binary(name.clone()));
        }
        if self.binaries.is_empty() && self.tier != Tier::InProcess {
            return Err(Stale::NoBinaries);
        }
        if self.api != wanted.api {
            return Err(Stale::Api(self.api.clone()));
        }
        if self.machine != wanted.machine {
            return Err(Stale::Machine);
        }
        Ok(())
    }

    fn another_binary<'a>(&'a self, wanted: &'a Self) -> Option<&'a String> {
        let mut names = self.binaries.keys().chain(wanted.binaries.keys());
        names.find(|name| self.binaries.get(*name) != wanted.binaries.get(*name))
    }
}

#[cfg(test)]
mod tests;
