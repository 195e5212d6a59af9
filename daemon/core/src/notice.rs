//! What the daemon itself says to people: a closed list. No agent writes these, and nothing that
//! people or agents wrote stands in them, so no notice can carry somebody else's words.

/// Something that people are told by the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// What became of the restart that this chat asked for.
    Restart(RestartEnd),
}

/// How a restart that was asked for came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartEnd {
    /// The new version runs.
    Done,
    /// Its tests found something.
    Tests,
    /// It could not be built.
    Build,
    /// It failed on a copy of the database.
    Candidate,
    /// Somebody's turn did not end in time.
    Busy,
    /// It ran, and the version before it runs again.
    RolledBack,
    /// It ran, and going back failed as well.
    Lost,
    /// Something that a restart needs is not there, or there is nothing new.
    Missing,
    /// Another restart was going on.
    Locked,
    /// Nobody knows.
    Unknown,
}

impl RestartEnd {
    /// By the number that the command of a restart ended with; `None` where it was killed.
    pub fn of_exit_code(code: Option<i32>) -> Self {
        match code {
            Some(0 | 10) => Self::Done,
            Some(20 | 21 | 30 | 31) => Self::Tests,
            Some(22) => Self::Build,
            Some(23) => Self::Candidate,
            Some(24) => Self::Busy,
            Some(25) => Self::RolledBack,
            Some(26) => Self::Lost,
            Some(40 | 41) => Self::Missing,
            Some(50) => Self::Locked,
            _ => Self::Unknown,
        }
    }
}

impl Notice {
    /// What the person reads.
    pub fn text(self) -> &'static str {
        match self {
            Self::Restart(RestartEnd::Done) => "The restart is done: the new version runs.",
            Self::Restart(RestartEnd::Tests) => {
                "The restart was not done: the tests found something. Nothing has changed."
            }
            Self::Restart(RestartEnd::Build) => {
                "The restart was not done: the new version does not build. Nothing has changed."
            }
            Self::Restart(RestartEnd::Candidate) => {
                "The restart was not done: the new version failed its trial. Nothing has changed."
            }
            Self::Restart(RestartEnd::Busy) => {
                "The restart was not done: something was still running. Nothing has changed."
            }
            Self::Restart(RestartEnd::RolledBack) => {
                "The restart was taken back: the new version did not do well, and the one before \
                 runs again."
            }
            Self::Restart(RestartEnd::Lost) => {
                "The restart went wrong, and going back did too. The owner was alerted."
            }
            Self::Restart(RestartEnd::Missing) => {
                "The restart was not done: there is nothing new, or something is missing for it. \
                 Nothing has changed."
            }
            Self::Restart(RestartEnd::Locked) => {
                "The restart was not done: another one was going on."
            }
            Self::Restart(RestartEnd::Unknown) => {
                "The restart came to an end that nobody saw. The logs on the machine say more."
            }
        }
    }
}

#[cfg(test)]
mod tests;
