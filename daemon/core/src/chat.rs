//! Chats: addresses that messages come from and go to.

/// Where messages come from, and through which they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The Messages application of macOS.
    Imessage,
    /// Signal, through signal-cli.
    Signal,
    /// JSON files in the test-messages directory.
    Test,
}

/// The address of a conversation, normalised, with its source as prefix: `test:+15555550123`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(String);

/// An address that names no chat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read a chat: no known source before the colon")]
pub struct BadChat;

impl Source {
    /// The word before the colon of a chat.
    pub fn prefix(self) -> &'static str {
        match self {
            Source::Imessage => "imessage",
            Source::Signal => "signal",
            Source::Test => "test",
        }
    }

    /// The source that a prefix names.
    pub fn parse(prefix: &str) -> Option<Source> {
        [Source::Imessage, Source::Signal, Source::Test].into_iter().find(|s| s.prefix() == prefix)
    }
}

impl ChatId {
    /// Reads a chat.
    pub fn parse(text: &str) -> Result<ChatId, BadChat> {
        let (prefix, _) = text.split_once(':').ok_or(BadChat)?;
        Source::parse(prefix).map(|_| ChatId(text.to_owned())).ok_or(BadChat)
    }

    /// The source it belongs to.
    pub fn source(&self) -> Source {
        let (prefix, _) = self.0.split_once(':').expect("parsed");
        Source::parse(prefix).expect("parsed")
    }

    /// The chat as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
