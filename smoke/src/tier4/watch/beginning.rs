//! Where a watch begins: where the run itself does, or, of several runs of one restart, where the first
//! of them did. What comes between two of them is looked at, too.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use harness::{environment, files};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extent::Extent;

/// What was there at the beginning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beginning {
    /// Which daemon it was.
    pub(super) daemon: Identity,
    /// What had been written by then.
    pub(super) files: Extent,
}

/// Which daemon it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    pid: Value,
    generation: Value,
}

impl Identity {
    /// By its status.
    pub(super) fn of(status: &Value) -> Self {
        Self { pid: status["pid"].clone(), generation: status["generation"].clone() }
    }
}

/// Where a run finds its beginning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    /// A file that several runs share; none where a run stands alone.
    file: Option<PathBuf>,
    /// What an earlier one has left there.
    earlier: Option<Beginning>,
}

impl Origin {
    /// By the file that the environment names.
    pub fn of_environment() -> anyhow::Result<Self> {
        environment::path(environment::WATCHED_FROM).map_or_else(|| Ok(Self::default()), Self::read)
    }

    /// By this file, which the first run makes.
    pub(super) fn read(file: PathBuf) -> anyhow::Result<Self> {
        let reading = || format!("read {}: {}", environment::WATCHED_FROM, file.display());
        let earlier = match fs::read(&file) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).with_context(reading)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(reading),
        };
        Ok(Self { file: Some(file), earlier })
    }

    /// The beginning: that of an earlier run, else `now`, which later ones go on from.
    pub(super) fn beginning(
        self,
        now: impl FnOnce() -> anyhow::Result<Beginning>,
    ) -> anyhow::Result<Beginning> {
        if let Some(earlier) = self.earlier {
            return Ok(earlier);
        }
        let beginning = now()?;
        if let Some(file) = &self.file {
            leave(file, &beginning)?;
        }
        Ok(beginning)
    }
}

/// Writes it down for the runs that follow.
fn leave(file: &Path, beginning: &Beginning) -> anyhow::Result<()> {
    let written = serde_json::to_vec(beginning)
        .map_err(io::Error::from)
        .and_then(|bytes| files::replace(file, &bytes));
    written.with_context(|| format!("write {}", file.display()))
}
