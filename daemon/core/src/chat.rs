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
