//! Logs and transcripts from a moment on: what went wrong since then.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::wait::{wait_for, wait_for_every};
use serde_json::Value;

use super::{Down, Home, healthy};
use crate::views::files_below;

/// How often the daemon is asked how it is during a soak.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The log in use, from the home.
const LOG: &str = "logs/daemon.log";

/// How long there may be no log: from a rename to the making of a file, on a busy machine.
const ROTATION_MAX: Duration = Duration::from_secs(2);

/// How long every file was when the watching began, and which daemon wrote them.
#[derive(Debug)]
pub struct Watch {
    lengths: BTreeMap<PathBuf, u64>,
    daemon: (Value, Value),
    down: Down,
}

impl Watch {
    /// Watches from now on; what is wrong with sessions that were down is passed over.
    pub(super) fn begin(home: &Home, down: Down) -> anyhow::Result<Self> {
        let mut lengths = BTreeMap::new();
        for path in watched(home)? {
            // A file that goes away now was rotated; what is in its place is new.
            if let Ok(metadata) = fs::metadata(&path) {
                lengths.insert(path, metadata.len());
            }
        }
        let status = home.status()?;
        Ok(Self { lengths, daemon: identity(&status), down })
    }

    /// The sessions that may be down.
    pub(super) const fn down(&self) -> &Down {
        &self.down
    }

    /// What was added to a file since; all of it if it was rotated.
    pub(super) fn added_to(&self, path: &Path) -> anyhow::Result<String> {
        let reading = || format!("read {}", path.display());
        let mut file = File::open(path).with_context(reading)?;
        let before = self.lengths.get(path).copied().unwrap_or_default();
        let now = file.metadata().with_context(reading)?.len();
        file.seek(SeekFrom::Start(if before <= now { before } else { 0 })).with_context(reading)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(reading)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Looks for `soak` more; fails at the first error in a log or transcript since the beginning,
    /// and when another daemon runs.
    pub fn soak(&self, home: &Home, soak: Duration) -> anyhow::Result<()> {
        let wrong = wait_for_every(LOOK_EVERY, soak, || self.look(home).err());
        wrong.map_or(Ok(()), Err)
    }

    fn look(&self, home: &Home) -> anyhow::Result<()> {
        let errors = self.errors(home)?;
        ensure!(errors.is_empty(), "see no error: {}", errors.join("\n  "));
        let now = identity(&healthy(home, &self.down)?);
        ensure!(now == self.daemon, "see the same daemon: {:?} -> {now:?}", self.daemon);
        Ok(())
    }

    /// What was added to a file that is watched. What cannot be read may hold any error, so it is one.
    /// `None` for a transcript that was set aside after the files were listed: what comes in its
    /// place is looked at next time.
    fn looked_into(&self, path: &Path) -> anyhow::Result<Option<String>> {
        let is_log = path.ends_with(LOG);
        // For a moment there is no log, too, when it is rotated.
        let limit = if is_log { ROTATION_MAX } else { Duration::ZERO };
        let mut absent = None;
        let found = wait_for(limit, || match self.added_to(path) {
            Err(error) if is_absent(&error) => {
                absent = Some(error);
                None
            }
            read => Some(read),
        });
        match (found, absent) {
            (Some(read), _) => read.map(Some),
            (None, Some(absent)) if is_log => Err(absent),
            (None, _) => Ok(None),
        }
    }

    /// Errors since the beginning, but for those of sessions that were down. Of a transcript it is only said that there is one: what it says
    /// may be a person's.
    fn errors(&self, home: &Home) -> anyhow::Result<Vec<String>> {
        let mut errors = Vec::new();
        for path in watched(home)?.iter().filter(|path| !self.down.has_transcript(path)) {
            let Some(added) = self.looked_into(path)? else { continue };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            for line in added.lines() {
                if path.extension().is_some_and(|end| end == "jsonl") {
                    let event: Value = serde_json::from_str(line).unwrap_or_default();
                    if event["event"] == "ERROR" {
                        errors.push(format!("{name}: ERROR at {}", event["at"]));
                    }
                } else if line.split_whitespace().nth(1) == Some("ERROR")
                    && !self.down.has_line(line)
                {
                    errors.push(format!("{name}: {line}"));
                }
            }
        }
        Ok(errors)
    }
}

/// Whether this error says that a file is not there.
fn is_absent(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}

/// The log in use and every transcript in use.
fn watched(home: &Home) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = files_below(&home.root().join("transcripts"))?;
    files.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    files.push(home.root().join(LOG));
    Ok(files)
}

/// Which daemon it is: its process and its generation.
fn identity(status: &Value) -> (Value, Value) {
    (status["pid"].clone(), status["generation"].clone())
}

#[cfg(test)]
mod tests;
