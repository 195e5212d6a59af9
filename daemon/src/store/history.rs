//! The history of a chat: what came in and what went out, merged by the time it became durable.
//!
//! That is our own clock on both sides; the sender's clock may be wrong by days.

use std::fmt;
use std::str::FromStr;

use assistant_core::chat::ChatId;
use assistant_core::message::Attachment;
use assistant_core::time::WallMs;
use rusqlite::{Connection, Row};

use super::StoreError;
use super::columns::{self, Unreadable, plain};
use super::inbox::RowState;
use super::outbox::OutgoingState;

/// Which way a text went. At the same moment what came in stands before what went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Direction {
    /// To us.
    In,
    /// From us.
    Out,
}

/// A place in the history of a chat, by which the next page is asked for. As text:
/// `1700000000000-in-17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HistoryPlace {
    at: WallMs,
    direction: Direction,
    row: i64,
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HistoryState {
    /// It came in.
    In(RowState),
    /// It went out, or was to.
    Out(OutgoingState),
}

/// One text of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    /// Where it stands.
    pub(crate) place: HistoryPlace,
    /// Who wrote it; `None` for the assistant.
    pub(crate) sender: Option<String>,
    /// The whole text.
    pub(crate) text: String,
    /// What was said, for an audio message.
    pub(crate) transcription: Option<String>,
    /// Files with it.
    pub(crate) attachments: Vec<Attachment>,
    /// What became of it.
    pub(crate) state: HistoryState,
}

/// A text that names no place in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read a place in the history: it looks like 1700000000000-in-17")]
pub(crate) struct BadPlace;

impl HistoryPlace {
    /// When the text became durable.
    pub(crate) fn at(self) -> WallMs {
        self.at
    }

    /// Which way it went.
    pub(crate) fn direction(self) -> Direction {
        self.direction
    }

    /// The first (time, row) of one direction that is not before this place.
    fn bound(self, direction: Direction) -> (i64, i64) {
        match direction.cmp(&self.direction) {
            std::cmp::Ordering::Less => (self.at.0, i64::MAX),
            std::cmp::Ordering::Equal => (self.at.0, self.row),
            std::cmp::Ordering::Greater => (self.at.0, i64::MIN),
        }
    }
}

impl fmt::Display for HistoryPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        write!(f, "{}-{direction}-{}", self.at.0, self.row)
    }
}

impl FromStr for HistoryPlace {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<HistoryPlace, BadPlace> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().ok_or(BadPlace);
        let at = part()?.parse().map(WallMs).map_err(|_| BadPlace)?;
        let direction = match part()? {
            "in" => Direction::In,
            "out" => Direction::Out,
            _ => return Err(BadPlace),
        };
        let row = part()?.parse().map_err(|_| BadPlace)?;
        Ok(HistoryPlace { at, direction, row })
    }
}

const CAME_IN: &str = "
    SELECT row, accepted_at_ms, sender, text, transcription, attachments, state FROM inbox
    WHERE chat = ?1 AND (accepted_at_ms, row) < (?2, ?3)
    ORDER BY accepted_at_ms DESC, row DESC LIMIT ?4";
const WENT_OUT: &str = "
    SELECT row, created_at_ms, text, attachments, state FROM outbox
    WHERE chat = ?1 AND (created_at_ms, row) < (?2, ?3)
    ORDER BY created_at_ms DESC, row DESC LIMIT ?4";

/// The last texts of a chat before a place (or at all), newest last.
pub(super) fn history(
    db: &Connection,
    chat: &ChatId,
    limit: u32,
    before: Option<HistoryPlace>,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let bound = |direction| before.map_or((i64::MAX, i64::MAX), |place| place.bound(direction));
    let (at, row) = bound(Direction::In);
    let mut came_in = db.prepare_cached(CAME_IN)?;
    let rows = came_in.query((chat.as_str(), at, row, limit))?;
    let mut entries = columns::readable(rows, "inbox", came_in_entry)?;

    let (at, row) = bound(Direction::Out);
    let mut went_out = db.prepare_cached(WENT_OUT)?;
    let rows = went_out.query((chat.as_str(), at, row, limit))?;
    entries.extend(columns::readable(rows, "outbox", went_out_entry)?);

    entries.sort_by_key(|entry| entry.place);
    let older = entries.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(entries.split_off(older))
}

fn came_in_entry(row: &Row<'_>) -> Result<HistoryEntry, Unreadable> {
    let at = WallMs(plain(row, "accepted_at_ms")?);
    Ok(HistoryEntry {
        place: HistoryPlace { at, direction: Direction::In, row: plain(row, "row")? },
        sender: Some(plain(row, "sender")?),
        text: plain(row, "text")?,
        transcription: plain(row, "transcription")?,
        attachments: columns::attachments(row)?,
        state: HistoryState::In(columns::word(row, "state", RowState::parse)?),
    })
}

fn went_out_entry(row: &Row<'_>) -> Result<HistoryEntry, Unreadable> {
    let at = WallMs(plain(row, "created_at_ms")?);
    Ok(HistoryEntry {
        place: HistoryPlace { at, direction: Direction::Out, row: plain(row, "row")? },
        sender: None,
        text: plain(row, "text")?,
        transcription: None,
        attachments: columns::attachments(row)?,
        state: HistoryState::Out(columns::word(row, "state", OutgoingState::parse)?),
    })
}

#[cfg(test)]
mod tests;
