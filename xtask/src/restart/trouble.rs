//! Why an action of a restart came to nothing.

use std::time::Duration;

use harness::exit_code::ExitCode;
use harness::restart::machine::{Blame, Failure};

/// What an action gives.
pub(super) type Result<T> = std::result::Result<T, Trouble>;

/// Why it gives nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It says no, or could not be done.
    #[error("{why}")]
    Refused {
        /// The exit code, where it is not that of the step.
        code: Option<ExitCode>,
        /// Why, as it stands in the report.
        why: String,
        /// Whether the target, if that is what was asked, is to blame.
        blame: Blame,
    },
    /// It took longer than it may.
    #[error("it took too long")]
    Late,
    /// Something that it asked for took longer than that may.
    #[error("{asked} gave no answer within {} s", seconds(*.limit))]
    Unanswered {
        /// The words of the verb.
        asked: String,
        /// How long was waited for it.
        limit: Duration,
    },
    /// What was asked depends on the world outside, which did not do its part.
    #[error("{0}")]
    Undecided(String),
    /// Somebody wants the restart to end.
    #[error("it was interrupted")]
    Interrupted,
}

impl Trouble {
    /// A refusal with the exit code of its step, which says nothing of the target.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { code: None, why: why.into(), blame: Blame::Nobody }
    }

    /// A target that was asked, and does not do what it should.
    pub(super) fn of_target(why: impl Into<String>) -> Self {
        Self::Refused { code: None, why: why.into(), blame: Blame::Target }
    }

    /// A refusal with an exit code of its own.
    pub(super) fn with(code: ExitCode, why: impl Into<String>) -> Self {
        Self::Refused { code: Some(code), why: why.into(), blame: Blame::Nobody }
    }

    /// The exit code, where it is not that of the step.
    pub(super) const fn code(&self) -> Option<ExitCode> {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Late | Self::Unanswered { .. } | Self::Undecided(_) | Self::Interrupted => None,
        }
    }

    /// Whether nothing was learnt but that the time was over.
    pub(super) const fn is_late(&self) -> bool {
        matches!(self, Self::Late | Self::Unanswered { .. })
    }

    /// Whether who was asked has given no good answer, whoever's fault that is.
    pub(super) const fn is_silence(&self) -> bool {
        let is_no = matches!(self, Self::Refused { blame: Blame::Target, .. });
        is_no || self.is_late() || matches!(self, Self::Undecided(_))
    }

    /// As the machine is told of it.
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::Refused { code, why, blame } => Failure { code, why, blame },
            other => Failure { code: None, why: other.to_string(), blame: Blame::Nobody },
        }
    }
}

/// `15`, or `9.9` of what is left of a longer time.
fn seconds(limit: Duration) -> String {
    let decimals = usize::from(limit.subsec_nanos() != 0);
    format!("{:.decimals$}", limit.as_secs_f64())
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::refused(format!("failed to {error:#}"))
    }
}

#[cfg(test)]
mod tests;
