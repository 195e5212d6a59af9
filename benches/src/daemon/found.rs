//! What the daemon wrote down about messages.

use rusqlite::Connection;

use super::{Moment, Trouble};

/// The rows of the inbox up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows(i64);

/// A row of the inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// How far it has come.
    pub state: String,
    /// Its session's row.
    pub session: Option<i64>,
    /// When it was decided about, in milliseconds since the Unix epoch. By then it was durable: the
    /// router reads what is committed.
    pub routed_at_ms: Option<f64>,
}

impl Rows {
    pub(super) fn last(database: &Connection) -> Result<Self, Trouble> {
        let last = "SELECT coalesce(max(row), 0) FROM inbox";
        Ok(Self(database.query_row(last, [], |row| row.get(0))?))
    }

    /// What came after these, in the order in which it was routed.
    pub(super) fn found(self, database: &Connection) -> Result<Vec<Found>, Trouble> {
        let mut statement = database.prepare_cached(
            "SELECT state, session, CAST(routed_at_ms AS REAL) FROM inbox WHERE row > ?1
             ORDER BY routed_at_ms, row",
        )?;
        let found = statement.query_map([self.0], |row| {
            Ok(Found { state: row.get(0)?, session: row.get(1)?, routed_at_ms: row.get(2)? })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

impl Found {
    /// How long after `since` the last of these was routed, and the longest time without one, the
    /// one before the first included; in milliseconds. Rows that nobody decided about do not count.
    pub fn routing(found: &[Self], since: Moment) -> (f64, f64) {
        let moments = found.iter().filter_map(|row| row.routed_at_ms);
        moments.fold((0.0, 0.0), |(last, gap), moment| {
            let after: f64 = moment - since.wall_ms;
            (after, gap.max(after - last))
        })
    }
}

#[cfg(test)]
mod tests;
