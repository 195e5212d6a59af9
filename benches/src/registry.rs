//! The registry under rapid updates: many messages, each of which moves a session's last message
//! time.

use std::io;

use claude_assistant::measured::{NotMeasured, Registry};
use tempfile::TempDir;

/// Updates in one burst.
pub const UPDATES: usize = 2000;

/// A registry in a folder of its own, removed with it.
#[derive(Debug)]
pub struct Sandboxed {
    registry: Registry,
    /// Behind the registry, which is closed first.
    _dir: TempDir,
}

/// Why there is no registry.
#[derive(Debug, thiserror::Error)]
pub enum NoRegistry {
    /// No folder.
    #[error("make a folder: {0}")]
    Folder(#[from] io::Error),
    /// No database in it.
    #[error(transparent)]
    Database(#[from] NotMeasured),
}

impl Sandboxed {
    /// With as many sessions as there will be updates, the worst case: no two of them fold into
    /// one.
    ///
    /// # Errors
    /// When there is no disk to make it on.
    pub fn new() -> Result<Self, NoRegistry> {
        let dir = tempfile::tempdir()?;
        let registry = Registry::create(dir.path(), UPDATES)?;
        Ok(Self { registry, _dir: dir })
    }

    /// The burst, in memory.
    pub fn update(&mut self) {
        self.registry.touch(UPDATES);
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&self) -> Result<(), NotMeasured> {
        self.registry.flush()
    }
}

#[cfg(test)]
mod tests;
