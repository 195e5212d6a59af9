//! Opening the database: first a look that changes nothing, then the door.
//!
//! A file that is damaged, somebody else's, or written by a version that this one cannot follow is
//! refused with its bytes as they were and no file made beside it. So the look uses a connection
//! that takes no lock and makes no index file: `immutable` when there is no write-ahead log, and
//! else no locking at all with the index of the log kept in memory. That is sound because the home's
//! lock is taken before the store is opened, and readers (`view`) never write. A reader that comes
//! while the daemon writes takes the usual locks.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use assistant_core::time::WallMs;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{self, SCHEMA_VERSION};

/// How long a statement waits for a lock of another process (a backup, a person with `sqlite3`).
const BUSY_MAX: Duration = Duration::from_secs(5);

/// Pages kept in memory, in KiB; negative is how `SQLite` tells KiB from pages.
const CACHE_KIB: i64 = -2048;

/// Prepared statements kept: all there are, with room.
const STATEMENTS_KEPT: usize = 96;

/// A database up to this size is read through before it is used. A larger one would delay the
/// start; there a damaged page is found, and told, when it is read.
const CHECKED_BYTES_MAX: u64 = 2 << 20;

/// Why a database was not opened. Nothing was touched, unless it says so.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The file, or the directory around it, cannot be used.
    #[error("open {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is something else than a file.
    #[error("open {}: not a regular file", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// A log lies there, and its database does not.
    #[error("open {}: {}-wal is there without it (restore it, or move the log away)",
            path.display(), path.display())]
    LogAlone {
        /// The database that is missing or empty.
        path: PathBuf,
    },
    /// It is no database.
    #[error("open {}: not an SQLite database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It is a damaged database.
    #[error("open {}: the database is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What `SQLite` found.
        what: String,
    },
    /// It is a database of another program.
    #[error("open {}: the database is not the assistant's", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a version that this one cannot follow.
    #[error("open {}: written by a newer version (needs a reader of schema {min_reader}, this is \
             {SCHEMA_VERSION})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The oldest schema whose program may read it.
        min_reader: i64,
    },
    /// The journal did not become a write-ahead log, on which everything here relies.
    #[error("open {}: the journal mode is {mode} instead of wal", path.display())]
    NoLog {
        /// The file.
        path: PathBuf,
        /// The mode it stayed in.
        mode: String,
    },
    /// `SQLite` refused something else.
    #[error("open {}: {source}", path.display())]
    Sql {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
}

/// Opens the database for writing, made or brought to today's schema if need be.
pub(super) fn open(path: &Path, now: WallMs) -> Result<Connection, OpenError> {
    match bytes_at(path)? {
        0 => create(path).map_err(|source| io_error(path, source))?,
        bytes => {
            look(path, bytes)?;
            make_private(path).map_err(|source| io_error(path, source))?;
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(|e| sql_error(path, e))?;
    let mode = prepare(&db).map_err(|e| sql_error(path, e))?;
    if mode != "wal" {
        return Err(OpenError::NoLog { path: path.to_owned(), mode });
    }
    schema::migrate(&mut db, now).map_err(|e| sql_error(path, e))?;
    Ok(db)
}

/// Opens the database for reading, if there is one.
pub(super) fn open_for_reading(path: &Path) -> Result<Option<Connection>, OpenError> {
    let Some(db) = begin_reading(path)? else { return Ok(None) };
    check_reader(path, &db)?;
    db.pragma_update(None, "temp_store", "MEMORY").map_err(|e| sql_error(path, e))?;
    Ok(Some(db))
}

/// Reads every page of a database that nobody has open, and changes nothing.
pub(super) fn check_file(path: &Path) -> Result<(), OpenError> {
    let db = connect_reading(path, "immutable=1").map_err(|e| sql_error(path, e))?;
    check_pages(path, &db)
}

/// Opens a database that nobody has open and nobody opens meanwhile, and changes nothing.
pub(super) fn open_unlocked(path: &Path) -> Result<Connection, OpenError> {
    if bytes_at(path)? == 0 {
        return Err(OpenError::Damaged { path: path.to_owned(), what: "it is gone".to_owned() });
    }
    let db =
        if has_log(path) { connect_unlocked(path) } else { connect_reading(path, "immutable=1") };
    db.map_err(|e| sql_error(path, e))
}

/// Looks through a database that somebody may have open, every page of it; `None` if there is none.
pub(super) fn check_in_place(path: &Path) -> Result<Option<Connection>, OpenError> {
    let Some(db) = open_for_reading(path)? else { return Ok(None) };
    check_pages(path, &db)?;
    Ok(Some(db))
}

/// Opens a database that has to be there for writing, with every page looked at.
pub(super) fn open_checked(path: &Path, now: WallMs) -> Result<Connection, OpenError> {
    if bytes_at(path)? == 0 {
        return Err(io_error(path, io::ErrorKind::NotFound.into()));
    }
    let db = open(path, now)?;
    check_pages(path, &db)?;
    Ok(db)
}

/// The oldest schema whose program may read the database, whatever this program can read; `None` if
/// there is no database yet.
pub(crate) fn min_reader(path: &Path) -> Result<Option<i64>, OpenError> {
    let Some(db) = begin_reading(path)? else { return Ok(None) };
    schema::meta(&db, "min_reader").map_err(|e| sql_error(path, e))
}

/// A reader of a database in which something stands, whatever schema that has.
fn begin_reading(path: &Path) -> Result<Option<Connection>, OpenError> {
    if bytes_at(path)? == 0 {
        return Ok(None);
    }
    // With a log there may be a writer, and locks matter. Without one nobody has it open, and a
    // reader that leaves no file behind is the better guest.
    let options = if has_log(path) { "mode=ro" } else { "immutable=1" };
    let db = connect_reading(path, options).map_err(|e| sql_error(path, e))?;
    db.busy_timeout(BUSY_MAX).map_err(|e| sql_error(path, e))?;
    Ok(if is_blank(path, &db)? { None } else { Some(db) })
}

/// How much of a database is there; none counts as an empty one, for that is what `SQLite` makes first.
fn bytes_at(path: &Path) -> Result<u64, OpenError> {
    let bytes = match fs::metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Err(OpenError::NotAFile { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => return Err(io_error(path, source)),
    };
    if bytes == 0 && has_log(path) {
        // SQLite would take the log for a leftover and delete it: maybe the last copy there is.
        return Err(OpenError::LogAlone { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Looks whether this program can go on with a database, and changes nothing.
fn look(path: &Path, bytes: u64) -> Result<(), OpenError> {
    // The system's reason is clearer than SQLite's "unable to open".
    File::open(path).map_err(|source| io_error(path, source))?;
    let db =
        if has_log(path) { connect_unlocked(path) } else { connect_reading(path, "immutable=1") };
    let db = db.map_err(|e| sql_error(path, e))?;
    if is_blank(path, &db)? {
        // The first start ended before the first table.
        return Ok(());
    }
    check_reader(path, &db)?;
    if bytes <= CHECKED_BYTES_MAX { check_pages(path, &db) } else { Ok(()) }
}

fn is_blank(path: &Path, db: &Connection) -> Result<bool, OpenError> {
    schema::is_blank(db).map_err(|e| sql_error(path, e))
}

/// The database is the assistant's, and this program knows enough to read it.
pub(super) fn check_reader(path: &Path, db: &Connection) -> Result<(), OpenError> {
    let min_reader = match schema::meta(db, "min_reader") {
        Ok(Some(min_reader)) => min_reader,
        Err(error) if is_damage(&error) => return Err(sql_error(path, error)),
        Ok(None) | Err(_) => return Err(OpenError::Foreign { path: path.to_owned() }),
    };
    if SCHEMA_VERSION < min_reader {
        return Err(OpenError::Newer { path: path.to_owned(), min_reader });
    }
    Ok(())
}

pub(super) fn check_pages(path: &Path, db: &Connection) -> Result<(), OpenError> {
    let what: String = db
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|e| sql_error(path, e))?;
    if what == "ok" {
        return Ok(());
    }
    // SQLite's report may take several lines.
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(OpenError::Damaged { path: path.to_owned(), what })
}

/// Settings of the writing connection. Returns the journal mode that came of it.
fn prepare(db: &Connection) -> rusqlite::Result<String> {
    db.busy_timeout(BUSY_MAX)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    let mode = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a plain sync leaves the data in the drive's cache.
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "checkpoint_fullfsync", true)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "cache_size", CACHE_KIB)?;
    // Sorting must not spill message text into a temporary file.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(mode)
}

/// Makes an empty file that only its owner can read; `SQLite` gives the files beside it the same mode.
fn create(path: &Path) -> io::Result<()> {
    let made =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    made.set_permissions(Permissions::from_mode(0o600))?;
    made.sync_all()?;
    // The name is durable only with the directory.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn make_private(path: &Path) -> io::Result<()> {
    for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match fs::set_permissions(&path, Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A connection that reads the log too, and neither locks nor makes a file. It must not be used
/// while somebody may write.
fn connect_unlocked(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect_reading(path, "mode=ro&vfs=unix-none")?;
    // Else the last one out would take the log into the database.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // The index of the log then stands in memory instead of in a file.
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(db)
}

fn connect_reading(path: &Path, options: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri(path, options), flags)
}

/// The path as a URI, in which `SQLite` takes options.
fn uri(path: &Path, options: &str) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte));
            }
            byte => {
                uri.push('%');
                for nibble in [byte >> 4, byte & 0xf] {
                    uri.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
                }
            }
        }
    }
    uri.push('?');
    uri.push_str(options);
    uri
}

/// There is a log with something in it.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| 0 < log.len())
}

/// The file that `SQLite` keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn io_error(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}

pub(super) fn sql_error(path: &Path, source: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { path },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, what: source.to_string() },
        _ => OpenError::Sql { path, source },
    }
}

#[cfg(test)]
mod tests;
