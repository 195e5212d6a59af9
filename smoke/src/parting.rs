//! The end of a case: a daemon that still runs is stopped as its owner would stop it, and then
//! nothing of it may be left. What a failed case's daemon said goes into the log of the case.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::run::{LeftBehind, Remains, Room};
use harness::sandbox::Sandbox;
use harness::wait::wait_for_every;

use crate::case::{SOON, World};
use crate::views::files_below;

/// How much of each of the daemon's logs goes into the log of a failed case.
const LOG_LINES_MAX: usize = 200;

/// What goes away by itself, such as the agents of a daemon that a case killed, has this long.
const GONE_LIMIT: Duration = Duration::from_secs(5);

/// A look lists all processes of the machine, which should not keep it busy.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where the real program keeps files and sockets of its own below the directory for temporary
/// files, by how their names begin. An orderly end removes them; where a case kills the program, they
/// are nobody's fault. It tries out now and then whether files can be watched, and leaves the probe.
const REAL_AGENT_DIRS: [&str; 3] = ["claude-", "cc-socks", "fswatch-probe-"];

/// How our own begin, in whatever sandbox: never the real program's.
const OWN_DIRS: &str = "claude-assistant";

/// Stops the daemon if it runs, and looks for what is left of the case.
pub fn part(sandbox: &mut Sandbox, world: World, room: &Room) -> anyhow::Result<()> {
    // Also one that ended by itself since the case last looked: that is told by its status.
    if sandbox.pid().is_some() {
        let ended = sandbox.stop(SOON)?.context("see the daemon end in time after the case")?;
        ensure!(ended.success(), "see the daemon end well after the case: {ended}");
        ensure!(0 < ends_told(sandbox), "find in the daemon's log how it ended");
    }
    let mut left = Vec::new();
    let _gone = wait_for_every(LOOK_EVERY, GONE_LIMIT, || {
        left = left_of(sandbox, world);
        left.is_empty().then_some(())
    });
    left.extend(tasks_left(sandbox));
    if left.is_empty() {
        return Ok(());
    }
    room.note(&left.join("\n"));
    Err(LeftBehind(left).into())
}

/// The field of the daemon's last words that counts the tasks which nobody had ended.
const TASKS_LEFT: &str = "tasks_alive=";

/// How many orderly ends the daemon's logs tell of.
fn ends_told(sandbox: &Sandbox) -> usize {
    counts_of_tasks(sandbox).len()
}

/// The tasks that outlived an orderly end of a daemon of this sandbox.
fn tasks_left(sandbox: &Sandbox) -> Option<String> {
    let left: usize = counts_of_tasks(sandbox).into_iter().sum();
    (left != 0).then(|| format!("{left} tasks at the daemon's end"))
}

/// The number of tasks left at each orderly end, from the logs.
fn counts_of_tasks(sandbox: &Sandbox) -> Vec<usize> {
    let logs = files_below(&sandbox.home().join("logs")).unwrap_or_default();
    let texts = logs.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts.flat_map(|text| text.lines().filter_map(count_of_tasks).collect::<Vec<_>>()).collect()
}

fn count_of_tasks(line: &str) -> Option<usize> {
    let (_, after) = line.split_once(": stopped ")?;
    let (_, count) = after.split_once(TASKS_LEFT)?;
    count.split(' ').next()?.parse().ok()
}

/// Processes, temporary files and sockets of a sandbox in which no daemon runs.
fn left_of(sandbox: &Sandbox, world: World) -> Vec<String> {
    let mut left: Vec<String> = sandbox
        .leftovers()
        .iter()
        .map(|process| {
            let state = if process.zombie { "was not reaped" } else { "still runs" };
            format!("process {} ({}) {state}", process.pid, process.name)
        })
        .collect();
    let shown = |path: &PathBuf| path.strip_prefix(sandbox.root()).unwrap_or(path).to_path_buf();
    let temporary = files_below(&sandbox.temp_dir()).unwrap_or_default();
    let is_ours = |path: &&PathBuf| world == World::Fake || !is_of_real_agent(sandbox, path);
    left.extend(
        temporary
            .iter()
            .filter(is_ours)
            .map(|path| format!("temporary file {}", shown(path).display())),
    );
    let sockets = files_below(&sandbox.home())
        .unwrap_or_default()
        .into_iter()
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()));
    left.extend(sockets.map(|path| format!("socket {}", shown(&path).display())));
    left
}

fn is_of_real_agent(sandbox: &Sandbox, path: &Path) -> bool {
    let within = path.strip_prefix(sandbox.temp_dir()).ok();
    within.and_then(|path| path.iter().next()?.to_str()).is_some_and(is_name_of_real_agent)
}

fn is_name_of_real_agent(name: &str) -> bool {
    !name.starts_with(OWN_DIRS) && REAL_AGENT_DIRS.iter().any(|prefix| name.starts_with(prefix))
}

/// Writes what the daemon said last into the log of the case; the home stays on disk if that was
/// asked for.
pub fn keep_traces(sandbox: Sandbox, room: &Room) {
    let logs = files_below(&sandbox.home().join("logs")).unwrap_or_default();
    for path in logs {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        quote(room, &name.unwrap_or_default(), &text);
    }
    quote(room, "the daemon's standard error", &sandbox.daemon_stderr());
    if room.remains() == Remains::Kept {
        room.kept(&sandbox.keep());
    }
}

/// The end of a text, indented below its name.
fn quote(room: &Room, name: &str, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return;
    }
    let first = lines.len().saturating_sub(LOG_LINES_MAX);
    room.note(&format!("{name}, the last {} of {} lines:", lines.len() - first, lines.len()));
    for line in &lines[first..] {
        room.note(&format!("  {line}"));
    }
}

#[cfg(test)]
mod tests;
