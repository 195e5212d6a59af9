//! The daemon's log: one line an event into `logs/daemon.log`, rotated, and onto the terminal
//! when the daemon runs in one. Message text, names and numbers are not logged by anyone; what
//! could carry them by accident, the text of a panic, is left out here.

use std::fs::File;
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

mod follow;
mod last_error;
mod rotated;

pub(crate) use follow::Follower;
pub(crate) use last_error::last_error;
pub(crate) use rotated::{RotatingFile, keep_last};

use crate::config::Level;
use crate::exit::{Code, Failure};

/// The variable that sets what is logged, above the configuration: a level, or directives such as
/// `info,claude_assistant::store=debug`.
pub(crate) const LOG_VARIABLE: &str = "CLAUDE_ASSISTANT_LOG";

/// A log is rotated at this size: it is read by people, with editors.
const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Rotated logs that are kept: with the one in use 60 MiB at most, weeks of an ordinary daemon.
const LOGS_KEPT: usize = 5;

/// A daemon's standard error is put aside at this size; it has next to nothing, but for one that
/// fails at every start.
const STDERR_BYTES_MAX: u64 = 1024 * 1024;

/// Opens what a process that is about to be started has as its standard error.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_stderr(path: &Path) -> std::io::Result<File> {
    rotated::open_bounded(path, STDERR_BYTES_MAX)
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    /// The variable holds no filter.
    #[error("{LOG_VARIABLE}: not a log filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The file cannot be opened.
    #[error("open the log: {0}")]
    File(#[from] std::io::Error),
    /// Somebody logs already in this process.
    #[error("begin to log: {0}")]
    Twice(#[from] TryInitError),
}

impl From<TelemetryError> for Failure {
    fn from(error: TelemetryError) -> Self {
        match &error {
            TelemetryError::Filter(_) => Self::new(Code::Usage, error.to_string()),
            TelemetryError::File(_) => Self::to(Code::Usage, &error),
            TelemetryError::Twice(_) => Self::to(Code::Bug, &error),
        }
    }
}

/// Keeps the log open; what is still buffered is written when it is dropped, which therefore
/// happens last.
#[derive(Debug)]
#[must_use = "the log ends when this is dropped"]
pub(crate) struct Guard {
    log: Log,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.log.with(RotatingFile::sync);
    }
}

/// Begins to log into `file`, and onto standard error if that is a terminal. `filter` is the value
/// of [`LOG_VARIABLE`], above `level` of the configuration.
///
/// # Errors
/// When the filter is none, or the file cannot be opened.
pub(crate) fn start(
    file: &Path,
    level: Level,
    filter: Option<&str>,
) -> Result<Guard, TelemetryError> {
    let filter = EnvFilter::try_new(filter.unwrap_or(level.as_str()))?;
    let log = Log::open(file)?;
    let to_file = fmt::layer().with_ansi(false).with_writer(log.clone());
    let to_terminal = std::io::stderr()
        .is_terminal()
        .then(|| fmt::layer().compact().with_ansi(false).with_writer(std::io::stderr));
    tracing_subscriber::registry()
        .with(to_file.and_then(to_terminal).with_filter(filter))
        .with(last_error::NoteErrors)
        .try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(Guard { log })
}

/// Logs where a panic happened. What it says is left out: a failed slice quotes the text it cut.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location();
    tracing::error!(
        file = place.map(std::panic::Location::file),
        line = place.map(std::panic::Location::line),
        thread = std::thread::current().name(),
        "panicked"
    );
}

/// The file, as the subscriber wants it: a writer for each event.
#[derive(Debug, Clone)]
struct Log {
    file: Arc<Mutex<RotatingFile>>,
}

impl Log {
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = RotatingFile::open(path, LOG_BYTES_MAX, LOGS_KEPT)?;
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }

    fn with<T>(&self, act: impl FnOnce(&mut RotatingFile) -> T) -> T {
        act(&mut self.file.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::io::Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.with(|file| file.append(line)).map(|()| line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests;
