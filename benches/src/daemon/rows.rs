//! What the daemon wrote down about messages.

use rusqlite::Connection;

use super::{Moment, Trouble};

/// The rows of the inbox up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows(i64);

impl Rows {
    pub(super) fn last(database: &Connection) -> Result<Self, Trouble> {
        let last = "SELECT coalesce(max(row), 0) FROM inbox";
        Ok(Self(database.query_row(last, [], |row| row.get(0))?))
    }

    /// How many of those that came after these have been decided about.
    pub(super) fn routed(self, database: &Connection) -> Result<usize, Trouble> {
        self.count(database, "SELECT 1 FROM inbox WHERE row > ?1 AND routed_at_ms IS NOT NULL")
    }

    /// How many of those that came after these are answered.
    pub(super) fn answered(self, database: &Connection) -> Result<usize, Trouble> {
        self.count(database, "SELECT 1 FROM inbox WHERE row > ?1 AND state = 'answered'")
    }

    /// When each of those that came after these was decided about, in milliseconds since the Unix
    /// epoch and in that order. By then it was durable: the router reads what is committed.
    pub(super) fn routed_at_ms(self, database: &Connection) -> Result<Vec<f64>, Trouble> {
        let mut statement = database.prepare_cached(
            "SELECT CAST(routed_at_ms AS REAL) FROM inbox
             WHERE row > ?1 AND routed_at_ms IS NOT NULL ORDER BY routed_at_ms, row",
        )?;
        let moments = statement.query_map([self.0], |row| row.get(0))?;
        Ok(moments.collect::<rusqlite::Result<_>>()?)
    }

    fn count(self, database: &Connection, rows: &'static str) -> Result<usize, Trouble> {
        let mut statement = database.prepare_cached(rows)?;
        let mut found = statement.query([self.0])?;
        let mut count = 0;
        while found.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// How long after `since` the last of these moments was, and the longest time without one, the one
/// before the first included; in milliseconds.
pub fn last_and_gap(routed_at_ms: &[f64], since: Moment) -> (f64, f64) {
    routed_at_ms.iter().fold((0.0, 0.0), |(last, gap), moment| {
        let after: f64 = moment - since.wall_ms;
        (after, gap.max(after - last))
    })
}

#[cfg(test)]
mod tests;
