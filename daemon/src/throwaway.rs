//! Folders below `run/` in which a process works for a while, with copies of what people wrote. They go
//! with that process; where it is killed, its successor or the next daemon removes what nobody living
//! holds.
//!
//! | folder | whose | held by |
//! |---|---|---|
//! | `assistant-candidate-<pid>` | a candidate's home | the lock on `held` in it, and its daemon's own lock |
//! | `restart-r<id>` | what the command of a restart tries a build on | `run/restart.lock` |

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::process::{Pid, test_kill_process};
use tracing::warn;

use crate::config::Home;
use crate::config::paths::FILE_MODE;
use crate::control::lock::{self, Held};

/// How the name of a candidate's home begins; behind it stands the process that made it.
pub(crate) const CANDIDATE: &str = "assistant-candidate-";

/// How the folder of a restart is called, up to its number.
const RESTART: &str = "restart-r";

/// The file in a candidate's home that it has locked.
const HELD: &str = "held";

/// Holds a candidate's home for this process, until the value or the process is gone.
pub(crate) fn hold(dir: &Path) -> io::Result<File> {
    // Under its name it is locked already: until then the number of its process speaks for it.
    let draft = dir.join("held.new");
    let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&draft)?;
    file.lock()?;
    fs::rename(draft, dir.join(HELD))?;
    Ok(file)
}

/// Removes what was left below `run/` of a home.
pub(crate) fn remove_left(home: &Home) {
    remove_candidates(&home.run_dir());
    if matches!(lock::look(&home.restart_lock()), Ok(Held::Free)) {
        let is_room = |path: &Path, name: &str| name.starts_with(RESTART) && path.is_dir();
        remove(&home.run_dir(), is_room);
    }
}

/// Removes the homes that killed candidates left in a folder.
pub(crate) fn remove_candidates(base: &Path) {
    remove(base, |path, name| {
        name.strip_prefix(CANDIDATE)
            .and_then(|pid| Pid::from_raw(pid.parse().ok()?))
            .is_some_and(|pid| is_left(path, pid))
    });
}

fn is_left(dir: &Path, pid: Pid) -> bool {
    let held = dir.join(HELD);
    if held.exists() {
        // Its daemon outlives it by some moments, and ends in order.
        let own = Home::at(dir).lock();
        return [held, own].iter().all(|file| matches!(lock::look(file), Ok(Held::Free)));
    }
    // It was killed while it made its home. Nobody but us has our number.
    pid == rustix::process::getpid() || test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
}

fn remove(base: &Path, is_left: impl Fn(&Path, &str) -> bool) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name().to_str().is_some_and(|name| is_left(&path, name))
            && let Err(error) = fs::remove_dir_all(&path)
        {
            // Somebody else's in a folder that is everybody's stays.
            warn!(%error, "a folder that was left is not removed");
        }
    }
}

#[cfg(test)]
mod tests;
