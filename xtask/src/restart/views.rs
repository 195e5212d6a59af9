//! What the daemon's program says of itself and of the launcher, as far as a restart looks at it.
//!
//! Read leniently: a newer program says more, an older one less.

use serde::Deserialize;

/// `status --json`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) version: String,
    pub(super) pid: u32,
    pub(super) generation: i64,
    pub(super) slot: Option<String>,
    pub(super) held_by: Vec<String>,
    pub(super) unsent: u64,
    pub(super) rss_bytes: u64,
    pub(super) sessions: Vec<Session>,
    pub(super) counts: Counts,
    pub(super) last_error: Option<LastError>,
    pub(super) schema: Option<Schema>,
}

/// One of its sessions.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Session {
    pub(super) row: i64,
    pub(super) chat: String,
    pub(super) state: String,
    /// Messages that are not finished, as far as the session knows of them.
    pub(super) queue: u64,
}

/// Messages by how far they came.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) delivered: u64,
}

/// What went wrong last.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct LastError {
    pub(super) at: String,
    pub(super) what: String,
}

/// Of the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(default)]
pub(super) struct Schema {
    pub(super) version: i64,
    pub(super) min_reader: i64,
}

/// `version --json`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Version {
    pub(super) version: String,
    pub(super) schema: Schema,
}

/// `launcher status --json`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Launcher {
    pub(super) pid: u32,
    pub(super) slot: Option<String>,
    pub(super) daemon: Option<Child>,
    pub(super) pending: Option<Pending>,
    pub(super) state: String,
    pub(super) slots: Vec<Marked>,
}

/// The daemon below it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Child {
    pub(super) pid: u32,
    /// Once it has said so.
    pub(super) generation: Option<i64>,
    pub(super) ready: bool,
}

/// A restart that it knows of.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Pending {
    pub(super) id: String,
    pub(super) target: String,
    pub(super) previous: String,
    pub(super) phase: String,
}

/// A slot, as it is marked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Marked {
    pub(super) name: String,
    pub(super) standing: Option<String>,
}

/// `launcher switch --json`, one way or the other.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Switch {
    pub(super) pid: u32,
    pub(super) generation: i64,
    /// None where nothing ran before.
    pub(super) stop: Option<Stop>,
    pub(super) gap_ms: u64,
    pub(super) rolled_back: Option<RolledBack>,
}

/// How the old daemon ended.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Stop {
    pub(super) elapsed_ms: u64,
    pub(super) killed: bool,
}

/// Why the launcher went back.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RolledBack {
    pub(super) why: String,
}

/// `drain --json`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Drained {
    pub(super) quiet: bool,
    pub(super) busy: Vec<i64>,
    pub(super) unsent: u64,
}

/// `deliveries --json`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Deliveries {
    pub(super) delivered: u64,
    pub(super) overtaken: Vec<Overtaken>,
}

/// A message that a later one of its session came before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Overtaken {
    pub(super) session: i64,
    pub(super) row: i64,
}

/// `candidate --json`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Candidate {
    pub(super) steps: Vec<CandidateStep>,
    pub(super) failed: Option<String>,
}

/// One thing that a candidate did.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct CandidateStep {
    pub(super) name: String,
    pub(super) elapsed_ms: u64,
}

/// The chat of the harness, which passes a hold and is nobody's turn.
const HARNESS_CHAT: &str = "test:harness";

impl Status {
    /// Whether delivery is held for a restart.
    pub(super) fn is_held_by_restart(&self) -> bool {
        self.held_by.iter().any(|holder| holder == "restart")
    }

    /// Whether its owner holds delivery, which a restart changes nothing of.
    pub(super) fn is_held_by_owner(&self) -> bool {
        self.held_by.iter().any(|holder| holder == "owner")
    }

    fn people(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(|session| session.chat != HARNESS_CHAT)
    }

    /// Whether a session of people does something.
    pub(super) fn is_busy(&self) -> bool {
        self.people().any(Session::is_at_work)
    }

    /// Whether nobody is busy, and nothing is on its way out. A message that was delivered and that
    /// nobody works at is no reason to wait: it waits for its session, however long that takes.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy() && self.unsent == 0
    }
}

impl Session {
    /// Whether an agent is at it, or about to be.
    pub(super) fn is_at_work(&self) -> bool {
        ["starting", "busy", "closing"].contains(&self.state.as_str())
    }
}

impl Launcher {
    /// How a slot is marked.
    pub(super) fn is_good(&self, slot: &str) -> bool {
        let marked = self.slots.iter().find(|marked| marked.name == slot);
        marked.is_some_and(|marked| marked.standing.as_deref() == Some("good"))
    }
}

#[cfg(test)]
mod tests;
