//! What a case gets while it runs: chance, a log of its own, a directory for temporary files, and a
//! way to say what is to be ended when its time is over.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::processes::kill_marked;
use crate::seed::Seed;

/// Whether what a failed case made stays on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// It goes away with the case.
    Removed,
    /// It stays, for somebody to look at.
    Kept,
}

/// The surroundings of one try of a case.
#[derive(Debug)]
pub struct Room {
    /// Every random choice comes from here.
    pub seed: Seed,
    remains: Remains,
    temp_dir: PathBuf,
    shared: Arc<Shared>,
}

/// What both the case and whoever watches it hold.
#[derive(Debug)]
pub(super) struct Shared {
    log: Log,
    marks: Mutex<Vec<String>>,
    kept: Mutex<Vec<PathBuf>>,
    over: Arc<AtomicBool>,
    started: Mutex<BTreeSet<i32>>,
}

impl Shared {
    pub(super) fn new(log: Log) -> Self {
        Self {
            log,
            marks: Mutex::default(),
            kept: Mutex::default(),
            over: Arc::default(),
            started: Mutex::default(),
        }
    }

    /// One more line, or several, of the case's log.
    pub(super) fn note(&self, text: &str) {
        self.log.note(text);
    }

    /// Set when the time of the case is over.
    pub(super) fn over(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.over)
    }

    /// Calls off what the case waits for, and kills everything that carries a mark of it.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for mark in marks {
            kill_marked(&mark);
        }
    }

    /// These processes were started by the case itself, and it has not reaped them.
    pub(super) fn add_started(&self, ids: BTreeSet<i32>) {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
    }

    /// All of them.
    pub(super) fn started(&self) -> BTreeSet<i32> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was kept on purpose.
    pub(super) fn kept(&self) -> Vec<PathBuf> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Room {
    pub(super) fn new(
        seed: Seed,
        remains: Remains,
        temp_dir: PathBuf,
        shared: Arc<Shared>,
    ) -> Self {
        Self { seed, remains, temp_dir, shared }
    }

    /// Writes to the case's own log, with the time since its start.
    pub fn note(&self, text: &str) {
        self.shared.note(text);
    }

    /// A directory of this case alone, made at the first call. What is left in it at the end is a
    /// leak: it is where the programs of the case put what they promise to remove.
    pub fn temp_dir(&self) -> io::Result<&Path> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.temp_dir)?;
        Ok(&self.temp_dir)
    }

    /// From now on everything that carries this environment entry (`NAME=value`) belongs to the
    /// case: it is killed when the time is over, which ends whatever the case waits for.
    pub fn end_with_mark(&self, mark: impl Into<String>) {
        self.shared.marks.lock().unwrap_or_else(PoisonError::into_inner).push(mark.into());
    }

    /// Whether what a failed case made is to stay on disk.
    pub const fn remains(&self) -> Remains {
        self.remains
    }

    /// This stays on disk on purpose, and is no leak.
    pub fn kept(&self, path: &Path) {
        self.note(&format!("kept {}", path.display()));
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_path_buf());
    }
}

/// The log of one case: a line of text each, after the seconds since its start.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    started: Instant,
    file: Mutex<File>,
}

impl Log {
    /// Begins the log of the case `id` anew, readable by its owner alone.
    pub(super) fn begin(directory: &Path, id: &str) -> io::Result<Self> {
        let path = directory.join(format!("{}.log", id.replace("::", ".")));
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self { path, started: Instant::now(), file: Mutex::new(file) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn note(&self, text: &str) {
        let at = self.started.elapsed().as_secs_f64();
        let lines: Vec<String> = text.lines().map(|line| format!("{at:9.3}  {line}\n")).collect();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not fail a case that holds: what it found stands in the report too.
        drop(file.write_all(lines.concat().as_bytes()));
    }
}
