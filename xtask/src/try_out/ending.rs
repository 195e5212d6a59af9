//! The end of `try`: the daemon is stopped, what it may have left is looked for, and only what was
//! seen is said.

use std::process::ExitStatus;
use std::time::Duration;

use harness::processes::Seen;
use harness::sandbox::{Sandbox, SandboxError};
use harness::wait::wait_until;

/// How long the daemon may take to stop, with a turn running.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// How long what ends with the daemon may be seen after it on a loaded machine.
const GONE_LIMIT: Duration = Duration::from_secs(2);

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// Before it was asked to.
    ByItself,
    /// With this status.
    With(ExitStatus),
    /// By force, after [`STOP_LIMIT`].
    Killed,
}

/// What became of the home.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Home {
    Removed,
    /// It was to be removed, and is still there.
    Remains(String),
    Kept(String),
}

/// What is left behind of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing that was not asked for.
    Nothing,
    /// A process or a directory.
    Something,
}

/// Stops the daemon, ends what is left, removes the home unless it is to be kept, and says so.
pub(super) fn end(mut sandbox: Sandbox, keep: bool) -> Result<Left, SandboxError> {
    let stopped = stop(&mut sandbox);
    let mut survivors = Vec::new();
    let all_gone = wait_until(GONE_LIMIT, || {
        survivors = sandbox.leftovers();
        survivors.is_empty()
    });
    let root = sandbox.root().to_path_buf();
    let place = root.display().to_string();
    // Both end what survived.
    let home = if keep {
        sandbox.keep();
        Home::Kept(place)
    } else {
        drop(sandbox);
        if root.exists() { Home::Remains(place) } else { Home::Removed }
    };
    for line in last_words(stopped?, &survivors, &home) {
        println!("{line}");
    }
    let clean = all_gone && !matches!(home, Home::Remains(_));
    Ok(if clean { Left::Nothing } else { Left::Something })
}

fn stop(sandbox: &mut Sandbox) -> Result<Stopped, SandboxError> {
    if sandbox.pid().is_none() {
        return Ok(Stopped::ByItself);
    }
    Ok(sandbox.stop(STOP_LIMIT)?.map_or(Stopped::Killed, Stopped::With))
}

fn last_words(stopped: Stopped, survivors: &[Seen], home: &Home) -> Vec<String> {
    let ended = match stopped {
        Stopped::ByItself => "the assistant has ended".to_owned(),
        Stopped::With(status) if status.success() => "stopped".to_owned(),
        Stopped::With(status) => format!("the assistant ended with {status}"),
        Stopped::Killed => {
            format!("the assistant did not stop in {STOP_LIMIT:?} and was killed")
        }
    };
    let mut lines: Vec<String> = survivors
        .iter()
        .map(|process| format!("left behind and ended: process {} ({})", process.pid, process.name))
        .collect();
    match (home, survivors) {
        (Home::Removed, []) => lines.push(format!("{ended}, nothing is left behind")),
        (Home::Kept(place), []) => lines.push(format!("{ended}, nothing runs on; kept {place}")),
        (Home::Removed, _) => lines.push(ended),
        (Home::Kept(place), _) => lines.push(format!("{ended}; kept {place}")),
        (Home::Remains(place), _) => lines.push(format!("{ended}; left behind: {place}")),
    }
    lines
}

#[cfg(test)]
mod tests;
