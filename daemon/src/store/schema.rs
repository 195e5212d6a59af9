//! What the database looks like, and how an older one becomes today's.
//!
//! Migrations only add: a program that knows schema *n* reads every later one whose `min_reader`
//! is at most *n*. A step is never edited once released; the next one is appended. `row` is the
//! number of a row in its table and is never used twice.

use assistant_core::time::WallMs;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::{Deserialize, Serialize};

/// The schema this program writes: the number of steps in [`MIGRATIONS`].
pub(super) const SCHEMA_VERSION: i64 = 1;

/// The oldest program that can read what this one writes.
pub(super) const MIN_READER: i64 = 1;

/// The number of the last run of the daemon, in `meta`.
pub(super) const GENERATION: &str = "generation";

/// Whether the owner holds delivery (1) or not (0, or nothing at all), in `meta`.
pub(super) const HELD: &str = "held";

/// The steps from an empty file to today's schema, in order.
const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql")];

/// What a database looks like, or what a program makes of one; and who can read it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schema {
    /// Its schema.
    pub(crate) version: i64,
    /// The oldest schema whose program may read it.
    pub(crate) min_reader: i64,
}

impl Schema {
    /// What this program writes.
    pub(crate) const OF_THIS_PROGRAM: Self =
        Self { version: SCHEMA_VERSION, min_reader: MIN_READER };
}

/// A number in `meta`, if the table holds it.
pub(super) fn meta(db: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Writes a number to `meta`.
pub(super) fn set_meta(db: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
        .execute((name, value))?;
    Ok(())
}

/// Takes the database to today's schema, in one transaction. A newer one stays as it is.
pub(super) fn migrate(db: &mut Connection, now: WallMs) -> rusqlite::Result<()> {
    let found = if is_blank(db)? { 0 } else { meta(db, "schema_version")?.unwrap_or(0) };
    if SCHEMA_VERSION <= found {
        return Ok(());
    }
    let steps = MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0));
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    set_meta(&transaction, "schema_version", SCHEMA_VERSION)?;
    set_meta(&transaction, "min_reader", MIN_READER)?;
    if found == 0 {
        set_meta(&transaction, "created_at_ms", now.0)?;
        set_meta(&transaction, GENERATION, 0)?;
    }
    transaction.commit()
}

/// Nothing has been made in it yet.
pub(super) fn is_blank(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

#[cfg(test)]
mod tests;
