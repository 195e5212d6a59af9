//! Copies of a report in places that somebody named: only ever plain files, and only of this run.

use std::fs;
use std::path::PathBuf;

use harness::render;
use harness::report::Report;

use crate::tier::{self, places};

/// Files that a report is rendered to, beside those below `target/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Copies {
    pub(crate) json: Option<PathBuf>,
    pub(crate) junit: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
}

impl Copies {
    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.json, &self.junit, &self.markdown].into_iter().flatten()
    }

    /// Why one of them cannot be written, as far as that can be seen before anything runs. Only a
    /// plain file is ever replaced: whatever else lies there is not ours to take away.
    pub(super) fn refusal(&self) -> Option<String> {
        let taken = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|it| !it.is_file());
        let path = self.paths().find(taken)?;
        Some(format!("a report is written to a plain file, and this is none: {}", path.display()))
    }

    /// Takes away what lies there, so that a copy that is there afterwards is of this run.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        self.paths().try_for_each(|path| places::remove_file(path))
    }

    pub(super) fn write(&self, report: &Report) -> anyhow::Result<()> {
        if let Some(path) = &self.json {
            report.write(path)?;
        }
        if let Some(path) = &self.junit {
            tier::write(path, &render::junit(report))?;
        }
        if let Some(path) = &self.markdown {
            tier::write(path, &render::markdown(report))?;
        }
        Ok(())
    }
}
