//! What can be asked of the launcher, and what it answers; lines as on the control socket.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control::protocol::Refusal;
use crate::control::question::Question;
use crate::slots::request::Initiator;
use crate::slots::{Pending, SlotName, Standing};

/// What can be asked of the launcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub(crate) enum Request {
    /// How is everything?
    Status,
    /// Announce a restart into another slot.
    Arm {
        /// The restart's id.
        id: String,
        /// The slot.
        target: SlotName,
        /// How long it may run unconfirmed.
        confirm_timeout_ms: u64,
        /// Who carries the restart out.
        runner_pid: u32,
        /// The backup of the database that was made for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backup: Option<PathBuf>,
    },
    /// Go there.
    Switch {
        /// The restart's id.
        id: String,
    },
    /// Stay there.
    Confirm {
        /// The restart's id.
        id: String,
        /// That says nothing of the target.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unproven: bool,
    },
    /// Forget what was announced.
    Disarm {
        /// The restart's id.
        id: String,
    },
    /// Go back.
    RollBack {
        /// The restart's id.
        id: String,
        /// Why.
        why: String,
        /// That says nothing of the target.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blameless: bool,
    },
    /// Go to a slot that is known to be good.
    RollBackTo {
        /// The slot.
        slot: SlotName,
    },
    /// Stop the daemon and start it again.
    Restart,
    /// Stop the daemon, and end.
    Stop,
    /// Never start a slot again.
    MarkBad {
        /// The slot.
        slot: SlotName,
        /// Why.
        why: String,
    },
    /// Have a gated restart carried out.
    #[serde(rename = "request")]
    Ask {
        /// Who asks.
        initiator: Initiator,
    },
}

impl Question for Request {
    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// What was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It is done, or under way (`stop`).
    Done,
    /// How everything is.
    Status(Box<Status>),
    /// A daemon runs in the slot that was wanted.
    Up(Up),
    /// The restart went back, and the daemon before runs.
    RolledBack(RolledBack),
    /// A gated restart is under way.
    Requested {
        /// Its id.
        id: String,
    },
}

/// How everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// The launcher's process id.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// The slot that runs, starts or ends.
    pub slot: Option<SlotName>,
    /// The daemon, if there is one.
    pub daemon: Option<Daemon>,
    /// The restart under way.
    pub pending: Option<Pending>,
    /// `running`, `stopping`, `starting`, `waiting`, `rolling_back`.
    pub state: String,
    /// How long it waits before it tries again.
    pub waits_ms: Option<u64>,
    /// Crashes that are not forgotten yet.
    pub crashes: usize,
    /// Every slot, the oldest first.
    pub slots: Vec<Slot>,
    /// The last restart that went back.
    pub rolled_back: Option<RolledBack>,
}

/// The daemon as its launcher sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Daemon {
    /// Its process id.
    pub pid: u32,
    /// Its generation, once it has said so.
    pub generation: Option<i64>,
    /// Whether it serves.
    pub ready: bool,
    /// Since it was started.
    pub up_ms: u64,
    /// Since it last said that it is well.
    pub last_beat_ago_ms: Option<u64>,
}

/// A slot in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slot {
    /// Its name.
    pub name: SlotName,
    /// What is known of it.
    pub standing: Option<Standing>,
    /// Why.
    pub why: Option<String>,
}

/// A daemon that was started as it was wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Up {
    /// Its slot.
    pub slot: SlotName,
    /// Its process id.
    pub pid: u32,
    /// Its generation.
    pub generation: i64,
    /// How long it took to be ready.
    pub ready_ms: u64,
    /// How the one before ended; absent where there was none.
    pub stop: Option<Stopped>,
    /// From the beginning of that end until this one was ready.
    pub gap_ms: u64,
}

/// How a daemon ended that was told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stopped {
    /// How long it took.
    pub elapsed_ms: u64,
    /// Whether it had to be killed.
    pub killed: bool,
}

/// A restart that went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RolledBack {
    /// Its id.
    pub id: String,
    /// Where it was to go.
    pub target: SlotName,
    /// Why it did not.
    pub why: String,
    /// When (RFC 3339, UTC).
    pub at: String,
}

/// A time as answers say it.
pub(super) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
