//! Reads the database, which is there whether a daemon runs or not, and what was typed to name
//! something in it. What cannot be found is an end of the program with its exit code.

use assistant_core::chat::ChatId;

use super::Place;
use crate::exit::{Code, Failure};
use crate::store::{SessionRecord, StoreError, View};
use crate::typed;

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
    typed::chat(text).map_err(|error| Failure::new(Code::Usage, format!("failed to {error}")))
}

/// The session that is meant by what was typed.
pub(super) fn session<'a>(
    sessions: &'a [SessionRecord],
    text: &str,
) -> Result<&'a SessionRecord, Failure> {
    typed::session(sessions, text).map_err(|none| Failure::new(Code::Failed, none.to_string()))
}
