//! Facts about processes, and the ends of some: which ones an agent of this home has started, who
//! descends from whom, how large one is.
//!
//! An agent runs each tool in a session of its own, so that neither a signal to the agent's group
//! nor its death reaches them. They are found by the [`Mark`] that every agent carries in its
//! environment and hands down, in this life of the daemon and in the next one.
//!
//! What sysinfo tells comes from a walk over all processes, some milliseconds of work, or from a
//! look at one or a few, some tenths of one: async callers go through [`walk`] for both. A walk is a picture of the past; before a signal is sent, the
//! process is looked at once more ([`Found`] knows when it began), as its number may have gone to
//! another. A tool that clears its environment is found only by its parents: the daemon, to which it falls
//! when they die, and the launcher, to which it falls when that dies ([`adopted`]).

pub(crate) mod adopted;
mod ending;
mod identity;
pub(crate) mod leftovers;
mod mark;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::ops::RangeBounds;
use std::os::unix::ffi::OsStrExt;

use sysinfo::{
    Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind,
};

pub(crate) use ending::end_all;
pub(crate) use identity::{Found, Noted, SinceBoot};
pub(crate) use mark::{HomeId, MARK_NAME, Mark};

/// How far up a line of parents is followed; a longer one is a ring in a picture that changed while
/// it was taken, or made by somebody to hide where it ends.
const ANCESTORS_MAX: usize = 256;

/// How often a line of parents is read that changes meanwhile. Once more is nearly always enough; a
/// process that wants it to change for ever must not keep us.
const LINE_LOOKS_MAX: usize = 3;

/// A process with a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marked {
    /// The process.
    pub(crate) process: Found,
    /// The agent that it is or that started it.
    pub(crate) mark: Mark,
}

/// Runs one of this module's walks where it does not hold up other tasks.
pub(crate) async fn walk<T: Send + 'static>(facts: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(facts).await {
        Ok(found) => found,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// The processes of this user that carry a mark of `home` with one of `generations`, this process
/// itself never.
pub(crate) fn marked(home: HomeId, generations: &impl RangeBounds<u64>) -> Vec<Marked> {
    let wanted = |mark: &Mark| mark.home == home && generations.contains(&mark.generation);
    own_processes(&everything(environments()))
        .filter_map(|process| Some((process, mark_in(process)?)))
        .filter(|(_, mark)| wanted(mark))
        .filter_map(|(process, mark)| Some(Marked { process: Found::of(process)?, mark }))
        .collect()
}

/// The processes that carry this very mark.
pub(crate) fn of_agent(mark: Mark) -> Vec<Found> {
    own_processes(&everything(environments()))
        .filter(|process| lives(process) && mark_in(process) == Some(mark))
        .filter_map(Found::of)
        .collect()
}

/// The processes that `pid` has started, and those that they have started, and so on.
pub(crate) fn descendants(pid: u32) -> Vec<Found> {
    let system = everything(ProcessRefreshKind::nothing().without_tasks());
    let mut family = family(&system, BTreeSet::from([pid]));
    family.remove(&pid);
    alive(&system, &family)
}

/// These, the processes that they have started, and so on.
fn family(system: &System, mut family: BTreeSet<u32>) -> BTreeSet<u32> {
    let mut before = 0;
    while before != family.len() {
        before = family.len();
        let known = family.clone();
        let of_family = |process: &&Process| {
            process.parent().is_some_and(|parent| known.contains(&parent.as_u32()))
        };
        let children = system.processes().values().filter(of_family);
        family.extend(children.map(|process| process.pid().as_u32()));
    }
    family
}

/// Those of `pids` that run.
fn alive(system: &System, pids: &BTreeSet<u32>) -> Vec<Found> {
    let process = |pid: &u32| system.process(Pid::from_u32(*pid));
    pids.iter().filter_map(process).filter(|process| lives(process)).filter_map(Found::of).collect()
}

/// Whether `ancestor` is `pid`'s parent, or a parent of that one, and so on. Each is looked at by
/// itself, which takes a tenth of what a walk over all processes does. If the line changes faster
/// than it can be read, nothing speaks against it, and the answer is yes.
pub(crate) fn descends_from(pid: u32, ancestor: u32) -> bool {
    match settled_parents(pid) {
        Parents::Are(parents) => parents.contains(&ancestor),
        Parents::Unsettled => true,
        Parents::OfNobody => false,
    }
}

/// `pid`'s parent, the parent of that one, and so on; empty where the line cannot be read.
pub(crate) fn ancestors(pid: u32) -> Vec<u32> {
    match settled_parents(pid) {
        Parents::Are(parents) => parents,
        Parents::Unsettled | Parents::OfNobody => Vec::new(),
    }
}

/// Where a process stands, seen from this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Branch {
    /// It is this child of ours, or descends from it.
    Below(u32),
    /// It does not descend from us, or is gone.
    Elsewhere,
    /// Its line changes faster than it can be read.
    Unsettled,
}

/// By which child of ours `pid` descends from us, if it does.
pub(crate) fn branch_of(pid: u32) -> Branch {
    let line = match settled_parents(pid) {
        Parents::Are(parents) => parents,
        Parents::Unsettled => return Branch::Unsettled,
        Parents::OfNobody => return Branch::Elsewhere,
    };
    let us = std::process::id();
    let down = std::iter::once(pid).chain(line.iter().copied());
    match down.zip(&line).find(|(_, parent)| **parent == us) {
        Some((child, _)) => Branch::Below(child),
        None => Branch::Elsewhere,
    }
}

/// Whether `pid` was started by an agent of any home. A mark that cannot be read as one counts.
pub(crate) fn carries_mark(pid: u32) -> bool {
    one(pid, environments())
        .process(Pid::from_u32(pid))
        .is_some_and(|process| mark_text(process).is_some())
}

/// The agent that `pid` is or was started by.
#[cfg(test)]
pub(crate) fn mark_of(pid: u32) -> Option<Mark> {
    mark_in(one(pid, environments()).process(Pid::from_u32(pid))?)
}

/// The memory of `pid` that is in use, in bytes.
pub(crate) fn rss_bytes(pid: u32) -> Option<u64> {
    let system = one(pid, ProcessRefreshKind::nothing().without_tasks().with_memory());
    Some(system.process(Pid::from_u32(pid))?.memory())
}

/// Has orphans below this process become its children instead of init's, so that a tool which
/// detached itself still descends from the daemon. Who calls it has to reap them: [`adopted`].
///
/// # Errors
/// The system's, and `Unsupported` where there is no such thing (macOS): detached tools are then
/// known by their mark alone.
pub(crate) fn become_subreaper() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

/// The process that has this number now, to be told from a later one.
pub(crate) fn find(pid: u32) -> Option<Found> {
    let system = one(pid, ProcessRefreshKind::nothing().without_tasks());
    system.process(Pid::from_u32(pid)).filter(|process| lives(process)).and_then(Found::of)
}

/// The same, to be written into a file.
pub(crate) fn note(pid: u32) -> Option<Noted> {
    let system = one(pid, ProcessRefreshKind::nothing().without_tasks());
    system.process(Pid::from_u32(pid)).filter(|process| lives(process)).and_then(Noted::of)
}

/// The name of the file that this process runs.
pub(crate) fn program_of(pid: u32) -> Option<OsString> {
    let kind = ProcessRefreshKind::nothing().without_tasks().with_exe(UpdateKind::Always);
    let system = one(pid, kind);
    Some(system.process(Pid::from_u32(pid))?.exe()?.file_name()?.to_owned())
}

/// Whether there is a process of this number that has not ended.
pub(crate) fn runs(pid: u32) -> bool {
    find(pid).is_some()
}

/// Whether the very process that was found still runs. One that has ended and only waits for its
/// parent to ask does not.
pub(crate) fn still_runs(process: Found) -> bool {
    find(process.pid) == Some(process)
}

/// The same of one that a file names.
pub(crate) fn noted_still_runs(process: &Noted) -> bool {
    note(process.pid).is_some_and(|now| now.is(process))
}

/// Who stands above a process.
#[derive(Debug, PartialEq, Eq)]
enum Parents {
    /// These, the nearest first.
    Are(Vec<u32>),
    /// One was gone when its turn came (it has left its children to another), or there is no end.
    Unsettled,
    /// There is no such process.
    OfNobody,
}

fn settled_parents(pid: u32) -> Parents {
    let mut line = parents(pid);
    for _ in 1..LINE_LOOKS_MAX {
        if line != Parents::Unsettled {
            break;
        }
        line = parents(pid);
    }
    line
}

fn parents(pid: u32) -> Parents {
    let kind = ProcessRefreshKind::nothing().without_tasks();
    let mut system = nobody();
    let (mut line, mut next) = (Vec::new(), Pid::from_u32(pid));
    while line.len() <= ANCESTORS_MAX {
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[next]), true, kind);
        let Some(process) = system.process(next) else {
            return if line.is_empty() { Parents::OfNobody } else { Parents::Unsettled };
        };
        let Some(parent) = process.parent() else { return Parents::Are(line) };
        line.push(parent.as_u32());
        next = parent;
    }
    Parents::Unsettled
}

fn lives(process: &Process) -> bool {
    !matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead)
}

fn environments() -> ProcessRefreshKind {
    ProcessRefreshKind::nothing()
        .without_tasks()
        .with_user(UpdateKind::Always)
        .with_environ(UpdateKind::Always)
}

fn everything(kind: ProcessRefreshKind) -> System {
    look(ProcessesToUpdate::All, kind)
}

fn one(pid: u32, kind: ProcessRefreshKind) -> System {
    look(ProcessesToUpdate::Some(&[Pid::from_u32(pid)]), kind)
}

fn look(processes: ProcessesToUpdate<'_>, kind: ProcessRefreshKind) -> System {
    let mut system = nobody();
    system.refresh_processes_specifics(processes, true, kind);
    system
}

/// A picture in which nobody is yet.
fn nobody() -> System {
    System::new().expect("nothing is asked for at first, so nothing can fail")
}

/// The processes of this user, without this one.
fn own_processes(system: &System) -> impl Iterator<Item = &Process> {
    let uid = rustix::process::getuid().as_raw();
    system
        .processes()
        .values()
        .filter(move |process| process.user_id().is_some_and(|user| **user == uid))
        .filter(|process| process.pid().as_u32() != std::process::id())
}

fn mark_in(process: &Process) -> Option<Mark> {
    std::str::from_utf8(mark_text(process)?).ok()?.parse().ok()
}

fn mark_text(process: &Process) -> Option<&[u8]> {
    process
        .environ()
        .iter()
        .map(|variable| OsStr::as_bytes(variable))
        .find_map(|variable| variable.strip_prefix(MARK_NAME.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests;
