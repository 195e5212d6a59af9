//! What makes a type something that can be asked on a socket, and who asks. Words for whoever serves
//! and whoever says what can be asked; neither has to know the other.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The owner, from a process of their own.
    Owner,
    /// The process of this id, which an agent has started, or which descends from one that it has.
    OfAgent(u32),
}

/// What can be asked on a socket.
pub(crate) trait Question: DeserializeOwned + Send + 'static {
    /// What its line alone does not say.
    ///
    /// # Errors
    /// When it cannot be right.
    fn check(&self) -> Result<(), Refusal>;

    /// How long its answer is to wait, beyond the time that answers take.
    fn waits(&self) -> Duration {
        Duration::ZERO
    }

    /// Who may ask it, of those who are let in.
    fn is_for(&self, peer: Peer) -> bool {
        peer == Peer::Owner
    }
}
