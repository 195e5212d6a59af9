//! One run at a time, of tiers, contracts, stress or measuring: they write to the same files below
//! `target/`, and disturb each other's times.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::Context;
use harness::exit_code::ExitCode;

use crate::workspace::Workspace;

/// Does `work` while no other process does any in this build directory. The system lets go of the
/// lock with the process, however that ends.
pub(crate) fn alone(
    workspace: &Workspace,
    work: impl FnOnce() -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let directory = workspace.target_dir().join("harness");
    fs::create_dir_all(&directory).with_context(|| format!("create {}", directory.display()))?;
    alone_by(&directory.join("lock"), work)
}

/// Whether nobody does any just now; nothing is taken by that.
pub(crate) fn is_free(workspace: &Workspace) -> anyhow::Result<bool> {
    let path = workspace.target_dir().join("harness/lock");
    if !path.exists() {
        return Ok(true);
    }
    let file = File::open(&path).with_context(|| format!("open {}", path.display()))?;
    match file.try_lock_shared() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("lock {}", path.display()))
        }
    }
}

fn alone_by(
    path: &Path,
    work: impl FnOnce() -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let file = File::create(path).with_context(|| format!("open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => work(),
        Err(TryLockError::WouldBlock) => {
            eprintln!(
                "xtask: another run (tiers, contracts, stress or measuring) goes on in this build directory"
            );
            Ok(ExitCode::Locked)
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("lock {}", path.display()))
        }
    }
}

#[cfg(test)]
mod tests;
