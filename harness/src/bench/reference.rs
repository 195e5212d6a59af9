//! `baselines/machines/<id>.json`: what was measured on one machine and declared to be normal there.
//!
//! ```json
//! {"schema": "harness.reference.v1", "machine": {"id": "linux-x86_64-2-..", ..},
//!  "metrics": {"daemon.ready": [
//!    {"at": "..", "commit": "..", "value": 9.3, "low": 9.1, "high": 9.6, "samples": 100, "because": ".."}]}}
//! ```
//!
//! A reference never judges a build: that does a base measured in the same minutes. It shows how far
//! many small steps have led, none of which was worth a remark. So a metric keeps the whole list of
//! its promotions: the last one is the reference, the first one the anchor of its [`Drift`].
//!
//! [`Drift`]: super::drift::Drift
//!
//! Fields are only ever added within a version; a reader ignores those that it does not know.

mod promote;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::promote::{LOADED_PART_MAX, PromoteRefusal, left_out, promote};
use super::policy::Policy;
use super::report::{BenchMachine, Promotion};

/// The name of the format.
pub const SCHEMA: &str = "harness.reference.v1";

/// The references of one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// [`SCHEMA`].
    pub schema: String,
    /// Where they were measured.
    pub machine: BenchMachine,
    /// By metric, every value that was promoted, oldest first.
    pub metrics: BTreeMap<String, Vec<Promoted>>,
}

/// A value that became the reference of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promoted {
    /// When the run began that measured it, of which commit, what it was, and why it was promoted.
    #[serde(flatten)]
    pub promotion: Promotion,
    /// Of how many samples it is made.
    pub samples: usize,
    /// The compiler that built it, as `rustc --version` says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rustc: Option<String>,
}

/// Why a reference cannot be used: [`ExitCode::FileInvalid`].
///
/// [`ExitCode::FileInvalid`]: crate::exit_code::ExitCode::FileInvalid
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The file.
    #[error("use the reference {path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why it cannot be read or written.
        source: io::Error,
    },
    /// Its contents.
    #[error("read the reference {path}: {source}", path = .path.display())]
    Json {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A version that this build does not know.
    #[error("read the reference {path}: it is {found:?} and not {SCHEMA}", path = .path.display())]
    Schema {
        /// Which one.
        path: PathBuf,
        /// What it calls itself.
        found: String,
    },
}

impl Reference {
    /// Where that of the machine with this id lies, below the folder `baselines`.
    pub fn path(baselines: &Path, machine: &str) -> PathBuf {
        baselines.join("machines").join(format!("{machine}.json"))
    }

    /// From the file at `path`; none where there is none, as on a machine nothing was promoted on.
    ///
    /// # Errors
    /// When it cannot be read, or breaks its format.
    pub fn read(path: &Path) -> Result<Option<Self>, ReferenceError> {
        let named = || path.to_path_buf();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ReferenceError::File { path: named(), source }),
        };
        let reference: Self = serde_json::from_str(&text)
            .map_err(|source| ReferenceError::Json { path: named(), source })?;
        if reference.schema == SCHEMA {
            Ok(Some(reference))
        } else {
            Err(ReferenceError::Schema { path: named(), found: reference.schema })
        }
    }

    /// Writes it, replacing what was there in one step.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, path: &Path) -> Result<(), ReferenceError> {
        crate::files::replace(path, self.to_json().as_bytes())
            .map_err(|source| ReferenceError::File { path: path.to_path_buf(), source })
    }

    /// As the text of its file.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("it has string keys only");
        text.push('\n');
        text
    }

    /// What is normal for this metric: the value promoted last.
    pub fn current(&self, metric: &str) -> Option<&Promoted> {
        self.metrics.get(metric)?.last()
    }

    /// The first value that this metric ever had.
    pub fn anchor(&self, metric: &str) -> Option<&Promoted> {
        self.metrics.get(metric)?.first()
    }

    /// What a hand may have done to it: metrics that the policy does not know, promotions that are
    /// out of order or without a reason, values that nobody measured. One sentence each.
    pub fn problems(&self, policy: &Policy) -> Vec<String> {
        let mut problems = Vec::new();
        for (id, promoted) in &self.metrics {
            let mut says = |what: &str| problems.push(format!("reference of {id}: {what}"));
            if !policy.knows(id) {
                says("the policy does not know it");
            }
            if promoted.is_empty() {
                says("it has no value");
            }
            for Promoted { promotion, samples, .. } in promoted {
                if promotion.because.trim().is_empty() {
                    says(&format!("that of {} has no reason", promotion.at));
                }
                if *samples == 0 || !promotion.estimate.is_sound() {
                    says(&format!("that of {} is no measured value", promotion.at));
                }
            }
            for pair in promoted.windows(2) {
                let [earlier, later] = [pair[0].promotion.at, pair[1].promotion.at];
                if later <= earlier {
                    says(&format!("that of {later} stands behind that of {earlier}"));
                }
            }
        }
        problems
    }

    /// Notes which compiler built what was promoted from the run that began at `at`.
    #[must_use]
    pub fn built_by(mut self, rustc: &str, at: Timestamp) -> Self {
        for promoted in self.metrics.values_mut().flatten() {
            if promoted.promotion.at == at {
                promoted.rustc = Some(rustc.to_owned());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests;
