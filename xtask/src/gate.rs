//! What a missing precondition means: a loud skip here, an error where everything is checked.

use std::env;

use harness::exit_code::ExitCode;

use crate::steps::Outcome;

/// What a missing precondition means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// A loud skip: a developer may lack a tool.
    Open,
    /// An error: what is missing here was never checked.
    Closed,
}

impl Gate {
    /// Closed where `CI` is set to anything.
    pub(crate) fn from_environment() -> Self {
        if env::var_os("CI").is_some_and(|value| !value.is_empty()) {
            Self::Closed
        } else {
            Self::Open
        }
    }

    /// The outcome of a step whose precondition is missing.
    pub(crate) fn missing(self, what: &str) -> Outcome {
        eprintln!("MISSING: {what}");
        match self {
            Self::Open => Outcome::Skipped(what.to_owned()),
            Self::Closed => Outcome::Failed(ExitCode::PreconditionMissing),
        }
    }
}
