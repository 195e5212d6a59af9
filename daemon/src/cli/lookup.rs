//! Finds what was typed in the database, which is read whether a daemon runs or not: a session by
//! its number, name or chat.

use assistant_core::chat::{ChatId, Source};

use super::Place;
use crate::exit::{Code, Failure};
use crate::store::{SessionRecord, StoreError, View};

/// Whose a bare address is that somebody types: only test messages come in so far.
const SOURCE_TYPED: Source = Source::Test;

/// The database, read-only; `None` if there is none yet.
pub(super) fn view(place: &Place) -> Result<Option<View>, Failure> {
    View::open(&place.home.database()).map_err(|error| Failure::to(Code::Usage, &error))
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Code::Failed, format!("failed to {error}"))
    }
}

/// A chat as it was typed.
pub(super) fn typed_chat(text: &str) -> Result<ChatId, Failure> {
    ChatId::from_typed(text, SOURCE_TYPED)
        .map_err(|error| Failure::new(Code::Usage, format!("failed to {error}")))
}

/// The session that is meant: a number first, then a chat, then a name that only one has.
pub(super) fn session<'a>(
    sessions: &'a [SessionRecord],
    typed: &str,
) -> Result<&'a SessionRecord, Failure> {
    let chat = ChatId::from_typed(typed, SOURCE_TYPED).ok();
    let by_row = sessions.iter().find(|session| session.row.0.to_string() == typed);
    let found =
        by_row.or_else(|| sessions.iter().find(|session| Some(&session.chat) == chat.as_ref()));
    if let Some(found) = found {
        return Ok(found);
    }
    let mut named = sessions.iter().filter(|session| session.facts.name == typed);
    match (named.next(), named.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => {
            Err(Failure::new(Code::Failed, format!("several sessions are called {typed}")))
        }
        (None, _) => Err(Failure::new(Code::Failed, format!("no session is called {typed}"))),
    }
}
