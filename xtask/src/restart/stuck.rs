//! What is stuck, before a restart and after it: only what is worse than it was speaks against a
//! target. What it left lying is no evidence, nor that nobody is answered where it answered nobody either:
//! the agents' API may be away. Tier 4 is told which sessions were down, and passes over what goes wrong
//! with them.
//!
//! ```text
//! messages that are not finished
//!   ├─ of a session at work: they come when its turn ends
//!   ├─ of one that is given up, waits or rests: they wait there
//!   ├─ while the owner holds delivery: all wait for the owner
//!   └─ the others are stuck ── as many were before the hold? ──> no backlog
//! ```

use std::collections::BTreeMap;

use super::views::{Session, Status};

/// What was stuck just before the restart's hold, as far as another hold let it be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stuck {
    /// Messages that nobody worked at.
    messages: u64,
    /// By their rows, the sessions that could not go on.
    pub(super) down: BTreeMap<i64, Down>,
    /// Whether the daemon did not answer its built-in contact before anything was held.
    pub(super) is_mute: bool,
}

/// Why a session could not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Down {
    /// It was given up.
    GivenUp,
    /// It waited before it tried again, with an agent or without.
    Trying,
}

impl Stuck {
    /// What this daemon leaves lying, after what was seen of it before. What waits while a restart holds
    /// delivery waits for that; but who is down is so all the same, and says so for as long as nothing
    /// makes it try again.
    pub(super) fn of(status: &Status, before: &Self) -> Self {
        let sessions = status.sessions.iter();
        let down = sessions.filter_map(|session| Some((session.row, down(session)?)));
        if !status.is_held_by_restart() {
            let down = down.collect();
            return Self { messages: left_lying(status), down, ..before.clone() };
        }
        let mut all = before.clone();
        all.down.extend(down);
        all
    }

    /// Whether what waited is with its agents, and what they said is out; what was stuck before may
    /// be so still.
    pub(super) fn is_settled(&self, status: &Status) -> bool {
        let is_taken = status.is_held_by_owner() || left_lying(status) <= self.messages;
        is_taken && status.unsent == 0
    }

    /// What there is to say of a daemon that has settled.
    pub(super) fn remark(status: &Status) -> String {
        let left = unfinished(status);
        if status.is_held_by_owner() && 0 < left {
            return format!("the owner holds {left} messages, which wait for them");
        }
        match left_lying(status) {
            0 => "nothing waits any more".to_owned(),
            left => format!("{left} messages wait, no more than did so before"),
        }
    }

    /// What there is to say of one that has not.
    pub(super) fn complaint(&self, status: &Status) -> String {
        let before = match self.messages {
            0 => String::new(),
            messages => format!(", where {messages} messages did before"),
        };
        format!("{} messages and {} replies still wait{before}", left_lying(status), status.unsent)
    }
}

/// Messages that are not finished.
const fn unfinished(status: &Status) -> u64 {
    status.counts.accepted + status.counts.delivered
}

/// Those of them that are not with a session at work, nor with one that has to wait.
fn left_lying(status: &Status) -> u64 {
    let explained = |session: &&Session| session.is_at_work() || down(session).is_some();
    let explained: u64 = status.sessions.iter().filter(explained).map(|it| it.queue).sum();
    unfinished(status).saturating_sub(explained)
}

/// Whether it cannot go on. One that rests has an agent, whose turn failed.
fn down(session: &Session) -> Option<Down> {
    match session.state.as_str() {
        "dead" => Some(Down::GivenUp),
        "waiting" | "resting" => Some(Down::Trying),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
