//! Says whether a database that nobody has open is whole, and which rows of a damaged one its copy
//! lacks. Both read only, and both end in time: people wait meanwhile.
//!
//! The number of a row is never used twice and only grows, so what a copy lacks is what lies behind
//! its last row. Each of these is read by itself, since a damaged page ends any walk over a table.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::open::{self, OpenError};
use super::schema;

/// Numbers that a copy leaves free where it cannot be read how far the damaged database went.
const NUMBERS_SKIPPED: i64 = 1_000_000;

/// What a look at a database found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    /// Every page is well, and it is the assistant's.
    Whole,
    /// It was not looked through.
    Unfinished {
        /// Why.
        why: String,
    },
    /// It cannot be used.
    Damaged {
        /// What is wrong.
        what: String,
    },
}

/// The rows of a table that can, or cannot, be read in a damaged database, and are not in its copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Lacking {
    /// Their numbers, as far as they can be read.
    pub(crate) rows: Vec<i64>,
    /// Those that were there and cannot be read.
    pub(crate) unreadable: Vec<i64>,
    /// Whether these are all.
    pub(crate) complete: bool,
    /// The last number that the table gave away, where that can be read.
    #[serde(skip)]
    last: Option<i64>,
}

/// What a copy lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Missing {
    /// Messages that came in.
    pub(crate) inbox: Lacking,
    /// Texts that were to go out.
    pub(crate) outbox: Lacking,
    /// Sessions.
    pub(crate) sessions: Lacking,
    /// The last run of the daemon, where that can be read.
    #[serde(skip)]
    generation: Option<i64>,
}

/// Looks through a database that nobody has open, for so long at most.
pub(crate) fn look(path: &Path, max: Duration) -> Look {
    verdict(open::open_unlocked(path).and_then(|db| {
        let checked = within(&db, max, || open::check_pages(path, &db));
        checked.and_then(|()| open::check_reader(path, &db))
    }))
}

fn verdict(looked: Result<(), OpenError>) -> Look {
    match looked {
        // That a slot knows too little to read it is found where the slot is looked at.
        Ok(()) | Err(OpenError::Newer { .. }) => Look::Whole,
        Err(error @ (OpenError::Io { .. } | OpenError::Sql { .. } | OpenError::NoLog { .. })) => {
            Look::Unfinished { why: error.to_string() }
        }
        Err(error) => Look::Damaged { what: error.to_string() },
    }
}

/// Which rows of a damaged database its copy lacks, as far as that is found in time.
pub(crate) fn missing(damaged: &Path, copy: &Path, max: Duration) -> Missing {
    let (Ok(damaged), Ok(copy)) = (open::open_unlocked(damaged), open::open_unlocked(copy)) else {
        return Missing::default();
    };
    let until = Instant::now() + max;
    let lacking = |table: &Table| lacking(&damaged, &copy, table, until);
    within(&damaged, max, || Missing {
        inbox: lacking(&INBOX),
        outbox: lacking(&OUTBOX),
        sessions: lacking(&SESSIONS),
        generation: schema::meta(&damaged, schema::GENERATION).ok().flatten(),
    })
}

/// Has a copy, which nobody has open, go on behind the numbers that the damaged database gave away:
/// replies lie under them, and agents carry them.
pub(crate) fn go_on_behind(copy: &Path, missing: &Missing) -> Result<(), OpenError> {
    let sql = |error| open::sql_error(copy, error);
    let mut db = Connection::open(copy).map_err(sql)?;
    // A journal that a power cut left would be taken for that of the next copy. This one is thrown
    // away then.
    db.pragma_update(None, "journal_mode", "MEMORY").map_err(sql)?;
    let transaction = db.transaction().map_err(sql)?;
    let tables =
        [(INBOX, &missing.inbox), (OUTBOX, &missing.outbox), (SESSIONS, &missing.sessions)];
    for (table, lacking) in tables {
        let own = last_number(&transaction, &table).map_err(sql)?;
        let last = lacking.last.unwrap_or(own + NUMBERS_SKIPPED).max(own);
        transaction
            .execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table.name])
            .and_then(|_| {
                let set = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                transaction.execute(set, (table.name, last))
            })
            .map_err(sql)?;
    }
    let own = schema::meta(&transaction, schema::GENERATION).map_err(sql)?.unwrap_or(0);
    // At least the one run since the copy was made.
    let generation = missing.generation.unwrap_or(own + 1).max(own + 1);
    schema::set_meta(&transaction, schema::GENERATION, generation).map_err(sql)?;
    transaction.commit().map_err(sql)?;
    db.close().map_err(|(_, error)| sql(error))
}

/// A table whose rows are numbered.
#[derive(Debug, Clone, Copy)]
struct Table {
    name: &'static str,
    /// Reads the whole of a row: this column is behind its text.
    read: &'static str,
    /// The last row.
    last: &'static str,
}

const INBOX: Table = Table {
    name: "inbox",
    read: "SELECT state FROM inbox NOT INDEXED WHERE row = ?1",
    last: "SELECT max(row) FROM inbox NOT INDEXED",
};
const OUTBOX: Table = Table {
    name: "outbox",
    read: "SELECT state FROM outbox NOT INDEXED WHERE row = ?1",
    last: "SELECT max(row) FROM outbox NOT INDEXED",
};
const SESSIONS: Table = Table {
    name: "sessions",
    read: "SELECT tier FROM sessions NOT INDEXED WHERE row = ?1",
    last: "SELECT max(row) FROM sessions NOT INDEXED",
};

fn lacking(damaged: &Connection, copy: &Connection, table: &Table, until: Instant) -> Lacking {
    let mut found = Lacking::default();
    let read = damaged.prepare(table.read);
    let (Ok(first), Ok(mut read)) = (last_number(copy, table).map(|last| last + 1), read) else {
        return found;
    };
    found.last = last_number(damaged, table).ok();
    let Some(last) = found.last else { return found };
    for number in first..=last {
        match read.query_row([number], |row| row.get::<_, String>(0)).optional() {
            _ if until <= Instant::now() => return found,
            Ok(Some(_)) => found.rows.push(number),
            // It was taken away again, or never committed.
            Ok(None) => {}
            Err(_) => found.unreadable.push(number),
        }
    }
    found.complete = true;
    found
}

/// The last number that a table gave away; 0 if none.
fn last_number(db: &Connection, table: &Table) -> rusqlite::Result<i64> {
    let given = db
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = ?1", [table.name], |row| {
            row.get::<_, i64>(0)
        })
        .optional();
    let given = match given {
        Ok(given) => given,
        Err(_) => db.query_row(table.last, [], |row| row.get(0))?,
    };
    Ok(given.unwrap_or(0))
}

/// Does work on a connection that is interrupted if it is not done in time.
fn within<T>(db: &Connection, max: Duration, work: impl FnOnce() -> T) -> T {
    let interrupt = db.get_interrupt_handle();
    let (done, waits) = sync_channel::<()>(1);
    thread::scope(|scope| {
        scope.spawn(move || {
            if waits.recv_timeout(max) == Err(RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let outcome = work();
        drop(done);
        outcome
    })
}

#[cfg(test)]
pub(super) mod tests;
