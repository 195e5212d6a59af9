//! The answer to `status`. A key that is missing has its empty value, so that both sides may be of
//! different versions.

use serde::{Deserialize, Serialize};

use crate::store::Schema;

/// How everything is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// The program's version.
    pub version: String,
    /// How often a daemon started on this home, this one included.
    pub generation: i64,
    /// The daemon's process id.
    pub pid: u32,
    /// How long it is up.
    pub uptime_s: u64,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// The slot of the program that runs, if it was started from one.
    pub slot: Option<String>,
    /// Whether messages are kept in the inbox.
    pub held: bool,
    /// Who wants that.
    pub held_by: Vec<HeldBy>,
    /// The database's form that this program writes.
    pub schema: Schema,
    /// Tasks of its runtime that are alive.
    pub tasks_alive: u64,
    /// Its resident memory.
    pub rss_bytes: u64,
    /// The program that answers.
    pub agent: AgentStatus,
    /// Where messages come from.
    pub sources: Vec<SourceStatus>,
    /// Every session on record.
    pub sessions: Vec<SessionStatus>,
    /// Messages by how far they came, since the database began.
    pub counts: Counts,
    /// Texts of the outbox that are queued or with their sender.
    pub unsent: u64,
    /// Why the contacts in use are not those of the file, if they are not.
    pub contacts_error: Option<String>,
    /// What went wrong last.
    pub last_error: Option<LastError>,
}

/// On whose account messages are kept in the inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HeldBy {
    /// The owner's: until the owner releases them, over any restart.
    #[default]
    Owner,
    /// A restart's: until it is over, or says nothing any more.
    Restart,
    /// Somebody's that this version does not know.
    #[serde(other)]
    Other,
}

impl HeldBy {
    /// Whether it is the one that is meant where none is named.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(crate) fn is_owner(&self) -> bool {
        *self == Self::Owner
    }
}

/// The program that answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AgentStatus {
    /// Where it was found.
    pub program: String,
    /// Its version, as it reported it; empty before an agent was started.
    pub version: String,
}

/// One source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SourceStatus {
    /// `imessage`, `signal`, `test`.
    pub name: String,
    /// Whether it is configured.
    pub enabled: bool,
    /// Whether the system reports changes; else they are found by polling alone.
    pub watching: bool,
    /// How long ago it last looked, successfully.
    pub last_poll_ago_ms: Option<u64>,
    /// Messages brought since the daemon started.
    pub seen: u64,
    /// What it could not take since the daemon started.
    pub errors: u64,
    /// Messages in the inbox that are not finished.
    pub backlog: u64,
    /// The age of the oldest of them.
    pub oldest_unfinished_age_s: Option<u64>,
}

/// One session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SessionStatus {
    /// Its row number, by which logs name it.
    pub row: i64,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub contact: String,
    /// Their tier.
    pub tier: String,
    /// Its chat.
    pub chat: String,
    /// Where it is in its life.
    pub state: SessionState,
    /// Turns since the daemon started.
    pub turns: u64,
    /// Messages that wait for its agent.
    pub queue: u64,
    /// How long ago anything happened in it.
    pub last_activity_ago_s: Option<u64>,
    /// Its agent's process id, while it has one.
    pub agent_pid: Option<u32>,
    /// The agent's own name of the session, by which it is resumed.
    pub agent_session: Option<String>,
}

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionState {
    /// Its agent is about to be ready.
    Starting,
    /// Nothing is owed.
    Idle,
    /// Its turn failed; its agent does nothing before it is tried again.
    Resting,
    /// A turn runs.
    Busy,
    /// It has no agent, and waits before it tries again.
    Waiting,
    /// Its agent is being ended.
    Closing,
    /// It has no agent; the next message starts one.
    #[default]
    Asleep,
    /// It failed too often and is left alone.
    Dead,
    /// A state that this version does not know.
    #[serde(other)]
    Other,
}

/// Messages of the inbox by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    /// Durable, not yet delivered.
    pub accepted: u64,
    /// With an agent.
    pub delivered: u64,
    /// Answered.
    pub answered: u64,
    /// From somebody without a session.
    pub refused: u64,
    /// Not for the assistant.
    pub ignored: u64,
    /// Given up.
    pub failed: u64,
}

/// What went wrong last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LastError {
    /// When (RFC 3339, UTC).
    pub at: String,
    /// What, and why; without message text.
    pub what: String,
    /// The row of the session that it is about, if it is about one.
    pub session: Option<i64>,
}
