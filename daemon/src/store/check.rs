//! Looks through a database for somebody who wants to know whether a program could run on it.

use std::path::Path;

use assistant_core::time::WallMs;
use rusqlite::Connection;

use super::open::{self, OpenError};
use super::schema::{self, Schema};

/// Looks through a database that a daemon may have open; `None` if there is none. Changes nothing.
pub(crate) fn check_in_place(path: &Path) -> Result<Option<Schema>, OpenError> {
    open::check_in_place(path)?.map(|db| schema_of(path, &db)).transpose()
}

/// Opens a database for writing as a daemon would, which brings an older one to the schema of this
/// program, looks through it, and closes it. Nobody else may have it open.
pub(crate) fn check_open(path: &Path, now: WallMs) -> Result<Schema, OpenError> {
    let db = open::open_checked(path, now)?;
    let found = schema_of(path, &db)?;
    db.close().map_err(|(_, error)| open::sql_error(path, error))?;
    Ok(found)
}

fn schema_of(path: &Path, db: &Connection) -> Result<Schema, OpenError> {
    let number = |name| schema::meta(db, name).map_err(|error| open::sql_error(path, error));
    let version = number("schema_version")?.unwrap_or_default();
    Ok(Schema { version, min_reader: number("min_reader")?.unwrap_or_default() })
}

#[cfg(test)]
mod tests;
