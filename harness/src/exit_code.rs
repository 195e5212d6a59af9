//! How a command of the project ends: one list of numbers for all of them.
//!
//! The daemon's own binary has its own, smaller list; these are for the workflow around it.

use serde::{Deserialize, Serialize};

/// The outcome of a command, as the number its process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[repr(u8)]
pub enum ExitCode {
    /// Everything that was asked for holds.
    Pass = 0,
    /// Warnings, and the caller asked to treat them as failures.
    Warnings = 10,
    /// A test failed, or a measured value got worse.
    Failed = 20,
    /// A value that allows no tolerance is off: something lost, doubled, reordered or left over.
    InvariantBroken = 21,
    /// Something did not compile.
    BuildFailed = 22,
    /// The candidate of a restart did not hold up on a copy of the database.
    CandidateFailed = 23,
    /// Running turns did not end before the deadline of a drain.
    NotDrained = 24,
    /// The new daemon failed its checks and the previous one runs again.
    RolledBack = 25,
    /// Neither the new daemon nor the previous one runs: a person is needed.
    RollbackFailed = 26,
    /// The measurement is too noisy to say anything; never a pass.
    Inconclusive = 30,
    /// There is nothing to compare with, though that was asked for: no older build can be found or
    /// built.
    NoReference = 31,
    /// A file that was to be read breaks its format.
    FileInvalid = 32,
    /// The selection was empty; never a pass.
    NothingSelected = 33,
    /// Something the command needs is not on this machine.
    PreconditionMissing = 40,
    /// The same where that is no failure: nothing was tried. Never a pass.
    Skipped = 41,
    /// Another run holds the lock.
    Locked = 50,
    /// The command line makes no sense (the number `sysexits.h` gives it, as the daemon does).
    BadUsage = 64,
}

impl ExitCode {
    /// Every outcome, in the order of its number.
    pub const ALL: [Self; 17] = [
        Self::Pass,
        Self::Warnings,
        Self::Failed,
        Self::InvariantBroken,
        Self::BuildFailed,
        Self::CandidateFailed,
        Self::NotDrained,
        Self::RolledBack,
        Self::RollbackFailed,
        Self::Inconclusive,
        Self::NoReference,
        Self::FileInvalid,
        Self::NothingSelected,
        Self::PreconditionMissing,
        Self::Skipped,
        Self::Locked,
        Self::BadUsage,
    ];

    /// The number the process ends with.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The outcome with this number, if there is one: for reading how a child command ended.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| i32::from(code.number()) == number)
    }

    /// What the outcome means, as a fragment for a summary line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warnings => "warnings",
            Self::Failed => "failed",
            Self::InvariantBroken => "an exact invariant is broken",
            Self::BuildFailed => "build failed",
            Self::CandidateFailed => "candidate failed",
            Self::NotDrained => "not drained",
            Self::RolledBack => "rolled back",
            Self::RollbackFailed => "rollback failed",
            Self::Inconclusive => "inconclusive",
            Self::NoReference => "no reference",
            Self::FileInvalid => "a file is invalid",
            Self::NothingSelected => "nothing selected",
            Self::PreconditionMissing => "a precondition is missing",
            Self::Skipped => "skipped",
            Self::Locked => "locked by another run",
            Self::BadUsage => "bad usage",
        }
    }
}

impl From<ExitCode> for u8 {
    fn from(code: ExitCode) -> Self {
        code.number()
    }
}

/// A number that is no outcome of a command of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read the exit code {0}: it means nothing here")]
pub struct NoSuchCode(pub u8);

impl TryFrom<u8> for ExitCode {
    type Error = NoSuchCode;

    fn try_from(number: u8) -> Result<Self, NoSuchCode> {
        Self::from_number(i32::from(number)).ok_or(NoSuchCode(number))
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests;
