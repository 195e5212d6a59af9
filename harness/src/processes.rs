//! The processes of this machine, as a check sees them: by ancestry and by mark.
//!
//! A *mark* is a `NAME=value` entry of a process's environment. Children inherit it, so it still
//! finds a tool whose parents are gone and which put itself into a session of its own.

mod pss;

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

pub use self::pss::pss_bytes;

/// One process at the moment of the look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Its id.
    pub pid: u32,
    /// Its parent's id, if it has one.
    pub parent: Option<u32>,
    /// Its short name.
    pub name: String,
    /// Ended, and not yet reaped by its parent.
    pub zombie: bool,
    /// Resident memory in bytes.
    pub rss_bytes: u64,
}

/// All processes of the machine at one moment.
pub struct Snapshot {
    system: System,
}

impl Snapshot {
    /// Looks now. Environments of other users' processes read as empty.
    pub fn take() -> Self {
        let mut system = empty_system();
        system.refresh_processes_specifics(
            ProcessesToUpdate::All,
            true,
            ProcessRefreshKind::nothing().with_memory().with_environ(UpdateKind::Always),
        );
        Self { system }
    }

    /// The process with this id, if it is there (as a zombie too).
    pub fn find(&self, pid: u32) -> Option<Seen> {
        self.system.process(sysinfo::Pid::from_u32(pid)).map(seen)
    }

    /// Every process below `ancestor`, at any depth, by id; the ancestor itself is not among them.
    pub fn descendants(&self, ancestor: u32) -> Vec<Seen> {
        let mut family = BTreeSet::from([ancestor]);
        // A process can come before its parent in the list: go round until nobody joins.
        loop {
            let before = family.len();
            for process in self.all() {
                if process.parent.is_some_and(|parent| family.contains(&parent)) {
                    family.insert(process.pid);
                }
            }
            if family.len() == before {
                break;
            }
        }
        self.only(|process| process.pid != ancestor && family.contains(&process.pid))
    }

    /// Every process whose environment holds exactly `mark` (`NAME=value`), by id.
    pub fn marked(&self, mark: &str) -> Vec<Seen> {
        self.with_environment(|entry| entry == mark)
    }

    /// Every process that has an environment entry beginning with `prefix`, by id.
    pub fn marked_with_prefix(&self, prefix: &str) -> Vec<Seen> {
        self.with_environment(|entry| entry.starts_with(prefix))
    }

    fn with_environment(&self, is_mark: impl Fn(&str) -> bool) -> Vec<Seen> {
        self.only(|process| {
            let environment = self
                .system
                .process(sysinfo::Pid::from_u32(process.pid))
                .map_or(&[][..], sysinfo::Process::environ);
            environment.iter().any(|entry| is_mark(&entry.to_string_lossy()))
        })
    }

    fn only(&self, wanted: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mut found: Vec<Seen> = self.all().filter(wanted).collect();
        found.sort();
        found
    }

    fn all(&self) -> impl Iterator<Item = Seen> + '_ {
        // Threads are listed as processes on Linux; they are not.
        self.system.processes().values().filter(|process| process.thread_kind().is_none()).map(seen)
    }
}

fn empty_system() -> System {
    System::new().expect("the harness runs only where processes can be listed")
}

fn seen(process: &sysinfo::Process) -> Seen {
    Seen {
        pid: process.pid().as_u32(),
        parent: process.parent().map(sysinfo::Pid::as_u32),
        name: process.name().to_string_lossy().into_owned(),
        zombie: matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead),
        rss_bytes: process.memory(),
    }
}

/// How many files the process has open, where the system tells.
pub fn open_files(pid: u32) -> Option<usize> {
    let id = sysinfo::Pid::from_u32(pid);
    let mut system = empty_system();
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[id]),
        true,
        ProcessRefreshKind::nothing(),
    );
    system.process(id)?.open_files()
}

/// Resident memory of the process in bytes.
pub fn rss_bytes(pid: u32) -> Option<u64> {
    let id = sysinfo::Pid::from_u32(pid);
    let mut system = empty_system();
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[id]),
        true,
        ProcessRefreshKind::nothing().with_memory(),
    );
    system.process(id).map(sysinfo::Process::memory)
}

/// What the process has had of all cores so far, where the system tells: its own part, whatever else
/// the machine does.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    let id = sysinfo::Pid::from_u32(pid);
    let mut system = empty_system();
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[id]),
        true,
        ProcessRefreshKind::nothing().with_cpu(),
    );
    system.process(id).map(|process| Duration::from_millis(process.accumulated_cpu_time()))
}

/// Sends a signal to one process. That the process is already gone is no error.
pub fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    let id = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{pid} is no process id"))
    })?;
    match kill_process(id, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Kills every process that carries `mark`, again and again until a look finds none alive: a tool
/// can start another one between two looks. Returns how many were killed.
pub fn kill_marked(mark: &str) -> usize {
    /// Looks at most; a process that outlives as many kills cannot be killed.
    const ROUNDS_MAX: usize = 20;
    let mut killed = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let alive: Vec<Seen> =
            Snapshot::take().marked(mark).into_iter().filter(|process| !process.zombie).collect();
        if alive.is_empty() {
            break;
        }
        for process in alive {
            // A process of another user is not ours to end, and shows up in the next leak check.
            if signal(process.pid, Signal::KILL).is_ok() {
                killed.insert(process.pid);
            }
        }
    }
    killed.len()
}

#[cfg(test)]
mod tests;
