//! A gated restart that is under way, as the launcher keeps it. As long as this file stands, nobody
//! has said that the new slot is well: a launcher that begins and finds it goes back.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::SlotName;

/// What stands in `pending.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The restart's id.
    pub id: String,
    /// Where it goes.
    pub target: SlotName,
    /// Where it goes back to.
    pub previous: SlotName,
    /// The generation of the daemon before, 0 where none ran.
    #[serde(default)]
    pub generation: i64,
    /// How far it is.
    pub phase: Phase,
    /// How often the target was started.
    #[serde(default)]
    pub tries: u32,
    /// Since when (RFC 3339, UTC).
    pub armed_at: String,
    /// How long the target may run unconfirmed.
    #[serde(rename = "confirm_timeout_ms")]
    confirm_ms: u64,
    /// Who carries it out.
    pub runner_pid: Option<u32>,
    /// What takes the database's place if that is found damaged on the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<PathBuf>,
}

/// How far a restart is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Announced; nothing has happened.
    Armed,
    /// The target was started, or is about to be.
    Started,
    /// It goes back.
    RollingBack,
}

/// Who restarts what, for [`Pending::armed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arming {
    /// The restart's id.
    pub id: String,
    /// Where it goes.
    pub target: SlotName,
    /// Where it goes back to.
    pub previous: SlotName,
    /// How long the target may run unconfirmed.
    pub confirm_timeout: Duration,
    /// Who carries it out.
    pub runner_pid: Option<u32>,
    /// The backup of the database that was made for it.
    pub backup: Option<PathBuf>,
}

impl Pending {
    /// A restart that is only announced, while the daemon of `generation` runs.
    pub(crate) fn armed(arming: Arming, generation: i64) -> Self {
        Self {
            id: arming.id,
            target: arming.target,
            previous: arming.previous,
            generation,
            phase: Phase::Armed,
            tries: 0,
            armed_at: super::now(),
            confirm_ms: u64::try_from(arming.confirm_timeout.as_millis()).unwrap_or(u64::MAX),
            runner_pid: arming.runner_pid,
            backup: arming.backup,
        }
    }

    /// How long the target may run unconfirmed.
    pub(crate) fn confirm_timeout(&self) -> Duration {
        Duration::from_millis(self.confirm_ms)
    }
}
