//! What a person types to name a chat or a session. It means the same wherever it is typed: in a
//! command that reads the database by itself, and in a request to the daemon.

use assistant_core::chat::{BadChat, ChatId, Source};

use crate::store::SessionRecord;

/// Whose a bare address is: only test messages come in so far.
const SOURCE_TYPED: Source = Source::Test;

/// Why what was typed names no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSession {
    /// It is a name that more than one has.
    #[error("several sessions are called {typed}: name one by its number")]
    Several {
        /// What was typed.
        typed: String,
    },
    /// It is nothing that we know.
    #[error("no session is called {typed}")]
    Unknown {
        /// What was typed.
        typed: String,
    },
}

/// The chat that is meant, in any spelling; a bare address is a test chat's.
pub(crate) fn chat(typed: &str) -> Result<ChatId, BadChat> {
    ChatId::from_typed(typed, SOURCE_TYPED)
}

/// The session that is meant: by its number first, then by its chat, then by a name that only one
/// has.
pub(crate) fn session<'a>(
    records: &'a [SessionRecord],
    typed: &str,
) -> Result<&'a SessionRecord, NoSession> {
    let by_row = records.iter().find(|record| record.row.0.to_string() == typed);
    let by_chat = || {
        let chat = chat(typed).ok()?;
        records.iter().find(|record| record.chat == chat)
    };
    if let Some(record) = by_row.or_else(by_chat) {
        return Ok(record);
    }
    let mut named = records.iter().filter(|record| record.facts.name == typed);
    match (named.next(), named.next()) {
        (Some(record), None) => Ok(record),
        (Some(_), Some(_)) => Err(NoSession::Several { typed: typed.to_owned() }),
        (None, _) => Err(NoSession::Unknown { typed: typed.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
