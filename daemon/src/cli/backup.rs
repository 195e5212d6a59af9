//! `backup`: the database as one file, copied whether a daemon writes it or none runs. Without a
//! name the copy goes to `backups/`, where the last few are kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;

use super::Place;
use super::print::{Screen, complain, size};
use crate::config::args::Backup;
use crate::config::paths::private_dir;
use crate::exit::{Code, Failure};
use crate::store::{self, BackupError, PART};

/// How many copies `backups/` keeps: that of the last change, and those of two before.
const BACKUPS_KEPT: usize = 3;

/// What a copy's name ends with.
const ENDING: &str = ".db";

/// A copy, for a program to read.
#[derive(Debug, Serialize)]
struct Copied<'a> {
    file: &'a Path,
    bytes: u64,
    elapsed_ms: u64,
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let code = match &error {
            BackupError::Open(_)
            | BackupError::Nothing { .. }
            | BackupError::Exists { .. }
            | BackupError::NoDirectory { .. } => Code::Usage,
            BackupError::Locked { .. } => Code::Busy,
            _ => Code::Failed,
        };
        Self::to(code, &error)
    }
}

pub(super) fn backup(place: &Place, asked: &Backup, screen: &mut Screen) -> anyhow::Result<Code> {
    let began = Instant::now();
    let database = place.home.database();
    let to = match &asked.file {
        Some(file) => std::path::absolute(file).context("name the copy")?,
        None => in_home(place, &database)?,
    };
    let bytes = store::backup(&database, &to).map_err(Failure::from)?;
    if asked.file.is_none()
        && let Err(error) = forget_older(&place.home.backups_dir(), &to)
    {
        complain(&format!("failed to remove older backups: {error}"));
    }
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if asked.json {
        screen.json(&Copied { file: &to, bytes, elapsed_ms })?;
    } else {
        let size = size(bytes);
        screen.line(&format!("copied to {}: {size}, after {elapsed_ms} ms", to.display()))?;
    }
    Ok(Code::Done)
}

/// A name in `backups/`, which is made if need be, but not in a home where nothing ever ran.
fn in_home(place: &Place, database: &Path) -> Result<PathBuf, Failure> {
    if !database.exists() {
        return Err(BackupError::Nothing { path: database.to_owned() }.into());
    }
    let dir = place.home.backups_dir();
    private_dir(&dir).map_err(Failure::from)?;
    Ok(dir.join(format!("{}{ENDING}", Timestamp::now().strftime("%Y%m%dT%H%M%S.%3fZ"))))
}

/// Removes all but the last copies, never the one just written, and what copies that were killed have left.
fn forget_older(dir: &Path, own: &Path) -> io::Result<()> {
    let mut copies: Vec<(SystemTime, PathBuf)> = Vec::new();
    let mut parts = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.as_encoded_bytes();
        if name.ends_with(ENDING.as_bytes()) {
            copies.push((entry.metadata()?.modified()?, path));
        } else if name.ends_with(PART.as_bytes()) {
            parts.push((entry.metadata()?.modified()?, path));
        }
    }
    copies.sort();
    // After a clock was set back the one just written may look like the oldest.
    let newest = copies.last().map(|(at, _)| *at);
    copies.retain(|(_, path)| path != own);
    let older = (copies.len() + 1).saturating_sub(BACKUPS_KEPT);
    // A part that is older than a whole copy belongs to nobody who still writes it.
    parts.retain(|(at, _)| newest.is_some_and(|newest| *at < newest));
    copies.truncate(older);
    let gone = copies.iter().chain(&parts);
    gone.map(|(_, path)| fs::remove_file(path)).fold(Ok(()), io::Result::and)
}

#[cfg(test)]
mod tests;
