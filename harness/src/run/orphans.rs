//! Processes that outlive their parent, such as a tool that went into a session of its own.
//!
//! On Linux they come to the runner instead of to the first process of the machine, so that a look
//! for what a case left sees them however they hid. Who adopts has to reap, and must leave alone
//! what the case itself started and waits for. The two are told apart by thread: the kernel hands
//! an orphan to the main thread, while a case starts its processes in threads of its own. What such
//! a thread has not reaped at its end goes to the main thread too, hence a list made just before.
//!
//! Absent on purpose: other systems, where an orphan is seen by its mark alone, if it has one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, waitpid};

use crate::processes::{Seen, Snapshot, signal};
use crate::wait::wait_for_every;

/// How long what is killed may take to be gone.
const ENDS_MAX: Duration = Duration::from_secs(5);

/// How often it is looked for: a look reads the whole process table.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Makes this process the one to which its orphans come, where the system can do that and tells
/// whose children are whose. Elsewhere nothing changes: adopting without reaping would leave zombies.
#[cfg(target_os = "linux")]
pub(super) fn adopt() -> std::io::Result<()> {
    if main_thread().is_some() {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it is the other system's twin")]
pub(super) const fn adopt() -> std::io::Result<()> {
    Ok(())
}

/// The children of the calling thread; none where the system does not tell.
pub(super) fn of_this_thread() -> BTreeSet<i32> {
    children_of(Path::new("/proc/thread-self")).unwrap_or_default()
}

/// Reaps the orphans that have ended. `own` are processes that a case started itself: one of them
/// that nobody has reaped is a leak of it.
pub(super) fn reap(own: &BTreeSet<i32>) {
    for &id in main_thread().unwrap_or_default().difference(own) {
        if let Some(pid) = Pid::from_raw(id) {
            // Those that still run stay as they are.
            let _ended = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// Ends what is below a process, but for `spared` and what is below these. Looks again until nothing of
/// it lives: what ends leaves its own children, and they come to whoever adopts.
pub(super) fn end(ancestor: u32, spared: &BTreeSet<u32>) {
    // What cannot be killed is left to whoever looks for what a run leaves.
    let _all_ended = wait_for_every(LOOK_EVERY, ENDS_MAX, || {
        let snapshot = Snapshot::take();
        let kept: BTreeSet<u32> = spared
            .iter()
            .flat_map(|&id| snapshot.descendants(id))
            .map(|process| process.pid)
            .chain(spared.iter().copied())
            .collect();
        let below = snapshot.descendants(ancestor).into_iter();
        let doomed: Vec<Seen> =
            below.filter(|process| !process.zombie && !kept.contains(&process.pid)).collect();
        for process in &doomed {
            // One that has just ended hears nothing.
            drop(signal(process.pid, Signal::KILL));
        }
        doomed.is_empty().then_some(())
    });
}

fn main_thread() -> Option<BTreeSet<i32>> {
    let id = std::process::id();
    children_of(Path::new(&format!("/proc/self/task/{id}")))
}

fn children_of(thread: &Path) -> Option<BTreeSet<i32>> {
    let listed = fs::read_to_string(thread.join("children")).ok()?;
    Some(listed.split_whitespace().filter_map(|id| id.parse().ok()).collect())
}

#[cfg(test)]
mod tests;
