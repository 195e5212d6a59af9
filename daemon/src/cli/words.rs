//! What a process that was started in the background says on standard error: into a file that others
//! have written to before it, so that it is listened to from there on.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::print::complain;
use crate::telemetry;

/// What every complaint begins with.
pub(super) const PREFIX: &str = "claude-assistant: ";

/// What is said there from now on.
#[derive(Debug)]
pub(super) struct Words {
    file: File,
    from: u64,
}

impl Words {
    /// Begins to listen at the file's end.
    pub(super) fn begin(path: &Path) -> std::io::Result<Self> {
        let mut file = telemetry::open_stderr(path)?;
        let from = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, from })
    }

    /// Where they are written.
    pub(super) fn file(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    /// Shows them.
    pub(super) fn complain(&mut self) {
        for line in self.since().unwrap_or_default().lines() {
            complain(line.trim_start_matches(PREFIX));
        }
    }

    /// What was said so far.
    pub(super) fn since(&mut self) -> std::io::Result<String> {
        let mut said = Vec::new();
        self.file.seek(SeekFrom::Start(self.from))?;
        self.file.read_to_end(&mut said)?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}
