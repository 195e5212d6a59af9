//! The directory of recordings, one file for each contract, and what has drifted from them.

use std::path::{Path, PathBuf};

use super::recording::{Recording, RecordingError};
use super::replay::Replay;
use super::shape::{Difference, compare};
use super::{Contract, Outcome};

/// Where the recordings of the real program are.
#[derive(Debug, Clone)]
pub struct Recordings {
    directory: PathBuf,
}

impl Recordings {
    /// Those in this directory.
    pub fn at(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf() }
    }

    /// The file of a contract.
    pub fn path(&self, contract: &Contract) -> PathBuf {
        self.directory.join(format!("{}.jsonl", contract.id))
    }

    /// The recording of a contract; `None` if no recording can show it. A file that should be there
    /// and is not is an error.
    pub fn of(&self, contract: &Contract) -> Result<Option<Recording>, RecordingError> {
        let replay = Replay::new(Recording::empty(contract));
        let shown = contract.lacks(&replay).is_none();
        shown.then(|| Recording::read(&self.path(contract))).transpose()
    }

    /// Where an outcome of `name` differs from what was recorded; nothing where no recording can
    /// show the contract.
    pub fn drift(
        &self,
        contract: &Contract,
        (name, outcome): (&str, &Outcome),
    ) -> Result<Vec<Difference>, RecordingError> {
        let Some(recording) = self.of(contract)? else { return Ok(Vec::new()) };
        let recorded = ("recording", &recording.transcript);
        Ok(compare(contract.id, (name, &outcome.transcript), recorded))
    }
}
