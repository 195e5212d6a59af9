//! A message on its way: what a source brings (an arrival) and how a row of the inbox is named.

use std::fmt;

use crate::chat::{ChatId, Source};
use crate::time::WallMs;

/// The number of a row in the inbox. Rows of one chat are delivered in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RowId(pub i64);

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where the file lies on this machine.
    pub path: String,
    /// Its type, when the source knows it (`image/heic`).
    pub mime: Option<String>,
    /// The name it was sent under.
    pub name: String,
    /// Its size, when it is known.
    pub bytes: Option<u64>,
}

/// The group a message was sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's own id, as its source names it.
    pub id: String,
    /// Its title, when it has one.
    pub name: Option<String>,
    /// Handles of everyone in it, as far as they are known.
    pub participants: Vec<String>,
}

/// One message as a source brings it, before anything has been decided about it.
///
/// `Debug` shows neither text nor sender nor names, because what is formatted for debugging ends
/// up in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Who brought it.
    pub source: Source,
    /// Unique per source: the same key is the same message.
    pub key: String,
    /// The conversation it belongs to.
    pub chat: ChatId,
    /// The handle of who wrote it.
    pub sender: String,
    /// What was written; empty for a message that is only attachments.
    pub text: String,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// The group it was sent to, if it was.
    pub group: Option<Group>,
    /// What was said, for an audio message that the source transcribed.
    pub transcription: Option<String>,
    /// The key of the message that this one answers.
    pub reply_to: Option<String>,
    /// When it was sent, by the sender's clock.
    pub sent_at: WallMs,
    /// When this machine saw it.
    pub seen_at: WallMs,
    /// Who speaks: a person, or the assistant's owner through the command line.
    pub voice: Voice,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("chat", &self.chat)
            .field("voice", &self.voice)
            .field("text_bytes", &self.text.len())
            .field("attachments", &self.attachments.len())
            .field("is_group", &self.group.is_some())
            .finish_non_exhaustive()
    }
}

/// In whose name a message is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Voice {
    /// A person wrote it; it is framed as their words.
    Person,
    /// The owner put it in from the command line; framed as a note.
    Note,
    /// The owner put it in with an admin's authority; a block that only code makes.
    Override,
}
