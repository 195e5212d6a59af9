//! What a session wants done, as plain data.

use super::attempt::{Delivered, Failure, Settlement};
use super::closing::ClosingStep;
use crate::message::RowId;
use crate::time::Deadline;

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ask the store for rows after this one, at most so many.
    Fetch(RowId, usize),
    /// Ask the roster for room for an agent.
    AskSlot,
    /// The agent's room is free again.
    ReleaseSlot,
    /// Start the agent.
    Launch(Start),
    /// Make these attempts durable, then write them to the agent, in order.
    Deliver(Vec<Delivered>),
    /// Make the fate of these attempts durable.
    Settle(Settlement),
    /// A step of the agent's end.
    Close(ClosingStep),
    /// Something the owner should be able to see.
    Report(Report),
    /// The session is over. Nothing follows.
    End,
}

/// How an agent begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With a new conversation.
    Fresh,
    /// With the conversation it had.
    Resume,
}

/// What the owner may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Three errors in a row: the agent is not started for a while.
    Dead,
    /// Revived too often: not before this moment.
    CircuitOpen(Deadline),
    /// The conversation could not be resumed.
    MemoryLost,
    /// The conversation is full: another one begins.
    ConversationFull,
    /// A turn failed; the rest is what the program said of it, never message text.
    TurnFailed(String),
    /// A turn was not served: the network, the API, or a limit.
    TurnNotServed(String),
    /// A row was given up.
    Dropped(RowId, Failure),
}
