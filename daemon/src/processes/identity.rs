//! Which process one is: its number, and when it began, which tells it from a later one of that number.
//!
//! | system | when it began | the clock is set |
//! |---|---|---|
//! | Linux | in clock ticks since the machine was started | stays |
//! | others | in seconds since 1970, as noted when it began | stays |
//!
//! sysinfo gives seconds since 1970 on Linux too, and computes them from the clock of the moment: by
//! these a process would be another one after each step of the clock.

#[cfg(target_os = "linux")]
use std::fs;

use serde::{Deserialize, Serialize};
use sysinfo::Process;

/// A process that was seen: its number, and what tells it from a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Its number.
    pub(crate) pid: u32,
    /// When it began, by what the clock does not move.
    pub(super) began: u64,
}

impl Found {
    /// One of a picture, unless it is gone by now.
    pub(super) fn of(process: &Process) -> Option<Self> {
        Some(Self { pid: process.pid().as_u32(), began: began(process)? })
    }
}

/// A process as a file names it, for readers of a later time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    /// Its number.
    pub(crate) pid: u32,
    /// When it began, in seconds since 1970 by the clock of the moment it was noted.
    pub(crate) started_s: u64,
    /// The same by what the clock does not move. Absent in files of before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since_boot: Option<SinceBoot>,
}

/// When a process began, as this and no other life of the machine counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SinceBoot {
    /// The system's id of that life.
    pub(crate) boot: String,
    /// Clock ticks from its beginning.
    pub(crate) ticks: u64,
}

impl Noted {
    /// One of a picture, unless it is gone by now.
    pub(super) fn of(process: &Process) -> Option<Self> {
        let Found { pid, began } = Found::of(process)?;
        let since_boot = boot().map(|boot| SinceBoot { boot, ticks: began });
        Some(Self { pid, started_s: process.start_time(), since_boot })
    }

    /// Whether both are one process.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same = match (&self.since_boot, &other.since_boot) {
            (Some(one), Some(other)) => one == other,
            _ => self.started_s == other.started_s,
        };
        same && self.pid == other.pid
    }
}

#[cfg(target_os = "linux")]
fn began(process: &Process) -> Option<u64> {
    ticks_in(&fs::read(format!("/proc/{}/stat", process.pid())).ok()?)
}

#[cfg(not(target_os = "linux"))]
fn began(process: &Process) -> Option<u64> {
    Some(process.start_time())
}

/// The 22nd field. The second is the program's name in parentheses, with whatever is in that.
#[cfg(target_os = "linux")]
fn ticks_in(stat: &[u8]) -> Option<u64> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[name_end + 1..]).ok()?;
    rest.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    Some(fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    None
}

#[cfg(test)]
mod tests;
