//! Our children and the ones that fell to us: orphans of agents, which this process adopts as their
//! subreaper and has to reap, or their entries would stay in the process table. This process is the
//! daemon, or the launcher, to which all falls that a dead daemon leaves.
//!
//! ```text
//!             ┌─ own: started by spawn(), awaited by somebody
//!  children ──┼─ left alone: fell to us from one of those, which has ended
//!             └─ strays: all others
//! ```
//!
//! Who has called for a child awaits its exit status, and only one can get it. So every child of
//! this crate is started by [`spawn`], which writes its number into a register before anyone can
//! see it end; [`reap_adopted`] takes the exit status of those alone that are not in it. It asks for
//! each by number: `waitid` over all children would be simpler, but tells no number through rustix,
//! and one unclaimed child of ours would hide all behind it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid};
use sysinfo::{ProcessRefreshKind, ProcessStatus, System};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Found, alive, everything, family, find, lives, walk};

/// How long the ends of children are collected before they are looked for. A walk costs some
/// milliseconds, and an agent that ends takes many with it.
const GATHERED_FOR: Duration = Duration::from_millis(100);

/// The children of this process that someone awaits. One for the whole process, like the process
/// table it mirrors.
static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The children of this process that fell to it and are nobody's to end.
static LEFT_ALONE: Mutex<BTreeSet<Found>> = Mutex::new(BTreeSet::new());

/// A child of ours; its exit status is its holder's as long as this lives.
#[derive(Debug)]
pub(crate) struct OwnChild {
    /// The child.
    pub(crate) child: Child,
    registered: u32,
}

impl Drop for OwnChild {
    fn drop(&mut self) {
        own().remove(&self.registered);
    }
}

/// Starts `command` as a child of ours. Every module of the crate that starts a child does it here.
///
/// # Errors
/// As `Command::spawn`.
pub(crate) fn spawn(command: &mut Command) -> io::Result<OwnChild> {
    // Held while the child begins: it must not be seen before it is registered.
    let mut own = own();
    let child = command.spawn()?;
    let registered = child.id().expect("a child that nobody has awaited has its number");
    own.insert(registered);
    Ok(OwnChild { child, registered })
}

/// The strays, and what they have started.
pub(crate) fn strays() -> Vec<Found> {
    let before = left_alone().clone();
    let (system, fallen) = fallen();
    // Of those that are gone none is kept. One that came to them meanwhile is not in the picture.
    left_alone().retain(|known| fallen.contains(known) || !before.contains(known));
    let strays = fallen.difference(&before).map(|stray| stray.pid).collect();
    alive(&system, &family(&system, strays))
}

/// Leaves those alone that have fallen to us by now, if `all_may` says afterwards that there was no stray
/// among them.
pub(crate) fn leave_alone(all_may: impl FnOnce() -> bool) {
    let (_, fallen) = fallen();
    if all_may() {
        *left_alone() = fallen;
    }
}

/// Whether `child`, one of ours, is a stray.
pub(crate) fn is_stray(child: u32) -> bool {
    let is_left_alone = || find(child).is_some_and(|found| left_alone().contains(&found));
    !own().contains(&child) && !is_left_alone()
}

/// Whether this process has children at all. One call instead of a walk.
pub(crate) fn any() -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, look), Err(Errno::CHILD))
}

/// The children that nobody started from here, in a picture of all processes.
fn fallen() -> (System, BTreeSet<Found>) {
    // One that begins or ends while the picture is taken is known before it or behind it.
    let mut known = own().clone();
    let system = everything(ProcessRefreshKind::nothing().without_tasks());
    known.extend(own().iter());
    let us = std::process::id();
    let fallen = system
        .processes()
        .values()
        .filter(|process| process.parent().is_some_and(|parent| parent.as_u32() == us))
        .filter(|process| lives(process) && !known.contains(&process.pid().as_u32()))
        .filter_map(Found::of)
        .collect();
    (system, fallen)
}

fn left_alone() -> MutexGuard<'static, BTreeSet<Found>> {
    LEFT_ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reaps adopted orphans as they end, until `stopped`.
///
/// # Errors
/// The signal cannot be listened to.
pub(crate) async fn reap_adopted(stopped: CancellationToken) -> io::Result<()> {
    let mut ends = signal(SignalKind::child())?;
    loop {
        walk(reap_once).await;
        tokio::select! {
            () = stopped.cancelled() => return Ok(()),
            end = ends.recv() => if end.is_none() { return Ok(()) },
        }
        tokio::select! {
            () = stopped.cancelled() => return Ok(()),
            () = tokio::time::sleep(GATHERED_FOR) => {}
        }
    }
}

/// Reaps the orphans that have ended by now; returns how many.
fn reap_once() -> usize {
    if !any_ended() {
        return 0;
    }
    let us = std::process::id();
    let system = everything(ProcessRefreshKind::nothing().without_tasks());
    let ended = system
        .processes()
        .values()
        .filter(|process| process.parent().is_some_and(|parent| parent.as_u32() == us))
        .filter(|process| process.status() == ProcessStatus::Zombie)
        .map(|process| process.pid().as_u32());
    ended.filter(|pid| reap_unless_own(*pid)).count()
}

/// Whether any child, whoever awaits it, has ended and was not asked for. One call instead of a walk:
/// mostly it is a child of ours that ended, and by now it has been asked.
fn any_ended() -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // No child at all is an error, and means no.
    matches!(waitid(WaitId::All, look), Ok(Some(_)))
}

fn reap_unless_own(pid: u32) -> bool {
    let own = own();
    let Some(orphan) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    !own.contains(&pid) && matches!(waitpid(Some(orphan), WaitOptions::NOHANG), Ok(Some(_)))
}

fn own() -> MutexGuard<'static, BTreeSet<u32>> {
    // A set of numbers is whole whatever its holder panicked about.
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
