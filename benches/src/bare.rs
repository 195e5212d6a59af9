//! What the machine itself takes: the same kind of work with nothing of ours around it. An absolute
//! time means little on a machine that others use; beside these it can be read. Nothing is promised
//! of them, and nothing of them is slowed.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::bench::probe::Values;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::daemon::Trouble;
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown, ms};

/// All of it, once each.
pub const BARE: Entry = Entry {
    name: "bare",
    metrics: &[SPAWN, SYNC, COMMIT, COMMITS],
    warm_ups: 1,
    open: |place| open(place),
};

const SPAWN: &str = "bare.start_program";
const SYNC: &str = "bare.sync_4k";
const COMMIT: &str = "bare.commit";
const COMMITS: &str = "bare.commit_20";

/// As many as files are picked up at once elsewhere.
const COMMITS_AT_ONCE: u32 = 20;

struct Bare {
    program: PathBuf,
    database: Database,
    dir: TempDir,
}

fn open(place: &Place) -> Result<Box<dyn Scenario>, NoValues> {
    let program = place.programs.fake_claude().map_err(Trouble::from)?;
    let dir = tempfile::tempdir().map_err(failed("make a folder"))?;
    let database = Database::create(dir.path()).map_err(Trouble::from)?;
    Ok(Box::new(Bare { program, database, dir }))
}

impl Scenario for Bare {
    fn sample(&mut self, _: &Slowdown) -> Result<Values, NoValues> {
        let took = [
            (SPAWN, spawn(&self.program).map_err(failed("start a program"))?),
            (SYNC, sync_page(self.dir.path()).map_err(failed("write a page"))?),
            (COMMIT, self.database.commit(1).map_err(Trouble::from)?),
            (COMMITS, self.database.commit(COMMITS_AT_ONCE).map_err(Trouble::from)?),
        ];
        Ok(took.map(|(metric, took)| (metric.to_owned(), ms(took))).into())
    }
}

fn failed(what: &'static str) -> impl FnOnce(io::Error) -> Trouble {
    move |source| Trouble::System { what, source }
}

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
