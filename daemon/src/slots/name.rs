//! The name of a slot: `<time>-<commit>` for a build of the workflow, `<time>-install` for what
//! `install` made. Names sort by age.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name; one of ours has 29 characters.
const NAME_CHARS_MAX: usize = 64;

/// What else stands in the folder of slots.
const RESERVED: [&str; 2] = ["current", "marks"];

/// How the time in a name is written, in UTC.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Hexadecimal digits of a commit that a name shows.
const COMMIT_DIGITS: usize = 12;

/// The name of a slot, safe as the name of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SlotName(String);

/// A text that is no name of a slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {0:?} as the name of a slot: 1 to 64 of 0-9 A-Z a-z . _ - and none at the front")]
pub(crate) struct NoName(pub(crate) String);

impl SlotName {
    /// The name of what is built now from a commit, or without one installed.
    pub(crate) fn now(commit: Option<&str>) -> Self {
        let time = jiff::Timestamp::now().strftime(TIME).to_string();
        let origin: String = commit.unwrap_or("install").chars().take(COMMIT_DIGITS).collect();
        Self(format!("{time}-{origin}"))
    }

    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SlotName {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let good = (1..=NAME_CHARS_MAX).contains(&text.len())
            && text.chars().all(plain)
            && !text.starts_with(['.', '-'])
            && !RESERVED.contains(&text);
        if good { Ok(Self(text.to_owned())) } else { Err(NoName(text.to_owned())) }
    }
}

impl TryFrom<String> for SlotName {
    type Error = NoName;

    fn try_from(text: String) -> Result<Self, NoName> {
        text.parse()
    }
}

impl From<SlotName> for String {
    fn from(name: SlotName) -> Self {
        name.0
    }
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
