//! Whether messages reached their agents in the order in which they came, told from what is written
//! down of attempts: for a restart, which looks at it once what waited has been delivered.
//!
//! A session's rows are numbered in the order in which they came. A generation of the daemon begins
//! with each of them once, and that first attempt may never come before that of an earlier row. Later
//! attempts are redeliveries, which follow rules of their own.
//!
//! Which attempt came first is told by the outbox, whose rows only ever become more, whatever a clock
//! says. Attempts between which nothing was written there are told apart by when they began, which is
//! never written down as before the one before ([`super::attempts::Beginnings`]): a clock that was set
//! back makes them one moment, and nobody is accused on its word.

use std::collections::BTreeMap;

use assistant_core::message::RowId;
use assistant_core::time::WallMs;
use rusqlite::{Connection, Row};

use super::columns::{self, Unreadable, plain};
use super::{Generation, SessionRow, StoreError};

/// How many rows back are looked at. What a restart delivers is among the newest.
const ROWS_LOOKED_AT: i64 = 10_000;

/// What a generation has put before agents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deliveries {
    /// How many rows.
    pub(crate) rows: u64,
    /// Those that a later row of their session came before.
    pub(crate) overtaken: Vec<(SessionRow, RowId)>,
}

/// The first attempt of a generation at a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    session: SessionRow,
    row: RowId,
    outbox_row: i64,
    begun_at: WallMs,
}

const FIRSTS: &str = "
    SELECT inbox.session AS session, attempts.row AS row,
        min(attempts.outbox_row) AS outbox_row, min(attempts.begun_at_ms) AS begun_at_ms
    FROM attempts CROSS JOIN inbox ON inbox.row = attempts.row
    WHERE attempts.row > (SELECT coalesce(max(row), 0) FROM inbox) - ?2
        AND attempts.generation = ?1 AND inbox.session IS NOT NULL
    GROUP BY attempts.row ORDER BY attempts.row";

/// What this generation has delivered, and what of it out of its order.
pub(super) fn deliveries(
    db: &Connection,
    generation: Generation,
) -> Result<Deliveries, StoreError> {
    let mut statement = db.prepare_cached(FIRSTS)?;
    let rows = statement.query((generation.0, ROWS_LOOKED_AT))?;
    let firsts = columns::readable(rows, "attempts", first)?;
    Ok(Deliveries {
        rows: u64::try_from(firsts.len()).unwrap_or(u64::MAX),
        overtaken: overtaken(&firsts),
    })
}

fn first(row: &Row<'_>) -> Result<First, Unreadable> {
    Ok(First {
        session: SessionRow(plain(row, "session")?),
        row: RowId(plain(row, "row")?),
        outbox_row: plain(row, "outbox_row")?,
        begun_at: WallMs(plain(row, "begun_at_ms")?),
    })
}

/// Of these, in the order of their rows, those that a later one of their session came before.
fn overtaken(firsts: &[First]) -> Vec<(SessionRow, RowId)> {
    let place = |it: &First| (it.outbox_row, it.begun_at);
    let mut earliest_behind = BTreeMap::new();
    let mut found = Vec::new();
    for it in firsts.iter().rev() {
        let earliest = earliest_behind.entry(it.session).or_insert(place(it));
        if *earliest < place(it) {
            found.push((it.session, it.row));
        }
        *earliest = place(it).min(*earliest);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests;
