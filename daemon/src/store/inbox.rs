//! The inbox: every message that came in, from the moment it is durable to its end.
//!
//! ```text
//! accepted ──> delivered ──> answered
//!     │            └───────> failed(reason) | refused(reason)
//!     └──> refused(reason) | ignored(reason) | failed(reason)
//! ```
//!
//! A row stays unfinished until the last column; after that nothing changes it (a trigger in the
//! schema holds the door). Attempts, which take a row from accepted to answered, are in
//! `attempts`.

use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Arrival, RowId};
use assistant_core::time::WallMs;
use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use super::columns::{self, Page, Unreadable, plain, words};
use super::sessions::SessionRow;

words! {
    /// How far a message has come.
    RowState {
        /// Durable, and nobody has read it yet.
        Accepted = "accepted",
        /// An attempt is durable; the agent may have read it.
        Delivered = "delivered",
        /// A result listed its attempt and ended well.
        Answered = "answered",
        /// Its sender may not talk to the assistant.
        Refused = "refused",
        /// It asks for no answer.
        Ignored = "ignored",
        /// Given up, with a reason; listed for the owner.
        Failed = "failed",
    }
}

/// Whether an arrival was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It became a row just now.
    New,
    /// Its source and key were already a row.
    Known,
}

/// The row of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Its number, the same however often it arrives.
    pub(crate) row: RowId,
    /// Whether this call made it.
    pub(crate) freshness: Freshness,
}

/// A message of the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InboxRow {
    /// Its number.
    pub(crate) row: RowId,
    /// What the source brought.
    pub(crate) arrival: Arrival,
    /// When it became durable.
    pub(crate) accepted_at: WallMs,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The message.
    pub(crate) row: RowId,
    /// What was decided about it.
    pub(crate) decision: RouteDecision,
}

/// What the router decided about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RouteDecision {
    /// A session answers it.
    Session(SessionRow),
    /// Its sender may not talk to the assistant; the reason is shown to the owner.
    Refused(String),
    /// It asks for no answer; the reason is shown to the owner.
    Ignored(String),
}

/// A message that its session still owes an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Its number.
    pub(crate) row: RowId,
    /// What the source brought.
    pub(crate) arrival: Arrival,
    /// Attempts that count against it.
    pub(crate) counted_attempts: u32,
    /// All attempts: more than none makes the next one a redelivery.
    pub(crate) deliveries: u32,
}

const HAS_WRITTEN: &str = "SELECT EXISTS (SELECT 1 FROM inbox WHERE chat = ?1)";
const INSERT: &str = "
    INSERT INTO inbox (source, key, chat, sender, text, attachments, grp, transcription, reply_to,
                       voice, sent_at_ms, seen_at_ms, accepted_at_ms, state)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'accepted')
    ON CONFLICT (source, key) DO NOTHING
    RETURNING row";
const BY_KEY: &str = "SELECT row FROM inbox WHERE source = ?1 AND key = ?2";
const UNROUTED: &str = "
    SELECT * FROM inbox
    WHERE routed_at_ms IS NULL AND finished_at_ms IS NULL AND row > ?1
    ORDER BY row LIMIT ?2";
const ROUTE: &str = "
    UPDATE inbox SET session = ?2, routed_at_ms = ?3
    WHERE row = ?1 AND routed_at_ms IS NULL AND finished_at_ms IS NULL";
const FINISH: &str = "
    UPDATE inbox SET state = ?2, reason = ?3, finished_at_ms = ?4,
                     routed_at_ms = coalesce(routed_at_ms, ?4)
    WHERE row = ?1 AND finished_at_ms IS NULL";
// Left to itself the planner takes the index of all of a session's rows, which only grows.
const UNFINISHED: &str = "
    SELECT inbox.*,
        (SELECT count(*) FROM attempts WHERE attempts.row = inbox.row) AS deliveries,
        (SELECT sum(counted) FROM attempts WHERE attempts.row = inbox.row) AS counted_attempts
    FROM inbox INDEXED BY inbox_unfinished
    WHERE session = ?1 AND row > ?2 AND finished_at_ms IS NULL
    ORDER BY row LIMIT ?3";
const SESSIONS_WITH_UNFINISHED: &str = "
    SELECT DISTINCT session FROM inbox INDEXED BY inbox_unfinished
    WHERE session IS NOT NULL AND finished_at_ms IS NULL
    ORDER BY session";

/// Makes arrivals durable, in their order. What is known already keeps its row.
pub(super) fn accept(
    db: &Connection,
    arrivals: &[Arrival],
    at: WallMs,
) -> Result<Vec<Accepted>, StoreError> {
    arrivals.iter().map(|arrival| accept_one(db, arrival, at)).collect()
}

fn accept_one(db: &Connection, arrival: &Arrival, at: WallMs) -> Result<Accepted, StoreError> {
    let (source, key) = (arrival.source.prefix(), arrival.key.as_str());
    let inserted = db
        .prepare_cached(INSERT)?
        .query_row(
            rusqlite::params![
                source,
                key,
                arrival.chat.as_str(),
                arrival.sender,
                arrival.text,
                columns::attachments_json(&arrival.attachments),
                arrival.group.as_ref().map(columns::group_json),
                arrival.transcription,
                arrival.reply_to,
                columns::voice_word(arrival.voice),
                arrival.sent_at.0,
                arrival.seen_at.0,
                at.0,
            ],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(row) = inserted {
        return Ok(Accepted { row: RowId(row), freshness: Freshness::New });
    }
    let row = db.prepare_cached(BY_KEY)?.query_row((source, key), |row| row.get(0))?;
    Ok(Accepted { row: RowId(row), freshness: Freshness::Known })
}

/// The oldest messages that no decision has been recorded for, after a row, by row.
pub(super) fn unrouted(
    db: &Connection,
    after: RowId,
    limit: u32,
) -> Result<Page<InboxRow>, StoreError> {
    let mut statement = db.prepare_cached(UNROUTED)?;
    columns::page(statement.query((after.0, limit))?, limit, "inbox", inbox_row)
}

/// Records decisions. A message that is routed or finished already keeps what it has.
pub(super) fn record_routes(
    db: &Connection,
    routes: &[Route],
    at: WallMs,
) -> Result<(), StoreError> {
    for Route { row, decision } in routes {
        match decision {
            RouteDecision::Session(session) => {
                db.prepare_cached(ROUTE)?.execute((row.0, session.0, at.0))?;
            }
            RouteDecision::Refused(reason) => {
                finish(db, *row, RowState::Refused, Some(reason), at)?;
            }
            RouteDecision::Ignored(reason) => {
                finish(db, *row, RowState::Ignored, Some(reason), at)?;
            }
        }
    }
    Ok(())
}

/// Ends messages of people who may not talk to the assistant any more, each with its reason.
pub(super) fn refuse(
    db: &Connection,
    rows: &[(RowId, &'static str)],
    at: WallMs,
) -> Result<(), StoreError> {
    for (row, reason) in rows {
        finish(db, *row, RowState::Refused, Some(reason), at)?;
    }
    Ok(())
}

/// Ends a row. `false` when it had ended before, or never was: then nothing is written.
pub(super) fn finish(
    db: &Connection,
    row: RowId,
    state: RowState,
    reason: Option<&str>,
    at: WallMs,
) -> Result<bool, StoreError> {
    let changed = db.prepare_cached(FINISH)?.execute((row.0, state.as_str(), reason, at.0))?;
    Ok(changed == 1)
}

/// What a session still owes, after a row, by row.
pub(super) fn unfinished(
    db: &Connection,
    session: SessionRow,
    after: RowId,
    limit: u32,
) -> Result<Page<Pending>, StoreError> {
    let mut statement = db.prepare_cached(UNFINISHED)?;
    columns::page(statement.query((session.0, after.0, limit))?, limit, "inbox", pending)
}

/// Every session that owes an answer.
pub(super) fn sessions_with_unfinished(db: &Connection) -> Result<Vec<SessionRow>, StoreError> {
    let mut statement = db.prepare_cached(SESSIONS_WITH_UNFINISHED)?;
    let rows = statement.query_map([], |row| row.get(0).map(SessionRow))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn pending(row: &Row<'_>) -> Result<Pending, Unreadable> {
    Ok(Pending {
        row: RowId(plain(row, "row")?),
        arrival: arrival(row)?,
        counted_attempts: plain::<Option<u32>>(row, "counted_attempts")?.unwrap_or(0),
        deliveries: plain(row, "deliveries")?,
    })
}

fn inbox_row(row: &Row<'_>) -> Result<InboxRow, Unreadable> {
    Ok(InboxRow {
        row: RowId(plain(row, "row")?),
        arrival: arrival(row)?,
        accepted_at: WallMs(plain(row, "accepted_at_ms")?),
    })
}

fn arrival(row: &Row<'_>) -> Result<Arrival, Unreadable> {
    let source: Source = columns::source(row)?;
    Ok(Arrival {
        source,
        key: plain(row, "key")?,
        chat: columns::chat(row)?,
        sender: plain(row, "sender")?,
        text: plain(row, "text")?,
        attachments: columns::attachments(row)?,
        group: columns::group(row)?,
        transcription: plain(row, "transcription")?,
        reply_to: plain(row, "reply_to")?,
        sent_at: WallMs(plain(row, "sent_at_ms")?),
        seen_at: WallMs(plain(row, "seen_at_ms")?),
        voice: columns::voice(row)?,
    })
}

/// Whether a message of a chat ever came in.
pub(super) fn has_written(db: &Connection, chat: &ChatId) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached(HAS_WRITTEN)?;
    Ok(statement.query_row([chat.as_str()], |row| row.get(0))?)
}

#[cfg(test)]
mod tests;
