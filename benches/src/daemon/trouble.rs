//! What goes wrong around a measurement.

use harness::binaries::MissingProgram;
use harness::command::RunError;
use harness::sandbox::SandboxError;

use super::PATIENCE;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A program was not built.
    #[error(transparent)]
    NotBuilt(#[from] MissingProgram),
    /// The home, or the life of the daemon in it.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A command of the program did not come to its end.
    #[error(transparent)]
    Command(#[from] RunError),
    /// A file, or a process.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database of the daemon.
    #[error("read the daemon's database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The daemon did not behave.
    #[error("{what}")]
    Unexpected {
        /// How.
        what: String,
    },
    /// It did not happen.
    #[error("see {what} within {} s", PATIENCE.as_secs())]
    TooLong {
        /// What was waited for.
        what: &'static str,
    },
}
