//! The files of one run of a tier, and the certainty that they are of this run.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context;
use harness::tier::Tier;

/// The directory that a run writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    directory: PathBuf,
}

impl Places {
    /// `target/harness/tierN`.
    pub(crate) fn of_tier(target_dir: &Path, tier: Tier) -> Self {
        Self::at(target_dir.join("harness").join(format!("tier{}", tier.number())))
    }

    /// This directory.
    pub(crate) const fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where everything lies.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The report that everything is rendered from.
    pub(crate) fn report(&self) -> PathBuf {
        self.directory.join("report.json")
    }

    /// The same as `JUnit`.
    pub(crate) fn junit(&self) -> PathBuf {
        self.directory.join("junit.xml")
    }

    /// One line for whatever happens, while it happens.
    pub(crate) fn lines(&self) -> PathBuf {
        self.directory.join("lines.jsonl")
    }

    /// The directory of the cases' logs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.directory.join("logs")
    }

    /// What a run said that nobody watches.
    pub(crate) fn output(&self) -> PathBuf {
        self.directory.join("output.txt")
    }

    /// Removes whatever an earlier run left, so that nothing of it can be taken for this one's.
    pub(crate) fn clear(&self) -> anyhow::Result<()> {
        remove(&self.directory)?;
        fs::create_dir_all(self.logs()).with_context(|| format!("create {}", self.logs().display()))
    }
}

/// Removes a file or a directory of ours that may be there. Never for a path that somebody named:
/// [`remove_file`] is.
pub(crate) fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    unless_absent(removed, path)
}

/// Removes a file that may be there; a directory stays, and is an error.
pub(crate) fn remove_file(path: &Path) -> anyhow::Result<()> {
    unless_absent(fs::remove_file(path), path)
}

fn unless_absent(removed: io::Result<()>, path: &Path) -> anyhow::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
