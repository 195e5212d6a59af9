//! Attempts: every time a message is put before an agent, durable before its first byte goes out.
//!
//! ```text
//! (none) ──> open ──> answered             its row is answered too
//!              └────> closed(outcome)      its row stays owed
//! ```
//!
//! The agent program's own dropping of repeated uuids can be trusted in neither direction, so
//! every delivery is a new attempt, and only a result that lists an attempt answers its row. A late
//! result still answers: whatever closed the attempt before, the agent has read it and replied.

use std::sync::atomic::{AtomicI64, Ordering};

use assistant_core::message::RowId;
use assistant_core::time::WallMs;
use rusqlite::{Connection, OptionalExtension};

use super::inbox::{self, RowState};
use super::{Generation, StoreError};

/// How an attempt ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum AttemptOutcome {
    /// The turn ended with an error.
    TurnFailed,
    /// The agent ended before the turn did.
    AgentEnded,
    /// We interrupted the turn.
    Interrupted,
    /// The agent took it and then owed nothing, without ever saying what became of it.
    Withdrawn,
}

impl AttemptOutcome {
    /// As the store shows it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            AttemptOutcome::TurnFailed => "turn_failed",
            AttemptOutcome::AgentEnded => "agent_ended",
            AttemptOutcome::Interrupted => "interrupted",
            AttemptOutcome::Withdrawn => "withdrawn",
        }
    }
}

/// Whether a closed attempt counts against its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Counted {
    /// The row was alone in it, and the agent or the turn failed by itself.
    Yes,
    /// It says nothing about the row.
    No,
}

/// An attempt about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewAttempt {
    /// Its name, under which the agent lists it in a result. Never used before.
    pub(crate) uuid: String,
    /// The message.
    pub(crate) row: RowId,
    /// The agent's own session id.
    pub(crate) agent_session: String,
    /// The run of the daemon that makes it.
    pub(crate) generation: Generation,
}

/// What a turn, or the end of an agent, says about attempts and rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// Attempts that a result listed, of a turn that ended well.
    pub(crate) answered: Vec<String>,
    /// Attempts that ended otherwise.
    pub(crate) closed: Vec<(String, AttemptOutcome, Counted)>,
    /// Rows given up, each with its reason.
    pub(crate) failed: Vec<(RowId, String)>,
}

/// What a settlement did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Rows that it answered; one that had ended before is not among them.
    pub(crate) answered: Vec<RowId>,
    /// Rows that it failed; one that had ended before is not among them.
    pub(crate) failed: Vec<RowId>,
    /// Attempts that it named and nobody ever began.
    pub(crate) unknown: Vec<String>,
}

/// When attempts of one run begin: never before the last of them did, whatever a clock says that is set
/// back meanwhile. By this the order is told of those between which nothing was sent.
#[derive(Debug, Default)]
pub(super) struct Beginnings(AtomicI64);

impl Beginnings {
    /// The moment of the next one. Asked by the writer alone, in the order of its jobs.
    pub(super) fn next(&self, now: WallMs) -> WallMs {
        let last = self.0.fetch_max(now.0, Ordering::Relaxed);
        now.max(WallMs(last))
    }
}

const OWED: &str = "SELECT count(*) FROM inbox WHERE row = ?1 AND finished_at_ms IS NULL";
const SUPERSEDE: &str = "
    UPDATE attempts SET closed_at_ms = ?2, outcome = 'abandoned'
    WHERE row = ?1 AND closed_at_ms IS NULL";
const BEGIN: &str = "
    INSERT INTO attempts (uuid, row, agent_session, generation, begun_at_ms, outbox_row)
    VALUES (?1, ?2, ?3, ?4, ?5, coalesce((SELECT max(row) FROM outbox), 0))";
const DELIVERED: &str =
    "UPDATE inbox SET state = 'delivered' WHERE row = ?1 AND state = 'accepted'";
const ROW_OF: &str = "SELECT row FROM attempts WHERE uuid = ?1";
const ANSWER: &str = "
    UPDATE attempts SET closed_at_ms = ?2, outcome = 'answered', counted = 0
    WHERE uuid = ?1 AND outcome IS NOT 'answered'";
const CLOSE: &str = "
    UPDATE attempts SET closed_at_ms = ?2, outcome = ?3, counted = ?4
    WHERE uuid = ?1 AND closed_at_ms IS NULL";
const ABANDON: &str = "
    UPDATE attempts SET closed_at_ms = ?2, outcome = 'abandoned'
    WHERE closed_at_ms IS NULL AND generation < ?1";

/// Begins attempts; their rows become delivered. An attempt on a row that has ended, or never
/// was, is not begun; the uuids of the others are returned. An attempt of the same row that is
/// still open is abandoned first, so that never two are.
pub(super) fn begin(
    db: &Connection,
    attempts: &[NewAttempt],
    at: WallMs,
) -> Result<Vec<String>, StoreError> {
    let mut begun = Vec::new();
    for NewAttempt { uuid, row, agent_session, generation } in attempts {
        let owed: i64 = db.prepare_cached(OWED)?.query_row([row.0], |row| row.get(0))?;
        if owed == 0 {
            continue;
        }
        db.prepare_cached(SUPERSEDE)?.execute((row.0, at.0))?;
        db.prepare_cached(BEGIN)?.execute((uuid, row.0, agent_session, generation.0, at.0))?;
        db.prepare_cached(DELIVERED)?.execute([row.0])?;
        begun.push(uuid.clone());
    }
    Ok(begun)
}

/// Records how attempts ended, and what that means for their rows.
pub(super) fn settle(
    db: &Connection,
    settlement: &Settlement,
    at: WallMs,
) -> Result<Settled, StoreError> {
    let mut settled = Settled::default();
    for uuid in &settlement.answered {
        let Some(row) = row_of(db, uuid)? else {
            settled.unknown.push(uuid.clone());
            continue;
        };
        db.prepare_cached(ANSWER)?.execute((uuid, at.0))?;
        if inbox::finish(db, row, RowState::Answered, None, at)? {
            settled.answered.push(row);
        }
    }
    for (uuid, outcome, counted) in &settlement.closed {
        let counted = i64::from(*counted == Counted::Yes);
        let closed = db.prepare_cached(CLOSE)?.execute((uuid, at.0, outcome.as_str(), counted))?;
        if closed == 0 && row_of(db, uuid)?.is_none() {
            settled.unknown.push(uuid.clone());
        }
    }
    for (row, reason) in &settlement.failed {
        if inbox::finish(db, *row, RowState::Failed, Some(reason), at)? {
            settled.failed.push(*row);
        }
    }
    Ok(settled)
}

/// Closes what older runs of the daemon left open. It counts against no row: the daemon's own end
/// says nothing about a message.
pub(super) fn abandon_older(
    db: &Connection,
    generation: Generation,
    at: WallMs,
) -> Result<(), StoreError> {
    db.prepare_cached(ABANDON)?.execute((generation.0, at.0))?;
    Ok(())
}

fn row_of(db: &Connection, uuid: &str) -> Result<Option<RowId>, StoreError> {
    let row = db.prepare_cached(ROW_OF)?.query_row([uuid], |row| row.get(0)).optional()?;
    Ok(row.map(RowId))
}

#[cfg(test)]
mod tests;
