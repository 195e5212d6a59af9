//! Turns: what the agent is doing, and what the end of a turn means for the rows it lists.

use std::collections::BTreeSet;

use crate::time::Monotonic;

/// The parts of a `result` that decide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TurnFacts {
    /// `is_error`. `subtype: "success"` says nothing: API errors carry it too.
    pub is_error: bool,
    /// `terminal_reason`, absent for commands run locally and prompts blocked by a hook.
    pub terminal_reason: Option<String>,
    /// `subtype`.
    pub subtype: String,
    /// HTTP status of the last API error.
    pub api_status: Option<u16>,
    /// Model calls of the turn.
    pub model_turns: u64,
}

/// What a turn's end means for the rows that its result lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnOutcome {
    /// They are answered.
    Answered,
    /// The turn was cut short.
    Interrupted,
    /// The other end of the agent failed or refuses us for now.
    Elsewhere(String),
    /// The conversation has no room for another turn.
    Full,
    /// The other end refuses the message itself.
    Permanent(String),
    /// It went wrong by itself.
    Failed(String),
}

/// Reads the end of a turn, by what was measured of the program (2.1.330).
pub fn classify(facts: &TurnFacts) -> TurnOutcome {
    let reason = facts.terminal_reason.as_deref();
    match (facts.is_error, reason) {
        (_, Some(cut)) if cut.starts_with("aborted_") => TurnOutcome::Interrupted,
        (false, Some("completed")) => TurnOutcome::Answered,
        (false, None) if facts.model_turns == 0 => {
            TurnOutcome::Permanent("blocked before the model".to_owned())
        }
        (false, _) => TurnOutcome::Failed(format!("ended as {}", reason.unwrap_or("nothing"))),
        (true, _) => classify_error(facts, reason),
    }
}

fn classify_error(facts: &TurnFacts, reason: Option<&str>) -> TurnOutcome {
    match (facts.api_status, reason) {
        (Some(status @ (400 | 413)), _) => TurnOutcome::Permanent(format!("api {status}")),
        // Mostly the conversation that is full, not the message that is too long.
        (_, Some("blocking_limit")) => TurnOutcome::Full,
        (_, Some("image_error")) => TurnOutcome::Permanent("attachment too large".to_owned()),
        (Some(status), _) => TurnOutcome::Elsewhere(format!("api {status}")),
        (None, Some("api_error")) => TurnOutcome::Elsewhere("api unreachable".to_owned()),
        (None, reason) => {
            TurnOutcome::Failed(format!("{} ({})", facts.subtype, reason.unwrap_or("no reason")))
        }
    }
}

/// What the agent says it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nothing is owed, background work included.
    Idle,
    /// A turn runs.
    Running,
    /// A turn waits for a permission.
    Asking,
}

/// The agent's side of a session, as its frames tell it.
#[derive(Debug)]
pub(super) struct Turn {
    activity: Activity,
    tasks: BTreeSet<String>,
    quiet_since: Monotonic,
}

impl Turn {
    /// Of an agent that has just come up.
    pub(super) fn new(now: Monotonic) -> Self {
        Self { activity: Activity::Idle, tasks: BTreeSet::new(), quiet_since: now }
    }

    pub(super) fn set(&mut self, now: Monotonic, activity: Activity) {
        self.activity = activity;
        self.quiet_since = now;
    }

    pub(super) fn set_tasks(&mut self, tasks: Vec<String>) {
        self.tasks = tasks.into_iter().collect();
    }

    /// Something happened: a message went in, a frame came out.
    pub(super) fn touch(&mut self, now: Monotonic) {
        self.quiet_since = now;
    }

    pub(super) fn activity(&self) -> Activity {
        self.activity
    }

    /// Background tasks alive, by id.
    pub(super) fn tasks(&self) -> &BTreeSet<String> {
        &self.tasks
    }

    /// Since when nothing happened.
    pub(super) fn quiet_since(&self) -> Monotonic {
        self.quiet_since
    }

    /// Whether nothing runs, background work included.
    pub(super) fn is_quiet(&self) -> bool {
        self.activity == Activity::Idle && self.tasks.is_empty()
    }
}

#[cfg(test)]
mod tests;
