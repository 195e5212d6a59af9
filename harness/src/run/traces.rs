//! What a case leaves in this very process: threads, children, open files, sockets, files on disk.
//!
//! Two looks are compared, one before and one after, thing by thing and not by number: one file
//! more and one less would be none otherwise. A look costs some microseconds a thing; only where
//! there is a child at all are the processes of the machine listed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid};

use crate::processes::{Seen, Snapshot, signal};
use crate::wait::wait_for_every;

/// What is closed a moment after the end of a case, such as a thread that was joined, is gone at
/// one of these looks.
const QUICK_STEP: Duration = Duration::from_micros(100);
/// For how long.
const QUICK_LIMIT: Duration = Duration::from_millis(5);
/// A thread that reads a pipe until a killed process is gone needs longer.
const SLOW_STEP: Duration = Duration::from_millis(20);
/// What is still there after this long has been left behind.
const SLOW_LIMIT: Duration = Duration::from_secs(1);

/// What there is at one moment.
#[derive(Debug, Default)]
pub(super) struct Traces {
    threads: BTreeSet<OsString>,
    children: Vec<Seen>,
    files: BTreeMap<OsString, File>,
    entries: BTreeSet<PathBuf>,
}

/// An open file, known by what it is and not by its number alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    device: u64,
    inode: u64,
    is_socket: bool,
}

/// One thing that a case left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    Thread(String),
    Child(Seen),
    File(String),
    Socket(String),
    Entry(PathBuf),
}

impl fmt::Display for Left {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thread(name) => write!(out, "thread {name} still runs"),
            Self::Child(child) if child.zombie => {
                write!(out, "child {} ({}) was not reaped", child.pid, child.name)
            }
            Self::Child(child) => write!(out, "child {} ({}) still runs", child.pid, child.name),
            Self::File(name) => write!(out, "file {name} is still open"),
            Self::Socket(name) => write!(out, "socket {name} is still open"),
            Self::Entry(path) => write!(out, "{} is still on disk", path.display()),
        }
    }
}

impl Traces {
    /// Looks at this process, and at the entries of these directories.
    pub(super) fn now(directories: &[&Path]) -> Self {
        Self {
            threads: names_in(Path::new("/proc/self/task")),
            children: children(),
            files: open_files(),
            entries: directories
                .iter()
                .flat_map(|directory| {
                    names_in(directory).into_iter().map(|name| directory.join(name))
                })
                .collect(),
        }
    }

    /// What is there now and was not there before, after giving it a moment to go away. Entries
    /// that are `meant` to be there do not count. `tidy` runs before each look.
    pub(super) fn left_since(
        before: &Self,
        directories: &[&Path],
        meant: &[PathBuf],
        tidy: impl Fn(),
    ) -> Vec<Left> {
        let mut left = Vec::new();
        let mut look = || {
            tidy();
            left = Self::now(directories).beyond(before);
            left.retain(|left| !matches!(left, Left::Entry(path) if meant.contains(path)));
            left.is_empty().then_some(())
        };
        let _gone = wait_for_every(QUICK_STEP, QUICK_LIMIT, &mut look)
            .or_else(|| wait_for_every(SLOW_STEP, SLOW_LIMIT, &mut look));
        left
    }

    fn beyond(&self, before: &Self) -> Vec<Left> {
        let mut left = Vec::new();
        left.extend(self.threads.difference(&before.threads).map(|id| Left::Thread(thread(id))));
        let known = |child: &Seen| {
            before.children.iter().any(|seen| seen.pid == child.pid && seen.zombie == child.zombie)
        };
        left.extend(self.children.iter().filter(|child| !known(child)).cloned().map(Left::Child));
        for (name, file) in &self.files {
            if before.files.get(name) != Some(file) {
                let shown = file_name(name);
                left.push(if file.is_socket { Left::Socket(shown) } else { Left::File(shown) });
            }
        }
        left.extend(self.entries.difference(&before.entries).cloned().map(Left::Entry));
        left
    }
}

/// Ends and reaps the processes among what was left, so that the next case starts without them.
pub(super) fn end_children(left: &[Left]) {
    for left in left {
        let Left::Child(child) = left else { continue };
        let Some(pid) = i32::try_from(child.pid).ok().and_then(Pid::from_raw) else { continue };
        // One that is gone already, or that is the child of a child, is not ours to reap.
        drop(signal(child.pid, Signal::KILL));
        let _reaped = waitpid(Some(pid), WaitOptions::empty());
    }
}

/// The names in a directory; none where there is no such directory.
fn names_in(directory: &Path) -> BTreeSet<OsString> {
    let listing = fs::read_dir(directory).into_iter().flatten();
    listing.filter_map(|entry| Some(entry.ok()?.file_name())).collect()
}

/// Everything below this process. The list of all processes is only read if there is a child.
fn children() -> Vec<Seen> {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if waitid(WaitId::All, look).is_err_and(|error| error == rustix::io::Errno::CHILD) {
        return Vec::new();
    }
    Snapshot::take().descendants(std::process::id())
}

fn open_files() -> BTreeMap<OsString, File> {
    let directory = Path::new("/dev/fd");
    // The listing itself has a file open, which is closed again before a look at each.
    let names = names_in(directory);
    let look = |name: OsString| {
        let metadata = fs::metadata(directory.join(&name)).ok()?;
        let is_socket = metadata.file_type().is_socket();
        Some((name, File { device: metadata.dev(), inode: metadata.ino(), is_socket }))
    };
    names.into_iter().filter_map(look).collect()
}

fn thread(id: &OsString) -> String {
    let path = Path::new("/proc/self/task").join(id).join("comm");
    let name = fs::read_to_string(path).unwrap_or_default();
    format!("{} ({})", id.to_string_lossy(), name.trim())
}

/// What an open file is called, where the system tells.
fn file_name(number: &OsString) -> String {
    let target = fs::read_link(Path::new("/dev/fd").join(number));
    let number = number.to_string_lossy();
    target.map_or_else(|_| number.to_string(), |path| format!("{number} ({})", path.display()))
}

#[cfg(test)]
mod tests;
