//! Orders for what starts programs on this system: its command, looked up in `PATH`, with a deadline.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::cli::print::one_line;
use crate::exit::{Code, Failure};
use crate::service::Init;

/// How long a command may take that stops nothing: it may wait until a daemon is ready.
pub(super) const COMMAND_MAX: Duration = Duration::from_secs(90);

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum OrderError {
    /// There is no such command.
    #[error("run {}: it is not in PATH", init.program())]
    Missing {
        /// Whose command.
        init: Init,
    },
    /// The command could not be run.
    #[error("run {command}: {source}")]
    Run {
        /// With its arguments.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// The command took too long, and was ended.
    #[error("run {command}: not done within {} s", limit.as_secs())]
    Late {
        /// With its arguments.
        command: String,
        /// How long it had.
        limit: Duration,
    },
    /// What was to be forgotten is still there.
    #[error("have {} forget what ran: it is not done within {} s", init.program(), limit.as_secs())]
    Stays {
        /// Whose command.
        init: Init,
        /// How long it had.
        limit: Duration,
    },
    /// The command said no.
    #[error("run {command}: {status}: {said}")]
    Refused {
        /// With its arguments.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last line that it said.
        said: String,
    },
}

impl OrderError {
    /// What the command said no with.
    pub(super) fn code(&self) -> Option<i32> {
        match self {
            Self::Refused { status, .. } => status.code(),
            Self::Missing { .. } | Self::Run { .. } | Self::Late { .. } | Self::Stays { .. } => {
                None
            }
        }
    }

    /// The one in an error that says that there is no such command.
    pub(in crate::cli) fn missing_in(error: &anyhow::Error) -> Option<Self> {
        match error.downcast_ref() {
            Some(Self::Missing { init }) => Some(Self::Missing { init: *init }),
            _ => None,
        }
    }

    /// What to do now that the files are there.
    pub(in crate::cli) fn after_install(self, file: &Path) -> Failure {
        let file = file.display();
        let advice = match &self {
            Self::Missing { init } => format!(
                "{file} is written, but nothing here reads it: claude-assistant start runs the \
                 launcher by hand ({} comes with another system)",
                init.program()
            ),
            _ => format!("{file} is written: mend the cause and install again"),
        };
        Failure::new(Code::Failed, format!("failed to {self}\n  {advice}"))
    }

    /// What to do now that the files are gone.
    pub(in crate::cli) fn after_uninstall(&self) -> Failure {
        let advice = "the files are removed; what still runs ends with claude-assistant stop";
        Failure::new(Code::Failed, format!("failed to {self}\n  {advice}"))
    }
}

/// Has a command carried out.
pub(super) async fn order(init: Init, words: &[String], limit: Duration) -> Result<(), OrderError> {
    let Output { status, stderr, .. } = run(init, words, limit).await?;
    if status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&stderr);
    let said = stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(OrderError::Refused { command: typed(init, words), status, said: one_line(said) })
}

/// Whether a command succeeds.
pub(super) async fn ask(init: Init, words: &[String]) -> Result<bool, OrderError> {
    Ok(run(init, words, COMMAND_MAX).await?.status.success())
}

/// What a command tells; nothing if it says no.
pub(super) async fn read(init: Init, words: &[String]) -> Result<String, OrderError> {
    let Output { status, stdout, .. } = run(init, words, COMMAND_MAX).await?;
    let told = String::from_utf8_lossy(&stdout);
    Ok(if status.success() { told.into_owned() } else { String::new() })
}

async fn run(init: Init, words: &[String], limit: Duration) -> Result<Output, OrderError> {
    let output =
        Command::new(init.program()).args(words).stdin(Stdio::null()).kill_on_drop(true).output();
    match timeout(limit, output).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            Err(OrderError::Missing { init })
        }
        Ok(Err(source)) => Err(OrderError::Run { command: typed(init, words), source }),
        Err(_) => Err(OrderError::Late { command: typed(init, words), limit }),
    }
}

/// A command as a person would type it.
pub(super) fn typed(init: Init, words: &[String]) -> String {
    format!("{} {}", init.program(), words.join(" "))
}
