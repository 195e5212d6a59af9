//! What goes wrong around a measurement.

use harness::binaries::MissingProgram;
use harness::sandbox::SandboxError;

use super::looks::PATIENCE;
use crate::scenario::NoValues;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A program was not built.
    #[error(transparent)]
    NotBuilt(#[from] MissingProgram),
    /// The home, or the life of the daemon in it.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
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
    /// A sample before this one went wrong, and took the home with it.
    #[error("find the home of a sample that went wrong")]
    NoHome,
    /// It did not happen.
    #[error("see {what} within {} s", PATIENCE.as_secs())]
    TooLong {
        /// What was waited for.
        what: &'static str,
    },
}

impl From<Trouble> for NoValues {
    fn from(trouble: Trouble) -> Self {
        Self::Failed(Box::new(trouble))
    }
}
