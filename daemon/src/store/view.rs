//! The second connection: reads the database while the daemon writes it, or when none runs. It
//! never writes and never keeps the writer from its work.

use std::path::Path;

use assistant_core::chat::ChatId;
use assistant_core::message::RowId;
use assistant_core::time::WallMs;
use rusqlite::{Connection, Row};

use super::columns::{self, Unreadable, plain};
#[cfg(test)]
use super::counts::{self, Counts};
use super::history::{self, HistoryEntry, HistoryPlace};
use super::open::{self, OpenError};
use super::order::{self, Deliveries};
use super::sessions::{self, SessionRecord};
use super::{Generation, StoreError};

/// A read-only connection.
#[derive(Debug)]
pub(crate) struct View {
    db: Connection,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Its number.
    pub(crate) row: RowId,
    /// Its chat.
    pub(crate) chat: ChatId,
    /// Why it was given up.
    pub(crate) reason: String,
    /// Attempts that counted against it.
    pub(crate) counted_attempts: u32,
    /// All attempts.
    pub(crate) deliveries: u32,
    /// When it came in.
    pub(crate) accepted_at: WallMs,
    /// When it was given up.
    pub(crate) failed_at: WallMs,
}

const DROPPED: &str = "
    SELECT row, chat, reason, accepted_at_ms, finished_at_ms,
        (SELECT count(*) FROM attempts WHERE attempts.row = inbox.row) AS deliveries,
        (SELECT sum(counted) FROM attempts WHERE attempts.row = inbox.row) AS counted_attempts
    FROM inbox WHERE state = 'failed'
    ORDER BY finished_at_ms, row";

impl View {
    /// Opens the database at a path; `None` if there is none yet.
    pub(crate) fn open(path: &Path) -> Result<Option<View>, OpenError> {
        Ok(open::open_for_reading(path)?.map(|db| View { db }))
    }

    /// Every session, by row.
    pub(crate) fn sessions(&self) -> Result<Vec<SessionRecord>, StoreError> {
        sessions::all(&self.db)
    }

    /// The last texts of a chat before a place (or at all), newest last.
    pub(crate) fn history(
        &self,
        chat: &ChatId,
        limit: u32,
        before: Option<HistoryPlace>,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        history::history(&self.db, chat, limit, before)
    }

    /// What a generation of the daemon has put before agents, and what of it out of its order.
    pub(crate) fn deliveries(&self, generation: Generation) -> Result<Deliveries, StoreError> {
        order::deliveries(&self.db, generation)
    }

    /// Every message that was given up, longest ago first.
    pub(crate) fn dropped(&self) -> Result<Vec<Dropped>, StoreError> {
        let mut statement = self.db.prepare_cached(DROPPED)?;
        columns::readable(statement.query([])?, "inbox", dropped)
    }

    /// How many messages are in which state.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> Result<Counts, StoreError> {
        counts::counts(&self.db)
    }
}

fn dropped(row: &Row<'_>) -> Result<Dropped, Unreadable> {
    Ok(Dropped {
        row: RowId(plain(row, "row")?),
        chat: columns::chat(row)?,
        reason: plain::<Option<String>>(row, "reason")?.unwrap_or_default(),
        counted_attempts: plain::<Option<u32>>(row, "counted_attempts")?.unwrap_or(0),
        deliveries: plain(row, "deliveries")?,
        accepted_at: WallMs(plain(row, "accepted_at_ms")?),
        failed_at: WallMs(plain(row, "finished_at_ms")?),
    })
}

#[cfg(test)]
mod tests;
