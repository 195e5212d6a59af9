//! A copy of the database as one file, taken while it may be in use.
//!
//! ```text
//!  assistant.db ── one read transaction ──> .<name>.part ── checked, synced ── renamed ──> <name>
//! ```
//!
//! What is copied is one moment of the database, however much is written meanwhile: all pages are
//! read in one transaction, which holds up no writer. The name appears last, so that a file of that
//! name is always a whole database. The copy has no log beside it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::open::{self, OpenError};

/// How often a copy is taken again that somebody wrote under: where there was no log nobody had the
/// database open, and the second look finds the log of who has opened it since.
const COPIES_TRIED_MAX: usize = 3;

/// How long the copy waits for a lock. A checkpoint takes less.
const BUSY_MAX: Duration = Duration::from_secs(5);

/// The end of the name that a copy has until it is whole.
pub(crate) const PART: &str = ".part";

/// Why there is no copy. Nothing is left of a part of one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is nothing to copy.
    #[error("copy {}: there is no database yet", path.display())]
    Nothing {
        /// Where it would be.
        path: PathBuf,
    },
    /// Something has that name.
    #[error("write {}: it exists already", path.display())]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// There is no place for the copy.
    #[error("write {}: its directory is not there", path.display())]
    NoDirectory {
        /// The name.
        path: PathBuf,
    },
    /// There is no room for the copy.
    #[error("write {}: the disk is full", path.display())]
    Full {
        /// The name.
        path: PathBuf,
    },
    /// The system refused it.
    #[error("write {}: {source}", path.display())]
    Io {
        /// The name.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// `SQLite` refused it.
    #[error("copy the database to {}: {source}", path.display())]
    Sql {
        /// The name.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// Somebody holds the database for longer than a copy waits.
    #[error("copy the database to {}: somebody keeps it locked", path.display())]
    Locked {
        /// The name.
        path: PathBuf,
    },
    /// The copy is damaged, and so is the database.
    #[error("copy the database to {}: its pages are damaged: {what}", path.display())]
    Damaged {
        /// The name.
        path: PathBuf,
        /// What `SQLite` found.
        what: String,
    },
    /// It was written all the time, past the log.
    #[error("copy the database to {}: somebody writes it without a log", path.display())]
    Unsteady {
        /// The name.
        path: PathBuf,
    },
}

/// Copies the database at `from` to a new file `to`, which only its owner can read; its bytes.
pub(crate) fn backup(from: &Path, to: &Path) -> Result<u64, BackupError> {
    refuse_target(to)?;
    let part = part_of(to);
    remove(&part);
    let copied = copy(from, to, &part).and_then(|bytes| appear(&part, to).map(|()| bytes));
    if copied.is_err() {
        remove(&part);
    }
    copied
}

fn refuse_target(to: &Path) -> Result<(), BackupError> {
    let path = to.to_owned();
    if fs::symlink_metadata(to).is_ok() {
        return Err(BackupError::Exists { path });
    }
    match (to.file_name(), directory_of(to).is_dir()) {
        (Some(_), true) => Ok(()),
        _ => Err(BackupError::NoDirectory { path }),
    }
}

/// Copies until nobody wrote meanwhile past the locks that the copy takes.
fn copy(from: &Path, to: &Path, part: &Path) -> Result<u64, BackupError> {
    for _ in 0..COPIES_TRIED_MAX {
        let before = stamp(from);
        let Some(source) = open::open_for_reading(from)? else {
            return Err(BackupError::Nothing { path: from.to_owned() });
        };
        let bytes = write_pages(&source, to, part)?;
        // With a log there were locks, and pages in the file itself may move as they like.
        if open::has_log(from) || stamp(from) == before {
            check(to, part)?;
            return Ok(bytes);
        }
        remove(part);
    }
    Err(BackupError::Unsteady { path: to.to_owned() })
}

/// What changes if the file is written.
fn stamp(path: &Path) -> Option<(u64, u64, i64, i64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.ino(), found.size(), found.mtime(), found.mtime_nsec()))
}

/// Copies every page in one transaction into a private file, and syncs it.
fn write_pages(source: &Connection, to: &Path, part: &Path) -> Result<u64, BackupError> {
    let io = |source| io_error(to, source);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part);
    let file = made.map_err(io)?;
    fill(source, to, part)?;
    file.sync_all().map_err(io)?;
    Ok(file.metadata().map_err(io)?.len())
}

fn fill(source: &Connection, to: &Path, part: &Path) -> Result<(), BackupError> {
    let sql = |source| sql_error(to, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(part, flags).map_err(sql)?;
    source.busy_timeout(BUSY_MAX).map_err(sql)?;
    // What breaks off is thrown away, so nothing is kept to take it back; it is synced at the end.
    copy.pragma_update(None, "journal_mode", "MEMORY").map_err(sql)?;
    copy.pragma_update(None, "synchronous", "OFF").map_err(sql)?;
    let step = Backup::new(source, &mut copy).and_then(|backup| backup.step(-1)).map_err(sql)?;
    if step != StepResult::Done {
        return Err(BackupError::Locked { path: to.to_owned() });
    }
    // The copy says of itself that it has a log, as the original does. One file is all of it.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(sql)?;
    copy.close().map_err(|(_, source)| sql_error(to, source))
}

/// Reads all of the copy, from the disk's side.
fn check(to: &Path, part: &Path) -> Result<(), BackupError> {
    match open::check_file(part) {
        Err(OpenError::Damaged { what, .. }) => {
            Err(BackupError::Damaged { path: to.to_owned(), what })
        }
        checked => Ok(checked?),
    }
}

fn appear(part: &Path, to: &Path) -> Result<(), BackupError> {
    refuse_target(to)?;
    fs::rename(part, to)
        .and_then(|()| File::open(directory_of(to))?.sync_all())
        .map_err(|source| io_error(to, source))
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The name of a copy that is not whole: hidden, and beside the one that it will have.
fn part_of(to: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(to.file_name().unwrap_or_default());
    name.push(PART);
    to.with_file_name(name)
}

/// Takes away a part of a copy. What cannot be removed is found by the next one of that name.
fn remove(part: &Path) {
    drop(fs::remove_file(part));
}

fn io_error(path: &Path, source: io::Error) -> BackupError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BackupError::Full { path },
        _ => BackupError::Io { path, source },
    }
}

fn sql_error(path: &Path, source: rusqlite::Error) -> BackupError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => BackupError::Full { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            BackupError::Damaged { path, what: source.to_string() }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => BackupError::Locked { path },
        _ => BackupError::Sql { path, source },
    }
}

#[cfg(test)]
mod tests;
