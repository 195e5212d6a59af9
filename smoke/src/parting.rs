//! The end of a case: a daemon that still runs is stopped as its owner would stop it, and then
//! nothing of it may be left. What a failed case's daemon said goes into the log of the case.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use harness::run::{LeftBehind, Remains, Room};
use harness::sandbox::Sandbox;
use harness::wait::wait_until;

use crate::case::SOON;
use crate::views::files_below;

/// How much of each of the daemon's logs goes into the log of a failed case.
const LOG_LINES_MAX: usize = 200;

/// Stops the daemon if it runs, and looks for what is left of the case.
pub fn part(sandbox: &mut Sandbox, room: &Room) -> anyhow::Result<()> {
    if sandbox.is_running() {
        let ended = sandbox.stop(SOON)?.context("see the daemon end in time after the case")?;
        ensure!(ended.success(), "see the daemon end well after the case: {ended}");
    }
    let mut left = Vec::new();
    // A daemon that a case killed takes nothing down: its agents end by themselves.
    let _gone = wait_until(SOON, || {
        left = left_of(sandbox);
        left.is_empty()
    });
    if left.is_empty() {
        return Ok(());
    }
    room.note(&left.join("\n"));
    Err(LeftBehind(left).into())
}

/// Processes, temporary files and sockets of a sandbox in which no daemon runs.
fn left_of(sandbox: &Sandbox) -> Vec<String> {
    let mut left: Vec<String> = sandbox
        .leftovers()
        .iter()
        .map(|process| {
            let state = if process.zombie { "was not reaped" } else { "still runs" };
            format!("process {} ({}) {state}", process.pid, process.name)
        })
        .collect();
    let shown = |path: &PathBuf| path.strip_prefix(sandbox.root()).unwrap_or(path).to_path_buf();
    let mut temporary = files_below(&sandbox.temp_dir()).unwrap_or_default();
    temporary.retain(|path| !is_of_the_program(path));
    left.extend(temporary.iter().map(|path| format!("temporary file {}", shown(path).display())));
    let sockets = files_below(&sandbox.home())
        .unwrap_or_default()
        .into_iter()
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()));
    left.extend(sockets.map(|path| format!("socket {}", shown(&path).display())));
    left
}

/// Whether the real agent program leaves this lying about by itself (2.1.330): its socket when it is
/// killed, and now and then a file by which it tried out the watching of files.
fn is_of_the_program(path: &Path) -> bool {
    path.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name == "cc-socks" || name.starts_with("fswatch-probe-")
    })
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
