//! How a session comes into being, and how long what it is told is remembered.

use super::action::Start;
use super::event::Hold;

/// How long a conversation lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversation {
    /// As long as its chat: an agent resumes what the one before it began.
    OfTheChat,
    /// As long as its agent: the next one knows nothing of it.
    OfTheAgent,
}

/// How a session comes into being.
#[derive(Debug, Clone, Copy)]
pub struct Beginning {
    /// How long its conversations last.
    pub conversation: Conversation,
    /// Whether there is a conversation to resume.
    pub start: Start,
    /// Whether delivery is held now.
    pub hold: Hold,
}

impl Beginning {
    /// What its first agent does.
    pub(super) fn start(self) -> Start {
        match self.conversation {
            Conversation::OfTheChat => self.start,
            Conversation::OfTheAgent => Start::Fresh,
        }
    }
}
