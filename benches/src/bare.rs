//! What the machine itself takes: the same kind of work with nothing of ours around it. An absolute
//! time means little on a machine that others use; beside these it can be read.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Starts a small program, and waits for its end.
///
/// # Errors
/// When it does not start, or ends badly.
pub fn spawn(program: &Path) -> io::Result<Duration> {
    let began = Instant::now();
    let status = Command::new(program)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let took = began.elapsed();
    if status.success() { Ok(took) } else { Err(io::Error::other(status.to_string())) }
}

/// Writes a page to a new file in `dir` and waits until it is on the disk.
///
/// # Errors
/// The system's.
pub fn sync_page(dir: &Path) -> io::Result<Duration> {
    let path = dir.join("page");
    let began = Instant::now();
    let mut file = File::create(&path)?;
    file.write_all(&[7; 4096])?;
    file.sync_all()?;
    let took = began.elapsed();
    std::fs::remove_file(path)?;
    Ok(took)
}

/// A database like the daemon's: a write-ahead log, and every commit synced.
#[derive(Debug)]
pub struct Database(Connection);

impl Database {
    /// Makes it in `dir`.
    ///
    /// # Errors
    /// What `SQLite` says.
    pub fn create(dir: &Path) -> rusqlite::Result<Self> {
        let db = Connection::open(dir.join("bare.db"))?;
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.execute_batch("CREATE TABLE rows (row INTEGER PRIMARY KEY, text TEXT) STRICT")?;
        Ok(Self(db))
    }

    /// So many commits of one short row each.
    ///
    /// # Errors
    /// What `SQLite` says.
    pub fn commit(&self, times: u32) -> rusqlite::Result<Duration> {
        let began = Instant::now();
        for _ in 0..times {
            self.0.prepare_cached("INSERT INTO rows (text) VALUES ('a short text')")?.execute([])?;
        }
        Ok(began.elapsed())
    }
}

#[cfg(test)]
mod tests;
