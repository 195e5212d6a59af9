//! Reads the database, which is there whether a daemon runs or not, and what was typed to name
//! something in it. What cannot be found or read is an end of the program with its exit code.

use std::error::Error;
use std::iter;

use assistant_core::chat::ChatId;

use super::Place;
use super::run::is_of_machine;
use crate::exit::{Code, Failure};
use crate::store::{OpenError, SessionRecord, StoreError, View};
use crate::typed;

/// The database, read-only; `None` if there is none yet.
pub(super) fn view(place: &Place) -> Result<Option<View>, Failure> {
    View::open(&place.home.database()).map_err(|error| unread(&error))
}

/// What is there and cannot be read is nobody's mistake in typing: 64 would say so to a program.
fn unread(error: &OpenError) -> Failure {
    Failure::to(code_of(error), error)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::to(code_of(&error), &error)
    }
}

/// Another look may find the machine well again.
fn code_of(error: &(dyn Error + 'static)) -> Code {
    let mut causes = iter::successors(Some(error), |cause| (*cause).source());
    if causes.any(is_of_machine) { Code::Busy } else { Code::Failed }
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

#[cfg(test)]
mod tests;
