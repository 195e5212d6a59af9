//! Counts for `status`: how many messages of each source are in which state, read from tallies that
//! triggers keep, so that they cost the same after a million messages.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use assistant_core::chat::Source;
use assistant_core::time::WallMs;
use rusqlite::Connection;

use super::StoreError;
use super::inbox::RowState;

/// How many messages are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Durable, and not put before an agent.
    pub(crate) accepted: u64,
    /// Put before an agent, and not answered.
    pub(crate) delivered: u64,
    /// Answered.
    pub(crate) answered: u64,
    /// From someone who may not talk to the assistant.
    pub(crate) refused: u64,
    /// Not in need of an answer.
    pub(crate) ignored: u64,
    /// Given up.
    pub(crate) failed: u64,
    /// When the oldest one that is not finished was accepted.
    pub(crate) oldest_unfinished_at: Option<WallMs>,
}

/// The counts of every source that ever brought a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// By source.
    pub(crate) sources: BTreeMap<Source, Tally>,
}

impl Tally {
    /// All messages ever seen.
    #[cfg(test)]
    pub(crate) fn seen(&self) -> u64 {
        let finished = self.answered + self.refused + self.ignored + self.failed;
        self.backlog() + finished
    }

    /// Messages that are not finished.
    pub(crate) fn backlog(&self) -> u64 {
        self.accepted + self.delivered
    }

    fn of(&mut self, state: RowState) -> &mut u64 {
        match state {
            RowState::Accepted => &mut self.accepted,
            RowState::Delivered => &mut self.delivered,
            RowState::Answered => &mut self.answered,
            RowState::Refused => &mut self.refused,
            RowState::Ignored => &mut self.ignored,
            RowState::Failed => &mut self.failed,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.accepted += other.accepted;
        self.delivered += other.delivered;
        self.answered += other.answered;
        self.refused += other.refused;
        self.ignored += other.ignored;
        self.failed += other.failed;
        let oldest = [self.oldest_unfinished_at, other.oldest_unfinished_at];
        self.oldest_unfinished_at = oldest.into_iter().flatten().min();
    }
}

impl Counts {
    /// All sources together.
    pub(crate) fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in self.sources.values() {
            total += *tally;
        }
        total
    }
}

const TALLIES: &str = "SELECT source, state, rows FROM tallies";
const OLDEST: &str = "
    SELECT min(accepted_at_ms) FROM inbox WHERE source = ?1 AND finished_at_ms IS NULL";

/// Reads the counts.
pub(super) fn counts(db: &Connection) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    let mut statement = db.prepare_cached(TALLIES)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let source = Source::parse(row.get_ref(0)?.as_str().unwrap_or_default());
        let state = RowState::parse(row.get_ref(1)?.as_str().unwrap_or_default());
        // A word of a newer version: its messages are that version's to count.
        let (Some(source), Some(state)) = (source, state) else { continue };
        let rows: i64 = row.get(2)?;
        *counts.sources.entry(source).or_default().of(state) += u64::try_from(rows).unwrap_or(0);
    }
    let mut oldest = db.prepare_cached(OLDEST)?;
    for (source, tally) in &mut counts.sources {
        let at: Option<i64> = oldest.query_row([source.prefix()], |row| row.get(0))?;
        tally.oldest_unfinished_at = at.map(WallMs);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests;
