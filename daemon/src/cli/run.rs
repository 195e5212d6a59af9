//! `run`: the daemon itself, in the foreground, or as the background process of `start`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::Place;
use crate::app::{self, Descent, Parent};
use crate::config::Config;
use crate::config::args::Run;
use crate::config::paths::FILE_MODE;
use crate::contacts::Contacts;
use crate::control::lock::Lock;
use crate::exit::{self, Code, Failure};
use crate::notify;
use crate::store;
use crate::telemetry::{self, LOG_VARIABLE};
use crate::throwaway;
use crate::voice::Voice;
use crate::watcher::Watcher;

/// Threads that run tasks. The work is waiting for others; a second one keeps a task that computes
/// from holding up the rest.
const WORKERS: usize = 2;

/// Threads for what blocks: walks over the process table, file names being looked up. Each walk
/// takes milliseconds, and more threads would only take memory.
const BLOCKING_THREADS_MAX: usize = 8;

pub(super) fn run(place: &Place, asked: &Run, began: Instant) -> anyhow::Result<Code> {
    daemon(place, asked, began).map_err(weighed)
}

/// Trouble of the machine ends with `Busy`: later it may work, and whoever started this program must not
/// hold it against it.
fn weighed(error: anyhow::Error) -> anyhow::Error {
    if exit::code_of(&error) == Code::Failed && error.chain().any(is_of_machine) {
        return Failure::new(Code::Busy, exit::line_of(&error)).into();
    }
    error
}

/// Whether the system or the database says that the machine has trouble.
pub(super) fn is_of_machine(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref().is_some_and(exit::is_of_machine) || store::is_of_machine(cause)
}

fn daemon(place: &Place, run: &Run, began: Instant) -> anyhow::Result<Code> {
    #[cfg(feature = "faults")]
    if crate::faults::begin(run)? {
        return Ok(Code::Failed);
    }
    let home = &place.home;
    let config =
        Config::load(&home.config_file(), place.user_home.as_deref()).map_err(Failure::from)?;
    home.prepare().map_err(Failure::from)?;
    let home = &home.canonical().map_err(Failure::from)?;
    let contacts = Contacts::open(&home.contacts_file()).map_err(Failure::from)?;
    if run.detached {
        detach(home.root())?;
    }
    // Held until everything below is gone.
    let _lock = Lock::take(&home.lock(), home.root()).map_err(Failure::from)?;
    let filter = std::env::var(LOG_VARIABLE).ok().filter(|filter| !filter.is_empty());
    let _log =
        telemetry::start(&home.log_file(), config.log, filter.as_deref()).map_err(Failure::from)?;
    throwaway::remove_left(home);
    write_pid(&home.pid_file()).context("write the pid file")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()
        .context("start the runtime")?;
    let descent = Descent {
        slot: run.slot.clone(),
        held_by: run.held_by.clone(),
        parent: if run.launched { Parent::Launcher } else { Parent::Nobody },
    };
    let watcher = watcher(run.heartbeat)?.map(Arc::new);
    let settings = app::Settings { home: home.clone(), config, contacts, began, descent, watcher };
    let ended = runtime.block_on(app::run(settings));
    #[cfg(feature = "faults")]
    crate::faults::end(&home.database()).context("damage the database")?;
    // Whatever still blocks a thread is not worth waiting for: all that counts has ended.
    runtime.shutdown_background();
    // A pid file that stays behind decides nothing.
    drop(std::fs::remove_file(home.pid_file()));
    match &ended {
        Ok(code) => tracing::info!(code = *code as u8, "ended"),
        Err(error) => tracing::error!(error = format!("{error:#}"), "ended"),
    }
    ended
}

/// Who watches this process: the launcher, if it says so. A service manager that cannot be told is no
/// reason not to run.
fn watcher(heartbeat: Option<Duration>) -> anyhow::Result<Option<Watcher>> {
    if let Some(silence) = heartbeat {
        let voice = Voice::of_stdout().context("speak to the launcher on standard output")?;
        return Ok(Some(Watcher::launcher(voice, silence)));
    }
    let socket = std::env::var_os(notify::SOCKET_VARIABLE);
    let watchdog = std::env::var_os(notify::WATCHDOG_VARIABLE);
    Ok(Watcher::manager(socket.as_deref(), watchdog.as_deref()).unwrap_or_else(|error| {
        tracing::warn!(%error, "the service manager cannot be told");
        None
    }))
}

/// Leaves the terminal and the folder it was started from.
pub(super) fn detach(home: &Path) -> anyhow::Result<()> {
    // Fails only for the leader of a process group, which has what this would give it, or was
    // started as it wants to be.
    let _ = rustix::process::setsid();
    std::env::set_current_dir(home).context("enter the home")
}

fn write_pid(path: &Path) -> std::io::Result<()> {
    // Made anew, because an old one could have other rights.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests;
