//! The outbox: every text on its way to a person, under a key that makes asking twice harmless. Keys
//! are those of one chat: who makes them up knows nothing of other chats.
//!
//! ```text
//! queued ──> attempting ──> sent
//!    ^            │ ├─────> failed(reason)
//!    │            │ └─────> unknown ──> reconciled | failed(reason)
//!    └────────────┴────────────┘
//! ```
//!
//! *Attempting* is durable before the first byte goes to a sender, so that a crash in between
//! leaves a trace. *Unknown* is settled as far as anyone who waits is concerned; a sender that can
//! look for the text among what was sent takes it further.

use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Attachment, RowId};
use assistant_core::time::WallMs;
use rusqlite::{Connection, Row};

use super::columns::{self, Page, Unreadable, plain, words};
use super::{Generation, StoreError};

/// The number of a row in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OutgoingRow(pub(crate) i64);

words! {
    /// How far a text has come.
    OutgoingState {
        /// Waits for its sender.
        Queued = "queued",
        /// Its sender is at it.
        Attempting = "attempting",
        /// It went out.
        Sent = "sent",
        /// Nobody knows whether it went out.
        Unknown = "unknown",
        /// It was unknown, and was found among what went out.
        Reconciled = "reconciled",
        /// It did not go out, with a reason.
        Failed = "failed",
    }
}

impl OutgoingState {
    /// Nothing more is going to happen unless someone reconciles it.
    pub(crate) fn is_settled(self) -> bool {
        !matches!(self, OutgoingState::Queued | OutgoingState::Attempting)
    }

    /// Whether a text in this state may come into another.
    fn may_become(self, next: OutgoingState) -> bool {
        use OutgoingState::{Attempting, Failed, Queued, Reconciled, Sent, Unknown};
        match self {
            Queued => matches!(next, Attempting | Failed),
            Attempting => matches!(next, Queued | Sent | Unknown | Failed),
            Unknown => matches!(next, Queued | Reconciled | Failed),
            Sent | Reconciled | Failed => false,
        }
    }
}

/// A text to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewOutgoing {
    /// Where it goes.
    pub(crate) chat: ChatId,
    /// The text itself.
    pub(crate) text: String,
    /// Files to go with it.
    pub(crate) attachments: Vec<Attachment>,
    /// The id of the tool use or request that asks for it: in one chat the same key is the same text.
    pub(crate) key: String,
}

impl NewOutgoing {
    /// Whether a person would read the same. A file may have grown between the two.
    fn is_same_text(&self, other: &Self) -> bool {
        let paths = |asked: &Self| -> Vec<String> {
            asked.attachments.iter().map(|attachment| attachment.path.clone()).collect()
        };
        self.text == other.text && paths(self) == paths(other)
    }
}

/// A text of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// Its number.
    pub(crate) row: OutgoingRow,
    /// What was asked.
    pub(crate) asked: NewOutgoing,
    /// How far it has come.
    pub(crate) state: OutgoingState,
    /// Why, when it failed or is unknown.
    pub(crate) reason: Option<String>,
    /// When it was asked for.
    pub(crate) created_at: WallMs,
    /// When its sender last began with it.
    pub(crate) attempted_at: Option<WallMs>,
    /// When it was settled.
    pub(crate) finished_at: Option<WallMs>,
}

/// Word of a settled row, published after it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FinishedOutgoing {
    /// The row.
    pub(crate) row: OutgoingRow,
    /// A settled state.
    pub(crate) state: OutgoingState,
    /// Why, when it failed or is unknown.
    pub(crate) reason: Option<String>,
}

/// A text that a chat was sent, or may have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentText {
    /// The text.
    pub(crate) text: String,
    /// How far it has come.
    pub(crate) state: OutgoingState,
}

const INSERT: &str = "
    INSERT INTO outbox (source, chat, text, attachments, key, state, created_at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6)
    ON CONFLICT (chat, key) DO NOTHING";
const BY_KEY: &str = "SELECT * FROM outbox WHERE chat = ?1 AND key = ?2";
const BY_ROW: &str = "SELECT * FROM outbox WHERE row = ?1";
const NEXT: &str = "
    SELECT * FROM outbox AS queued
    WHERE source = ?1 AND state = 'queued' AND finished_at_ms IS NULL AND row > ?2
      AND NOT EXISTS (SELECT 1 FROM outbox AS busy
                      WHERE busy.chat = queued.chat AND busy.state = 'attempting')
    ORDER BY row LIMIT ?3";
const MOVE: &str = "
    UPDATE outbox SET state = ?2, reason = ?3, finished_at_ms = ?4 WHERE row = ?1";
const ATTEMPT: &str = "
    UPDATE outbox SET state = 'attempting', reason = NULL, finished_at_ms = NULL,
                      attempted_at_ms = ?2,
                      generation = (SELECT value FROM meta WHERE name = 'generation')
    WHERE row = ?1";
const SENT_SINCE: &str = "
    SELECT row, text, state FROM outbox INDEXED BY outbox_sent
    WHERE chat = ?1 AND row > (SELECT min(outbox_row) FROM attempts WHERE attempts.row = ?2)
    ORDER BY row";
const UNSENT: &str = "SELECT count(*) FROM outbox WHERE finished_at_ms IS NULL";
const REQUEUE_OLDER: &str = "
    UPDATE outbox SET state = 'queued'
    WHERE source = 'test' AND state = 'attempting' AND finished_at_ms IS NULL
      AND generation < ?1";
const DOUBT_OLDER: &str = "
    UPDATE outbox SET state = 'unknown', finished_at_ms = ?2,
                      reason = 'the assistant stopped while it was being sent'
    WHERE source IN ('signal', 'imessage') AND state = 'attempting' AND finished_at_ms IS NULL
      AND generation < ?1";

/// Puts a text in the outbox. A key that its chat has already gives its row as it is now, unless it
/// is that of another text: who asks for this one must not hear that the other was sent.
pub(super) fn enqueue(
    db: &Connection,
    asked: &NewOutgoing,
    at: WallMs,
) -> Result<Outgoing, StoreError> {
    let NewOutgoing { chat, text, attachments, key } = asked;
    let attachments = columns::attachments_json(attachments);
    db.prepare_cached(INSERT)?.execute((
        chat.source().prefix(),
        chat.as_str(),
        text,
        attachments,
        key,
        at.0,
    ))?;
    let mut statement = db.prepare_cached(BY_KEY)?;
    let found = columns::readable(statement.query((chat.as_str(), key))?, "outbox", outgoing_row)?;
    let found = found.into_iter().next().ok_or(StoreError::Missing { table: "outbox" })?;
    if !found.asked.is_same_text(asked) {
        return Err(StoreError::KeyTaken { row: found.row });
    }
    Ok(found)
}

/// A row, if it exists.
pub(super) fn outgoing(db: &Connection, row: OutgoingRow) -> Result<Option<Outgoing>, StoreError> {
    let mut statement = db.prepare_cached(BY_ROW)?;
    Ok(columns::readable(statement.query([row.0])?, "outbox", outgoing_row)?.pop())
}

/// What a sender may take up, after a row, oldest first. A chat whose text is just being sent is left out, and
/// the texts of one chat must be sent one after the other, as they stand: so their order is kept.
pub(super) fn next(
    db: &Connection,
    source: Source,
    after: OutgoingRow,
    limit: u32,
) -> Result<Page<Outgoing>, StoreError> {
    let mut statement = db.prepare_cached(NEXT)?;
    let rows = statement.query((source.prefix(), after.0, limit))?;
    columns::page(rows, limit, "outbox", outgoing_row)
}

/// Takes a row to its next state. To the state it is in: nothing happens.
pub(super) fn set(
    db: &Connection,
    row: OutgoingRow,
    state: OutgoingState,
    reason: Option<&str>,
    at: WallMs,
) -> Result<Outgoing, StoreError> {
    let missing = StoreError::Missing { table: "outbox" };
    let Some(found) = outgoing(db, row)? else { return Err(missing) };
    if found.state == state {
        return Ok(found);
    }
    if !found.state.may_become(state) {
        return Err(StoreError::OutgoingMove { row, from: found.state, to: state });
    }
    if state == OutgoingState::Attempting {
        db.prepare_cached(ATTEMPT)?.execute((row.0, at.0))?;
    } else {
        let finished_at = state.is_settled().then_some(at.0);
        db.prepare_cached(MOVE)?.execute((row.0, state.as_str(), reason, finished_at))?;
    }
    outgoing(db, row)?.ok_or(missing)
}

/// What a chat was sent, or may have been, since a message was first put before an agent; oldest
/// first, in whatever state. By the order of rows: a clock may be set back in between.
pub(super) fn sent_since_first_attempt(
    db: &Connection,
    chat: &ChatId,
    message: RowId,
) -> Result<Vec<SentText>, StoreError> {
    let mut statement = db.prepare_cached(SENT_SINCE)?;
    columns::readable(statement.query((chat.as_str(), message.0))?, "outbox", |row| {
        Ok(SentText {
            text: plain(row, "text")?,
            state: columns::word(row, "state", OutgoingState::parse)?,
        })
    })
}

/// How many texts are not settled.
pub(super) fn unsent(db: &Connection) -> Result<u64, StoreError> {
    let count: i64 = db.prepare_cached(UNSENT)?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Settles what older runs of the daemon left half sent. The test sender writes one file per row,
/// so it may write it again; for the others nobody knows, and a text is never sent twice on a guess.
pub(super) fn settle_older(
    db: &Connection,
    generation: Generation,
    at: WallMs,
) -> Result<(), StoreError> {
    db.prepare_cached(REQUEUE_OLDER)?.execute([generation.0])?;
    db.prepare_cached(DOUBT_OLDER)?.execute((generation.0, at.0))?;
    Ok(())
}

fn outgoing_row(row: &Row<'_>) -> Result<Outgoing, Unreadable> {
    Ok(Outgoing {
        row: OutgoingRow(plain(row, "row")?),
        asked: NewOutgoing {
            chat: columns::chat(row)?,
            text: plain(row, "text")?,
            attachments: columns::attachments(row)?,
            key: plain(row, "key")?,
        },
        state: columns::word(row, "state", OutgoingState::parse)?,
        reason: plain(row, "reason")?,
        created_at: WallMs(plain(row, "created_at_ms")?),
        attempted_at: plain::<Option<i64>>(row, "attempted_at_ms")?.map(WallMs),
        finished_at: plain::<Option<i64>>(row, "finished_at_ms")?.map(WallMs),
    })
}

#[cfg(test)]
mod tests;
