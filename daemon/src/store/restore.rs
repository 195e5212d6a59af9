//! Puts a backup in the place of a damaged database, which is kept.
//!
//! ```text
//!  backup ── copied, synced ──> .restoring ── goes on behind what was lost ──> .restored
//!  assistant.db     ── renamed ──> assistant.db.damaged-<id>        (then its -wal and -shm)
//!  assistant.db.restored ── renamed ──> assistant.db
//! ```
//!
//! The copy has its name once it is whole, and before anything is moved, so that a power cut between
//! the two renames leaves what is needed for the second ([`lies_beside`], [`put_in_place`]). The log
//! goes before the copy comes: it would be taken for the copy's.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::damage::{self, Missing};
use super::open::{self, OpenError};
use crate::durable;

/// A database and the files that `SQLite` keeps beside it, by the ends of their names.
const FILES: [&str; 3] = ["", "-wal", "-shm"];

/// Why a backup was not put in a database's place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    /// The backup, or the copy of it, cannot be used.
    #[error(transparent)]
    Backup(#[from] OpenError),
    /// The system refused.
    #[error("put a backup in the place of {}: {source}", path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Whether a copy lies beside a database's place that may be put there.
pub(crate) fn lies_beside(path: &Path) -> bool {
    named(path, ".restored").is_file()
}

/// Takes away a copy that was not put in a database's place.
pub(crate) fn clear(path: &Path) -> Result<(), RestoreError> {
    durable::remove(&named(path, ".restored")).map_err(|source| io_error(path, source))
}

/// Lays a copy of a backup beside a database, with its numbers behind those that were given away.
pub(crate) fn lay_beside(
    backup: &Path,
    path: &Path,
    missing: &Missing,
) -> Result<(), RestoreError> {
    let io = |source| io_error(path, source);
    let restoring = named(path, ".restoring");
    durable::copy(backup, &restoring).map_err(io)?;
    damage::go_on_behind(&restoring, missing)?;
    File::open(&restoring).and_then(|file| file.sync_all()).map_err(io)?;
    durable::publish(&restoring, &named(path, ".restored")).map_err(io)
}

/// Where a damaged database is moved: a name under which it overwrites nothing. The rest of one that
/// was half moved goes where the first half is.
pub(crate) fn place_aside(path: &Path, id: &str) -> PathBuf {
    let is_there = |path: &Path, end| fs::symlink_metadata(named(path, end)).is_ok();
    let is_taken =
        |aside: &Path| FILES.iter().any(|end| is_there(path, end) && is_there(aside, end));
    let mut aside = named(path, &format!(".damaged-{id}"));
    while is_taken(&aside) {
        aside = named(&aside, ".again");
    }
    aside
}

/// Moves what stands in a database's place aside, its log with it, and puts the copy there that lies
/// beside. If that fails, as much as possible is as it was.
pub(crate) fn put_in_place(path: &Path, aside: &Path) -> Result<(), RestoreError> {
    let move_all = |from: &Path, to: &Path| {
        FILES.iter().try_for_each(|end| move_if_there(&named(from, end), &named(to, end)))
    };
    let moved =
        move_all(path, aside).and_then(|()| durable::publish(&named(path, ".restored"), path));
    moved.map_err(|source| {
        // A daemon would make an empty one where there is none. Where the copy is in place already,
        // only the last sync failed.
        if lies_beside(path) {
            drop(move_all(aside, path));
        }
        io_error(path, source)
    })
}

/// A backup that can take a database's place.
pub(crate) fn check_backup(backup: &Path) -> Result<(), OpenError> {
    let db = open::open_unlocked(backup)?;
    open::check_pages(backup, &db)?;
    open::check_reader(backup, &db)
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => durable::publish(from, to),
    }
}

fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(end);
    PathBuf::from(name)
}

fn io_error(path: &Path, source: io::Error) -> RestoreError {
    RestoreError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
