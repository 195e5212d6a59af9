//! Cursors: how far each source has been read. A cursor moves in the transaction of the rows that
//! were read, so that it is never ahead of them.

use assistant_core::chat::Source;
use assistant_core::time::WallMs;
use rusqlite::Connection;
#[cfg(test)]
use rusqlite::OptionalExtension as _;

use super::StoreError;

/// Where a source stands after a batch. What the value means is the source's own affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CursorUpdate {
    /// The source.
    pub(crate) source: Source,
    /// Its new position.
    pub(crate) value: String,
}

const MOVE: &str = "
    INSERT INTO cursors (source, value, updated_at_ms) VALUES (?1, ?2, ?3)
    ON CONFLICT (source) DO UPDATE SET value = excluded.value, updated_at_ms = excluded.updated_at_ms";
#[cfg(test)]
const READ: &str = "SELECT value FROM cursors WHERE source = ?1";

/// Moves a cursor.
pub(super) fn advance(
    db: &Connection,
    cursor: &CursorUpdate,
    at: WallMs,
) -> Result<(), StoreError> {
    db.prepare_cached(MOVE)?.execute((cursor.source.prefix(), &cursor.value, at.0))?;
    Ok(())
}

/// Where a source stands, if it was ever read.
#[cfg(test)]
pub(super) fn read(db: &Connection, source: Source) -> Result<Option<String>, StoreError> {
    Ok(db.prepare_cached(READ)?.query_row([source.prefix()], |row| row.get(0)).optional()?)
}
