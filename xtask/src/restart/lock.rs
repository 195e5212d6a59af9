//! One restart at a time on a home: `run/restart.lock`.
//!
//! The system's lock decides, and ends with the process that holds it, however that ends: the
//! launcher looks at it to know whether a restart has lost its runner. What stands in the file is for
//! whoever comes second; without the lock it is nobody's.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use harness::exit_code::ExitCode;
use harness::wait::wait_for;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::trouble::Trouble;

/// How long a look at the lock may take.
const LOOK_MAX: Duration = Duration::from_millis(500);

/// Who restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    pub(super) pid: u32,
    pub(super) since: Timestamp,
    pub(super) who: String,
    pub(super) target: String,
}

/// Who has the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    ByNobody,
    By(Holder),
    /// It does not say whom.
    BySomebody,
}

/// The lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Holder {
    /// This process, from now on.
    pub(super) fn here(who: &str, target: &str) -> Self {
        let (who, target) = (who.to_owned(), target.to_owned());
        Self { pid: std::process::id(), since: Timestamp::now(), who, target }
    }
}

impl Lock {
    /// Takes it, or says who has it.
    pub(super) fn take(path: &Path, holder: &Holder) -> Result<Self, Trouble> {
        let mut file = open(path).map_err(|error| unusable(&error))?;
        // Whoever only looks has it for a moment, too.
        let locked = wait_for(LOOK_MAX, || match file.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            decided => Some(decided),
        });
        match locked.unwrap_or(Err(TryLockError::WouldBlock)) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(taken(text(&mut file)));
            }
            Err(TryLockError::Error(error)) => {
                let error = anyhow::Error::from(error);
                return Err(unusable(&error.context(format!("lock {}", path.display()))));
            }
        }
        let lock = Self { file };
        let written = lock.write(holder).with_context(|| format!("write {}", path.display()));
        written.map_err(|error| unusable(&error))?;
        Ok(lock)
    }

    fn write(&self, holder: &Holder) -> anyhow::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(serde_json::to_string(holder)?.as_bytes())?;
        file.sync_all()?;
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Without the lock the text is nobody's; that it stays is no harm either.
        let _kept = self.file.set_len(0);
    }
}

/// Whether nobody has it, without taking or making it.
pub(super) fn ensure_free(path: &Path) -> Result<(), Trouble> {
    match holder(path).map_err(|error| unusable(&error))? {
        Held::ByNobody => Ok(()),
        Held::By(holder) => Err(taken(Some(holder))),
        Held::BySomebody => Err(taken(None)),
    }
}

fn taken(holder: Option<Holder>) -> Trouble {
    let why = match holder {
        Some(held) => format!(
            "another restart is under way: {} (pid {}) since {:.0}, to {}",
            held.who, held.pid, held.since, held.target
        ),
        None => "another restart is under way, and does not say whose".to_owned(),
    };
    Trouble::with(ExitCode::Locked, why)
}

/// Nobody has it, and it cannot be had: a full disk, a folder that cannot be written.
fn unusable(error: &anyhow::Error) -> Trouble {
    let what = "make room, or mend what is said of it";
    Trouble::with(ExitCode::PreconditionMissing, format!("failed to {error:#}: {what}"))
}

/// Who holds the lock now.
pub(super) fn holder(path: &Path) -> anyhow::Result<Held> {
    if !path.exists() {
        return Ok(Held::ByNobody);
    }
    let mut file = open(path)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(Held::ByNobody),
        Err(TryLockError::WouldBlock) => Ok(text(&mut file).map_or(Held::BySomebody, Held::By)),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("lock {}", path.display()))
        }
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    if let Some(directory) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .with_context(|| format!("make {}", directory.display()))?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).with_context(|| format!("open {}", path.display()))
}

fn text(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests;
