//! What is said on the control socket: one request and one answer a connection, each a line of
//! JSON.
//!
//! ```text
//! → {"v":1,"verb":"inject","chat":"test:+15555550123","text":"...","admin":false}
//! ← {"ok":{"accepted":{"row":17}}}
//! ← {"error":{"kind":"not_found","message":"no session is called 9"}}
//! ```
//!
//! Keys that a side does not know are passed over, so that a command line one version older or
//! newer still talks to a daemon; [`VERSION`] changes only when that would be wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::question::{Peer, Question};
pub(crate) use super::refusal::{Refusal, RefusalKind};

mod status;

pub(crate) use status::{
    AgentStatus, Counts, HeldBy, LastError, SchemaStatus, SessionState, SessionStatus,
    SourceStatus, Status,
};

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// A text that is put in (`inject`, `send`) is at most this long: the bound of a test message.
pub(crate) const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The longest request: a text of [`TEXT_BYTES_MAX`] of which JSON escapes every byte as six
/// (`\u0001`), and room for the rest of the line.
pub(crate) const REQUEST_BYTES_MAX: usize = 6 * TEXT_BYTES_MAX + 64 * 1024;

/// The longest answer: a status of every session on record, at about 300 bytes each.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The longest that a restart may hold delivery without saying that it goes on. It asks again every
/// few seconds; one that takes longer than this to do so has died.
pub(crate) const LEASE_S_MAX: u64 = 60 * 60;

/// The longest that one `drain` may wait. Whoever wants to wait longer asks again.
pub(crate) const DRAIN_S_MAX: u64 = 10 * 60;

/// A request with its version, as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Envelope<Q = Request> {
    /// [`VERSION`] of the side that asks.
    pub v: u32,
    /// What is asked.
    #[serde(flatten)]
    pub request: Q,
}

/// What can be asked of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Does the loop answer?
    Ping,
    /// How is everything?
    Status,
    /// End, in order.
    Stop,
    /// Keep messages in the inbox from now on.
    Hold {
        /// Who wants that.
        #[serde(default, skip_serializing_if = "HeldBy::is_owner")]
        by: HeldBy,
        /// For a restart: how long without being asked again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lease_s: Option<u64>,
    },
    /// Deliver again, as far as this one is concerned.
    Release {
        /// Who wants that.
        #[serde(default, skip_serializing_if = "HeldBy::is_owner")]
        by: HeldBy,
    },
    /// Hold delivery for a restart, and wait until nothing is under way.
    Drain {
        /// How long to wait.
        within_s: u64,
        /// How long delivery stays held after the answer without being asked again.
        lease_s: u64,
        /// Put agents away that are at work, instead of waiting for them.
        #[serde(default)]
        interrupt: bool,
    },
    /// End one session's agent; its next message starts it again.
    KillSession {
        /// A session's row number, name, or chat.
        session: String,
    },
    /// End every agent; their sessions' next messages start them again.
    KillSessions,
    /// End one session's agent and start it again at once, or start it where there is none.
    RestartSession {
        /// A session's row number, name, or chat.
        session: String,
    },
    /// End and start every session that has an agent.
    RestartSessions,
    /// Put a message of the owner into a chat's session.
    Inject {
        /// A session's row number, name, or chat; or a chat that has written.
        chat: String,
        /// What is said.
        text: String,
        /// In whose name.
        #[serde(default)]
        admin: bool,
    },
    /// Send a text to a chat, past the agent.
    Send {
        /// A session's row number, name, or chat; or a chat that has written.
        chat: String,
        /// What is sent.
        text: String,
        /// The same key is sent once, however often it is asked for.
        key: String,
    },
    /// Restarts that were asked for from inside have ended: tell those who asked.
    RestartResults,
    /// Have the launcher carry out a gated restart. The only request that a process of an agent may
    /// make: it is its session's, whatever it says.
    SafeRestart,
}

impl Question for Request {
    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Inject { text, .. } | Self::Send { text, .. } if TEXT_BYTES_MAX < text.len() => {
                let message =
                    format!("the text has {} bytes, at most {TEXT_BYTES_MAX}", text.len());
                Err(Refusal::new(RefusalKind::Invalid, message))
            }
            _ => Ok(()),
        }
    }

    fn waits(&self) -> Duration {
        match self {
            Self::Drain { within_s, .. } => Duration::from_secs((*within_s).min(DRAIN_S_MAX)),
            _ => Duration::ZERO,
        }
    }

    fn is_for(&self, peer: Peer) -> bool {
        peer == Peer::Owner || *self == Self::SafeRestart
    }
}

impl Request {
    /// The owner's `hold`.
    #[cfg(test)]
    pub(crate) fn hold() -> Self {
        Self::Hold { by: HeldBy::Owner, lease_s: None }
    }

    /// The owner's `release`.
    #[cfg(test)]
    pub(crate) fn release() -> Self {
        Self::Release { by: HeldBy::Owner }
    }
}

/// What the daemon says, as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Response<A = Answer> {
    /// Done.
    Ok(A),
    /// Not done.
    Error(Refusal),
}

/// The answer to a request that was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It is done, or under way (`stop`).
    Done,
    /// How everything is.
    Status(Box<Status>),
    /// So many sessions' agents were ended or started.
    Sessions {
        /// Their number.
        count: u64,
    },
    /// How far a drain came.
    Drained(Drained),
    /// A restart is under way.
    RestartAsked {
        /// Its id.
        id: String,
    },
    /// A message stands in the inbox.
    Accepted {
        /// Its row.
        row: i64,
    },
    /// A text stands in the outbox.
    Queued {
        /// Its row.
        row: i64,
        /// How far it is: `queued`, `attempting`, `sent`, `unknown`, `failed`.
        state: String,
    },
}

/// How far a drain came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Drained {
    /// Nothing is under way: no agent works, starts or ends, and nothing waits to be sent.
    pub quiet: bool,
    /// The sessions whose agents work, start or end, by row number.
    pub busy: Vec<i64>,
    /// Texts that are queued or with their sender.
    pub unsent: u64,
    /// How long it took.
    pub waited_ms: u64,
}

#[cfg(test)]
mod tests;
