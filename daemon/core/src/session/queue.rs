//! The rows of one session: a window over the store, in order, and what is in flight of it.
//!
//! Rows come by fetching; a hint that there are more is only a flag, so no hint is ever lost and no
//! queue overflows. A row leaves when it is answered or given up; else it goes back to its place.
//!
//! What may be in flight together:
//! - rows delivered for the first time join whatever first deliveries are in flight (steering);
//! - redeliveries go as one batch, only when nothing is in flight; new rows queue behind;
//! - a row that must be alone goes alone.

use std::collections::VecDeque;

use super::attempt::{AttemptNo, Closed, Counted, Delivery, Failure, Settlement};
use crate::limits::{ATTEMPTS_IN_FLIGHT_MAX, COUNTED_ATTEMPTS_MAX, ROWS_FETCHED_MAX};
use crate::message::RowId;

/// A row as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// The row.
    pub row: RowId,
    /// Attempts that count against it.
    pub counted: u32,
    /// Whether it was put before an agent earlier.
    pub delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Company {
    Any,
    Alone,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    owed: Owed,
    company: Company,
}

#[derive(Debug, Clone, Copy)]
struct InFlight {
    attempt: AttemptNo,
    entry: Entry,
    /// How it went out: what was never written is not a redelivery next time.
    went_as: Delivery,
    /// The program has confirmed that it read the line.
    seen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetching {
    /// Nothing is known to stand in the store beyond what is here.
    Done,
    /// There may be more.
    Wanted,
    /// Asked; `hinted` if a new hint came meanwhile.
    Asked { hinted: bool },
}

/// Whether more may join what is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Batch {
    Open,
    Sealed,
}

/// The rows of one session.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Entry>,
    in_flight: Vec<InFlight>,
    batch: Batch,
    fetched_up_to: RowId,
    fetching: Fetching,
    next_attempt: u64,
}

impl Queue {
    /// Empty, with everything in the store still to be asked for.
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            in_flight: Vec::new(),
            batch: Batch::Open,
            fetched_up_to: RowId(0),
            fetching: Fetching::Wanted,
            next_attempt: 0,
        }
    }

    /// New rows may stand in the store.
    pub(super) fn hint(&mut self) {
        self.fetching = match self.fetching {
            Fetching::Done | Fetching::Wanted => Fetching::Wanted,
            Fetching::Asked { .. } => Fetching::Asked { hinted: true },
        };
    }

    /// What to ask the store for, if anything: rows after this one, at most so many.
    pub(super) fn take_fetch(&mut self) -> Option<(RowId, usize)> {
        let room = ROWS_FETCHED_MAX.saturating_sub(self.len());
        if self.fetching != Fetching::Wanted || room == 0 {
            return None;
        }
        self.fetching = Fetching::Asked { hinted: false };
        Some((self.fetched_up_to, room))
    }

    /// The store's answer. Few rows do not mean that there are no more: the store passes over those
    /// that it cannot read, and says itself whether it looked at everything.
    pub(super) fn fetched(&mut self, rows: &[Owed], more_after: Option<RowId>) {
        self.fetching = match (self.fetching, more_after) {
            (Fetching::Asked { hinted: false }, None) => Fetching::Done,
            _ => Fetching::Wanted,
        };
        for &owed in rows.iter().filter(|owed| self.fetched_up_to < owed.row) {
            let company = if owed.counted == 0 { Company::Any } else { Company::Alone };
            self.waiting.push_back(Entry { owed, company });
        }
        let last = rows.iter().map(|owed| owed.row).chain(more_after).max();
        self.fetched_up_to = last.unwrap_or_default().max(self.fetched_up_to);
    }

    /// The store could not be asked: ask again.
    pub(super) fn fetch_failed(&mut self) {
        self.fetching = Fetching::Wanted;
    }

    /// Rows here, waiting or in flight.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// Rows that no agent works on.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Attempts in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether the program confirmed reading something that is still in flight.
    pub(super) fn any_seen(&self) -> bool {
        self.in_flight.iter().any(|flight| flight.seen)
    }

    /// Takes the rows that go to the agent now, in order.
    pub(super) fn take_deliveries(&mut self) -> Vec<(AttemptNo, RowId, Delivery)> {
        let count = self.deliverable();
        let mut taken = Vec::with_capacity(count);
        for mut entry in self.waiting.drain(..count) {
            self.next_attempt += 1;
            let attempt = AttemptNo(self.next_attempt);
            let went_as = std::mem::replace(&mut entry.owed.delivery, Delivery::Again);
            taken.push((attempt, entry.owed.row, went_as));
            self.in_flight.push(InFlight { attempt, entry, went_as, seen: false });
        }
        taken
    }

    /// How many of the waiting rows may go now; decides whether the batch is open.
    fn deliverable(&mut self) -> usize {
        let Some(&head) = self.waiting.front() else { return 0 };
        let room = ATTEMPTS_IN_FLIGHT_MAX.saturating_sub(self.in_flight.len());
        if self.in_flight.is_empty() {
            let joinable = head.owed.delivery == Delivery::First && head.company == Company::Any;
            self.batch = if joinable { Batch::Open } else { Batch::Sealed };
        } else if self.batch == Batch::Sealed || head.owed.delivery == Delivery::Again {
            return 0;
        }
        if head.company == Company::Alone {
            return usize::from(self.in_flight.is_empty());
        }
        let alike = |entry: &&Entry| {
            entry.company == Company::Any && entry.owed.delivery == head.owed.delivery
        };
        self.waiting.iter().take_while(alike).take(room).count()
    }

    /// The program read the line of this attempt.
    pub(super) fn seen(&mut self, attempt: AttemptNo) {
        if let Some(flight) = self.in_flight.iter_mut().find(|flight| flight.attempt == attempt) {
            flight.seen = true;
        }
    }

    /// The attempts of `listed` that are in flight, in order of delivery.
    pub(super) fn known(&self, listed: &[AttemptNo]) -> Vec<AttemptNo> {
        let attempts = self.in_flight.iter().map(|flight| flight.attempt);
        attempts.filter(|attempt| listed.contains(attempt)).collect()
    }

    /// Every attempt in flight, in order of delivery.
    pub(super) fn all_in_flight(&self) -> Vec<AttemptNo> {
        self.in_flight.iter().map(|flight| flight.attempt).collect()
    }

    /// Attempts in flight that the program read.
    pub(super) fn all_seen(&self) -> Vec<AttemptNo> {
        let seen = self.in_flight.iter().filter(|flight| flight.seen);
        seen.map(|flight| flight.attempt).collect()
    }

    /// These are answered; their rows leave.
    pub(super) fn answered(&mut self, attempts: &[AttemptNo]) -> Settlement {
        self.in_flight.retain(|flight| !attempts.contains(&flight.attempt));
        Settlement { answered: attempts.to_vec(), ..Settlement::default() }
    }

    /// These were never begun (the store refused): their rows go back as if untouched.
    pub(super) fn not_begun(&mut self, attempts: &[AttemptNo]) {
        for flight in self.take(attempts) {
            let mut entry = flight.entry;
            entry.owed.delivery = flight.went_as;
            self.put_back(entry);
        }
    }

    /// The store knows these rows as finished: they leave.
    pub(super) fn gone(&mut self, attempts: &[AttemptNo]) {
        self.take(attempts);
    }

    /// These ended otherwise than answered, through nobody's fault: their rows go back.
    pub(super) fn taken_back(&mut self, attempts: &[AttemptNo], closed: Closed) -> Settlement {
        for flight in self.take(attempts) {
            self.put_back(flight.entry);
        }
        let closed = attempts.iter().map(|&attempt| (attempt, closed, Counted::No)).collect();
        Settlement { closed, ..Settlement::default() }
    }

    /// The turn or the agent of these ended badly. Several: each is tried alone next, and none
    /// counts. One: it counts if `fault` says so, and is given up at the bound.
    pub(super) fn failed(
        &mut self,
        attempts: &[AttemptNo],
        closed: Closed,
        fault: &Fault,
    ) -> Settlement {
        let mut settlement = Settlement::default();
        let by_itself = attempts.len() == 1;
        for InFlight { attempt, mut entry, .. } in self.take(attempts) {
            let counts = by_itself && *fault == Fault::OfTheRow;
            entry.owed.counted += u32::from(counts);
            let counted = if counts { Counted::Yes } else { Counted::No };
            settlement.closed.push((attempt, closed, counted));
            let failure = match fault {
                Fault::Permanent(reason) if by_itself => Some(Failure::Permanent(reason.clone())),
                Fault::OfTheRow if COUNTED_ATTEMPTS_MAX <= entry.owed.counted => {
                    Some(Failure::Poison)
                }
                _ => None,
            };
            if let Some(failure) = failure {
                settlement.failed.push((entry.owed.row, failure));
                continue;
            }
            if !by_itself || counts {
                entry.company = Company::Alone;
            }
            self.put_back(entry);
        }
        settlement
    }

    fn take(&mut self, attempts: &[AttemptNo]) -> Vec<InFlight> {
        self.in_flight.extract_if(.., |flight| attempts.contains(&flight.attempt)).collect()
    }

    /// Puts a row back where its number says.
    fn put_back(&mut self, entry: Entry) {
        let place = self.waiting.partition_point(|waiting| waiting.owed.row < entry.owed.row);
        self.waiting.insert(place, entry);
    }
}

/// Whose fault a bad end was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It went wrong by itself: if the row was alone, it counts.
    OfTheRow,
    /// The network, the API, or a limit: it never counts.
    Elsewhere,
    /// The other end refuses the message for good: if the row was alone, it is given up.
    Permanent(String),
}
