//! How the program ends: the exit codes, and errors that choose one.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use rustix::io::Errno;

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
    /// Later may work: somebody else holds what is needed, or the machine has trouble (no room, no
    /// memory, a disk that does not read or write).
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

impl Code {
    /// For what the system said: `Denied` where that is its word, else `otherwise`.
    pub(crate) fn of_io(error: &io::Error, otherwise: Self) -> Self {
        if error.kind() == io::ErrorKind::PermissionDenied { Self::Denied } else { otherwise }
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

    /// The failure of something that an error tells in a fragment (`open x: ...`). Where the system
    /// denied it, the code is `Denied` whatever else it would be.
    pub(crate) fn to(code: Code, error: &(dyn Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |cause| (*cause).source());
        let code = causes.find_map(denied).unwrap_or(code);
        Self::new(code, format!("failed to {error}"))
    }
}

/// The code for an error: that of the first [`Failure`] in its chain, else `Denied` where the
/// system denied it, else `Failed`.
pub(crate) fn code_of(error: &anyhow::Error) -> Code {
    match failure_in(error) {
        Some(failure) => failure.code,
        None => error.chain().find_map(denied).unwrap_or(Code::Failed),
    }
}

/// Whether the system says that the machine has trouble which is not of this program's making: no
/// room, no memory, too many files or processes, a disk that does not read or write.
pub(crate) fn is_of_machine(error: &io::Error) -> bool {
    let numbers = [Errno::MFILE, Errno::NFILE, Errno::IO, Errno::NOMEM, Errno::AGAIN, Errno::DQUOT];
    let said = error.raw_os_error();
    let number = numbers.iter().any(|number| said == Some(number.raw_os_error()));
    number || matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::ReadOnlyFilesystem)
}

/// The line for an error: a [`Failure`] is one already, everything else is a fragment.
pub(crate) fn line_of(error: &anyhow::Error) -> String {
    match failure_in(error) {
        Some(_) => format!("{error:#}"),
        None => format!("failed to {error:#}"),
    }
}

fn failure_in(error: &anyhow::Error) -> Option<&Failure> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

fn denied(cause: &(dyn Error + 'static)) -> Option<Code> {
    let said: &io::Error = cause.downcast_ref()?;
    (said.kind() == io::ErrorKind::PermissionDenied).then_some(Code::Denied)
}

#[cfg(test)]
mod tests;
