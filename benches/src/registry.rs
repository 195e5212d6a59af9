//! The registry under rapid updates: many messages, each of which moves a session's last message
//! time.

use std::io;
use std::time::{Duration, Instant};

use claude_assistant::measured::{NotMeasured, Registry};
use harness::bench::probe::Values;
use tempfile::TempDir;

use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown, ms_of_each};

/// Bursts of updates, in memory.
pub const REGISTRY: Entry =
    Entry { name: "registry", metrics: &[UPDATE], warm_ups: 2, open: |_: &Place| open() };

const UPDATE: &str = "registry.update_2000";

/// Bursts in one sample, which together take about a millisecond.
const BURSTS: u32 = 4;

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

fn open() -> Result<Box<dyn Scenario>, NoValues> {
    let registry = Sandboxed::new().map_err(|error| NoValues::Failed(error.into()))?;
    Ok(Box::new(registry))
}

impl Scenario for Sandboxed {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let mut took = Duration::ZERO;
        for _ in 0..BURSTS {
            // Updates that wait for the disk would take those that follow in.
            self.flush().map_err(|error| NoValues::Failed(error.into()))?;
            let began = Instant::now();
            slowdown.hold(UPDATE);
            self.update();
            took += began.elapsed();
        }
        Ok(Values::from([(UPDATE.to_owned(), ms_of_each(took, BURSTS))]))
    }
}

#[cfg(test)]
mod tests;
