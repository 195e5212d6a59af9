//! The mark of an agent: by whom it was started, in its environment for everybody who asks later.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The variable that carries the mark.
pub(crate) const MARK_NAME: &str = "CLAUDE_ASSISTANT_AGENT";

/// One home of the assistant on this machine: a hash of its path. A copy of a home lies elsewhere
/// and so has another id; nothing inside a home could tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HomeId([u8; 8]);

impl HomeId {
    /// The id of the home at `canonical`, a path with every link resolved.
    pub(crate) fn of(canonical: &Path) -> Self {
        let hash = Sha256::digest(canonical.as_os_str().as_encoded_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        Self(id)
    }
}

impl fmt::Display for HomeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl FromStr for HomeId {
    type Err = MarkUnreadable;

    fn from_str(text: &str) -> Result<Self, MarkUnreadable> {
        let id = u64::from_str_radix(text, 16).map(|id| Self(id.to_be_bytes()));
        // Only what `Display` writes is one: no sign, no capitals, no other length.
        id.ok().filter(|id| id.to_string() == text).ok_or(MarkUnreadable)
    }
}

/// Which agent a process is, or was started by: `<home id>:<generation>:<session>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark {
    /// Whose agent.
    pub(crate) home: HomeId,
    /// Of which life of the daemon.
    pub(crate) generation: u64,
    /// For which row of `sessions`.
    pub(crate) session: i64,
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.home, self.generation, self.session)
    }
}

impl FromStr for Mark {
    type Err = MarkUnreadable;

    fn from_str(text: &str) -> Result<Self, MarkUnreadable> {
        let mut parts = text.split(':');
        let mut part = || parts.next().ok_or(MarkUnreadable);
        let mark = Self {
            home: part()?.parse()?,
            generation: part()?.parse().map_err(|_| MarkUnreadable)?,
            session: part()?.parse().map_err(|_| MarkUnreadable)?,
        };
        if mark.to_string() == text { Ok(mark) } else { Err(MarkUnreadable) }
    }
}

/// The text is not what a mark looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read a mark: it is not <home id>:<generation>:<session>")]
pub(crate) struct MarkUnreadable;
