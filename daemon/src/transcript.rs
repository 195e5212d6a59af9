//! What happened in a session, for its owner to read: `transcripts/<session>.jsonl`, one object a
//! line with the moment, the event and its fields. Message text stands here, which is why the file
//! is private and not the log.
//!
//! ```text
//! {"at":"2026-01-01T10:00:00.123Z","event":"IN","row":17,"text":"hi"}
//! ```

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::telemetry::RotatingFile;

mod pretty;

pub(crate) use pretty::{pretty, shown};

/// A transcript is rotated at this size.
const TRANSCRIPT_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Rotated transcripts that are kept, besides the one in use.
const TRANSCRIPTS_KEPT: usize = 5;

/// Something that happened in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Event {
    /// The session has an agent.
    SessionStart {
        /// The agent's process id.
        agent_pid: u32,
        /// The agent's own name of the session.
        agent_session: String,
        /// Whether it goes on with what it knew.
        resumed: bool,
    },
    /// A message went to the agent.
    In {
        /// The row of the inbox.
        row: i64,
        /// Under which attempt.
        attempt: String,
        /// The text as the agent reads it, frame included.
        text: String,
    },
    /// A text went out to the chat.
    Out {
        /// The row of the outbox.
        row: i64,
        /// What was sent.
        text: String,
    },
    /// The agent used a tool.
    ToolUse {
        /// Which.
        tool: String,
        /// The agent's id of this use.
        id: String,
        /// What for.
        input: Value,
    },
    /// A use of a tool was decided about.
    Permission {
        /// Which tool.
        tool: String,
        /// The agent's id of this use.
        id: String,
        /// `allow` or `deny`.
        verdict: String,
        /// Why.
        reason: String,
        /// What it was asked for.
        input: Value,
    },
    /// A turn ended.
    Turn {
        /// Attempts that its result covers.
        attempts: Vec<String>,
        /// How it ended, in the agent's word (`success`, ...).
        outcome: String,
        /// Whether it failed.
        failed: bool,
        /// How long it took, where the agent says so.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        duration_ms: Option<u64>,
        /// What the conversation has cost so far in dollars, resumed parts included, where the
        /// agent says so.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cost_usd_total: Option<f64>,
        /// What the agent said at its end, which nobody was sent.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        text: String,
    },
    /// Something went wrong.
    Error {
        /// What.
        what: String,
        /// Where.
        #[serde(skip_serializing_if = "Cause::is_own", default)]
        cause: Cause,
    },
    /// The session's agent is gone.
    SessionStop {
        /// Why.
        reason: String,
    },
}

impl Event {
    /// Something that went wrong here.
    pub(crate) fn error(what: impl Into<String>) -> Self {
        Self::Error { what: what.into(), cause: Cause::Own }
    }
}

/// Where something went wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// Here, or in the message.
    #[default]
    Own,
    /// In the network, the API, or by a limit: nothing here can help it.
    Outside,
}

impl Cause {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    const fn is_own(&self) -> bool {
        matches!(self, Self::Own)
    }
}

/// An event with its moment: one line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// When (RFC 3339, UTC, to the millisecond).
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// The transcript of one session, open for writing.
#[derive(Debug)]
pub(crate) struct Transcript {
    path: PathBuf,
    file: RotatingFile,
    /// A full disk is said once, not once an event.
    failing: bool,
}

impl Transcript {
    /// Opens the file for appending, or makes it.
    ///
    /// # Errors
    /// When it cannot be opened or made private.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = RotatingFile::open(path, TRANSCRIPT_BYTES_MAX, TRANSCRIPTS_KEPT)?;
        Ok(Self { path: path.to_owned(), file, failing: false })
    }

    /// Writes an event down. A session goes on when that fails; the log says so.
    pub(crate) fn record(&mut self, event: Event) {
        let at = format!("{:.3}", Timestamp::now());
        match self.write(&Entry { at, event }) {
            Ok(()) => self.failing = false,
            Err(error) if !self.failing => {
                self.failing = true;
                tracing::error!(path = %self.path.display(), %error, "transcript not written");
            }
            Err(_) => {}
        }
    }

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.append(&line)
    }
}

#[cfg(test)]
mod tests;
