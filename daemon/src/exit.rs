//! How the program ends: the exit codes, and errors that choose one.

use std::process::ExitCode;

/// The exit codes of the program, as sysexits.h numbers them where it has a word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Done as asked.
    Done = 0,
    /// Tried, and failed.
    Failed = 1,
    /// Typed or configured wrongly; nothing was touched.
    Usage = 64,
    /// No daemon answers.
    Unreachable = 69,
    /// A defect of the program itself.
    Bug = 70,
    /// Somebody else holds what is needed; later may work.
    Busy = 75,
    /// Not allowed.
    Denied = 77,
    /// Ended by a second signal, without finishing.
    Aborted = 130,
}

impl Code {
    /// The code that another run of this program ended with, `Failed` for any number not ours.
    pub(crate) fn of_status(status: i32) -> Self {
        [
            Self::Done,
            Self::Usage,
            Self::Unreachable,
            Self::Bug,
            Self::Busy,
            Self::Denied,
            Self::Aborted,
        ]
        .into_iter()
        .find(|code| *code as i32 == status)
        .unwrap_or(Self::Failed)
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// An error that knows how the program ends because of it. Its text is shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// What the program ends with.
    pub code: Code,
    /// One line for a person.
    pub message: String,
}

impl Failure {
    /// A failure with its line.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The code for an error: that of the first [`Failure`] in its chain, else `Failed`.
pub(crate) fn code_of(error: &anyhow::Error) -> Code {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>())
        .map_or(Code::Failed, |failure| failure.code)
}

#[cfg(test)]
mod tests;
