//! What a daemon leaves behind: children, zombies, open files, marked processes, temp files.
//!
//! [`Footprint::of`] is taken when nothing should be running, then again after the work;
//! [`Footprint::growth`] names what is more than before.

use std::fmt;
use std::path::Path;
use std::{fs, io};

use crate::processes::{Seen, Snapshot, open_files};

/// What a daemon holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    /// Living processes below it.
    pub children: Vec<Seen>,
    /// Ended processes below it that it has not reaped.
    pub zombies: Vec<Seen>,
    /// Its open files; `None` where the system does not tell.
    pub open_files: Option<usize>,
    /// Entries under the directories that were to be watched.
    pub files: usize,
}

impl Footprint {
    /// Looks at the process `pid` and counts all entries below each of `directories`.
    pub fn of(pid: u32, directories: &[&Path]) -> io::Result<Self> {
        let below = Snapshot::take().descendants(pid);
        let (zombies, children) = below.into_iter().partition(|process| process.zombie);
        let mut files = 0;
        for directory in directories {
            files += entries_below(directory)?;
        }
        Ok(Self { children, zombies, open_files: open_files(pid), files })
    }

    /// What is here and was not there before; empty when nothing leaked.
    pub fn growth(&self, before: &Self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        let known = |list: &[Seen], process: &Seen| list.iter().any(|seen| seen.pid == process.pid);
        for process in self.children.iter().filter(|process| !known(&before.children, process)) {
            leaks.push(Leak::Child { pid: process.pid, name: process.name.clone() });
        }
        for process in self.zombies.iter().filter(|process| !known(&before.zombies, process)) {
            leaks.push(Leak::Zombie { pid: process.pid, name: process.name.clone() });
        }
        if let (Some(then), Some(now)) = (before.open_files, self.open_files)
            && then < now
        {
            leaks.push(Leak::OpenFiles { before: then, after: now });
        }
        if before.files < self.files {
            leaks.push(Leak::Files { before: before.files, after: self.files });
        }
        leaks
    }
}

/// One thing that stayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leak {
    /// A living process.
    Child {
        /// Its id.
        pid: u32,
        /// Its short name.
        name: String,
    },
    /// A process that ended and was not reaped.
    Zombie {
        /// Its id.
        pid: u32,
        /// Its short name.
        name: String,
    },
    /// More open files than before.
    OpenFiles {
        /// How many there were.
        before: usize,
        /// How many there are.
        after: usize,
    },
    /// More entries in the watched directories than before.
    Files {
        /// How many there were.
        before: usize,
        /// How many there are.
        after: usize,
    },
}

impl fmt::Display for Leak {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Child { pid, name } => write!(out, "child {pid} ({name}) still runs"),
            Self::Zombie { pid, name } => write!(out, "child {pid} ({name}) was not reaped"),
            Self::OpenFiles { before, after } => write!(out, "open files {before} -> {after}"),
            Self::Files { before, after } => write!(out, "files on disk {before} -> {after}"),
        }
    }
}

/// Every file and directory below `directory`; 0 when it does not exist.
fn entries_below(directory: &Path) -> io::Result<usize> {
    let listing = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        listing => listing?,
    };
    let mut count = 0;
    for entry in listing {
        let entry = entry?;
        count += 1;
        if entry.file_type()?.is_dir() {
            count += entries_below(&entry.path())?;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
