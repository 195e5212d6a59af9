//! Attempts: one delivery of one row to one agent, and what may become of it.

use crate::message::RowId;

/// Names an attempt within one session machine. The driver keeps the UUID that stands for it on
/// the wire and in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptNo(pub u64);

/// Whether a row was put before an agent earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Never.
    First,
    /// It was, and nothing says that it was answered: the frame says so.
    Again,
}

/// What the agent is told about its memory beside a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Nothing to say.
    Kept,
    /// The earlier conversation could not be resumed.
    Lost,
}

/// One row to put before the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Names the attempt from now on.
    pub attempt: AttemptNo,
    /// The row.
    pub row: RowId,
    /// Whether its frame is marked as a redelivery.
    pub delivery: Delivery,
    /// Whether its frame says that the agent's memory begins here.
    pub memory: Memory,
}

/// How an attempt ended that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The turn that carried it failed.
    TurnFailed,
    /// The agent ended under it.
    AgentEnded,
    /// We cut the turn, or took the message back.
    Interrupted,
    /// The program forgot it.
    Forgotten,
}

/// Whether an attempt counts towards giving the row up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// The row was alone in it and it went wrong by itself.
    Yes,
    /// Something else may have been the reason.
    No,
}

/// Why a row is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Three counted attempts ended badly.
    Poison,
    /// The other end refuses this very message, and always will.
    Permanent(String),
}

impl Failure {
    /// The reason as it stands in the store and is shown to the owner.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Poison => "poison",
            Self::Permanent(reason) => reason,
        }
    }
}

/// What to make durable about attempts, in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Attempts whose rows are answered.
    pub answered: Vec<AttemptNo>,
    /// Attempts that ended otherwise; their rows stay owed unless listed in `failed`.
    pub closed: Vec<(AttemptNo, Closed, Counted)>,
    /// Rows given up.
    pub failed: Vec<(RowId, Failure)>,
}

impl Settlement {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.answered.is_empty() && self.closed.is_empty() && self.failed.is_empty()
    }
}
