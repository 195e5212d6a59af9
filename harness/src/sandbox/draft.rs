//! A message that is written and not there yet.

use std::fs;
use std::path::{Path, PathBuf};

use super::{SandboxError, on, write_private};

/// A whole message under a name that no daemon takes up. One that is dropped stays a draft.
#[derive(Debug)]
#[must_use = "a draft is no message before it appears"]
pub struct Draft {
    half: PathBuf,
    whole: PathBuf,
}

impl Draft {
    /// Writes `bytes` into `directory` as what becomes `NAME.json`.
    pub(super) fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<Self, SandboxError> {
        let half = directory.join(format!("{name}.tmp"));
        write_private(&half, bytes)?;
        Ok(Self { half, whole: directory.join(format!("{name}.json")) })
    }

    /// Gives it its name, and so to the daemon: one rename, and nothing else.
    pub fn appear(self) -> Result<(), SandboxError> {
        fs::rename(&self.half, &self.whole).map_err(on(&self.whole))
    }
}
