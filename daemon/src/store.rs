//! The store: one `SQLite` file, one writer, and the promise that what is answered is on the disk.
//!
//! [`Store`] is a cheap handle; every method is one job for the writer, in the order asked, and
//! returns when the transaction that holds it is durable, or with the reason why it is not. Reading
//! goes the same way, so that a reader sees what was written before it. The SQL stands in plain
//! functions, one file per table, under the names of [`Store`]'s methods.
//!
//! ```text
//! Store ──┐
//! Store ──┼─> jobs (bounded) ──> writer: one connection ──> assistant.db
//! Store ──┘                                                   ^
//! View (CLI, status): a connection of its own, read-only ─────┘
//! ```
//!
//! Absent: retention, and decisions. What a row's state means is decided in the core; here it is
//! kept.

mod attempts;
mod backup;
mod check;
mod columns;
mod counts;
mod cursors;
mod damage;
mod error;
mod history;
mod inbox;
mod open;
mod order;
mod outbox;
pub(crate) mod restore;
mod schema;
mod sessions;
mod touches;
mod view;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Arrival, RowId};
use assistant_core::session::Hold;
#[cfg(test)]
use assistant_core::time::Deadline;
use assistant_core::time::{Monotonic, WallMs};
use rusqlite::Connection;
use tokio::sync::broadcast;

pub(crate) use attempts::{AttemptOutcome, Counted, NewAttempt, Settled, Settlement};
pub(crate) use backup::{BackupError, PART, backup};
pub(crate) use check::{check_in_place, check_open};
pub(crate) use columns::Page;
pub(crate) use counts::Counts;
#[cfg(test)]
pub(crate) use counts::Tally;
pub(crate) use cursors::CursorUpdate;
pub(crate) use damage::{Look, Missing, look, missing};
pub(crate) use error::{StoreError, is_of_machine};
pub(crate) use history::{Direction, HistoryEntry, HistoryPlace, HistoryState};
pub(crate) use inbox::{Accepted, InboxRow, Pending, Route, RouteDecision, RowState};
pub(crate) use open::{OpenError, min_reader};
pub(crate) use order::Deliveries;
pub(crate) use outbox::{
    FinishedOutgoing, NewOutgoing, Outgoing, OutgoingRow, OutgoingState, SentText,
};
pub(crate) use schema::Schema;
pub(crate) use sessions::{
    Activity, NewSession, SessionFacts, SessionKind, SessionRecord, SessionRow,
};
pub(crate) use touches::TOUCHES_EVERY;
pub(crate) use view::{Dropped, View};
#[cfg(test)]
pub(crate) use writer::WriterPanicked;
pub(crate) use writer::{StoreThread, Writer};

use attempts::Beginnings;
use touches::Touches;
use writer::Jobs;

/// Word of settled outgoing rows that a slow listener may fall behind by. One that falls further
/// asks for its row instead.
const FINISHED_KEPT: usize = 256;

/// The number of a run of the daemon on this home. Each is one more than the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Generation(pub(crate) i64);

/// What time it is. A closure, so that a test says what time it is.
pub(crate) type WallClock = Arc<dyn Fn() -> WallMs + Send + Sync>;

/// A handle to the store.
#[derive(Clone)]
pub(crate) struct Store {
    jobs: Jobs,
    touches: Arc<Touches>,
    finished: broadcast::Sender<FinishedOutgoing>,
    beginnings: Arc<Beginnings>,
    clock: WallClock,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// Opens the database at a path, made if there is none. Nothing works before the writer is started
/// ([`Writer::start`], or [`Writer::run`] under paused time). An error left everything untouched.
pub(crate) fn open(path: &Path, clock: WallClock) -> Result<(Store, Writer), OpenError> {
    let db = open::open(path, clock())?;
    let touches = Arc::new(Touches::default());
    let (jobs, writer) = writer::writer(db, Arc::clone(&touches));
    let (finished, _) = broadcast::channel(FINISHED_KEPT);
    let beginnings = Arc::default();
    Ok((Store { jobs, touches, finished, beginnings, clock }, writer))
}

/// The whole store.
impl Store {
    /// Begins a run of the daemon, and settles what the ones before it left open: attempts are
    /// abandoned and count against no message; texts that were being sent are queued again where
    /// sending twice is harmless, and unknown elsewhere.
    pub(crate) async fn begin_generation(&self) -> Result<Generation, StoreError> {
        let at = (self.clock)();
        let begin = move |db: &Connection| {
            let last = schema::meta(db, schema::GENERATION)?.unwrap_or(0);
            let generation = Generation(last + 1);
            schema::set_meta(db, schema::GENERATION, generation.0)?;
            attempts::abandon_older(db, generation, at)?;
            outbox::settle_older(db, generation, at)?;
            Ok(generation)
        };
        self.jobs.ask(begin, self.jobs.begun()).await
    }

    /// Whether the owner holds delivery.
    pub(crate) async fn owner_hold(&self) -> Result<Hold, StoreError> {
        let held = self.ask(|db| Ok(schema::meta(db, schema::HELD)?)).await?;
        Ok(if held == Some(1) { Hold::Held } else { Hold::Released })
    }

    /// Records whether the owner holds delivery.
    pub(crate) async fn set_owner_hold(&self, hold: Hold) -> Result<(), StoreError> {
        let held = i64::from(hold == Hold::Held);
        self.ask(move |db| Ok(schema::set_meta(db, schema::HELD, held)?)).await
    }

    /// Returns once the writer has done a transaction, an empty one: its thread turns and has had the
    /// write lock. Nothing was written, so it says nothing of a disk that takes no more.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.ask(|_| Ok(())).await
    }

    /// Returns when everything asked before is durable, last message times included.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        self.write_touches(self.touches.held()).await
    }

    /// Waits until nothing will ever be stored again. While this handle lives, only a panic ends
    /// the writer, or a newer run of the daemon.
    pub(crate) async fn ended(&self) {
        self.jobs.ended().await;
    }

    /// Transactions committed since the store was opened.
    pub(crate) fn commits(&self) -> u64 {
        self.jobs.commits()
    }

    /// How many messages are in which state.
    pub(crate) async fn counts(&self) -> Result<Counts, StoreError> {
        self.ask(counts::counts).await
    }

    /// The last texts of a chat before a place (or at all), newest last.
    pub(crate) async fn history(
        &self,
        chat: ChatId,
        limit: u32,
        before: Option<HistoryPlace>,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        self.ask(move |db| history::history(db, &chat, limit, before)).await
    }

    async fn ask<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.jobs.ask(work, |_| {}).await
    }
}

/// The inbox, its attempts, and the cursors.
impl Store {
    /// Makes arrivals durable, and with them how far their source has been read.
    pub(crate) async fn accept(
        &self,
        arrivals: Vec<Arrival>,
        cursor: Option<CursorUpdate>,
    ) -> Result<Vec<Accepted>, StoreError> {
        let at = (self.clock)();
        self.ask(move |db| {
            let accepted = inbox::accept(db, &arrivals, at)?;
            if let Some(cursor) = &cursor {
                cursors::advance(db, cursor, at)?;
            }
            Ok(accepted)
        })
        .await
    }

    /// Where a source stands, if it was ever read.
    #[cfg(test)]
    pub(crate) async fn cursor(&self, source: Source) -> Result<Option<String>, StoreError> {
        self.ask(move |db| cursors::read(db, source)).await
    }

    /// The oldest messages that no decision has been recorded for, after a row, by row.
    pub(crate) async fn unrouted(
        &self,
        after: RowId,
        limit: u32,
    ) -> Result<Page<InboxRow>, StoreError> {
        self.ask(move |db| inbox::unrouted(db, after, limit)).await
    }

    /// Records decisions. A message that is routed or finished already keeps what it has.
    pub(crate) async fn record_routes(&self, routes: Vec<Route>) -> Result<(), StoreError> {
        let at = (self.clock)();
        self.ask(move |db| inbox::record_routes(db, &routes, at)).await
    }

    /// Ends messages that were routed to a session, and whose senders have lost their rights since.
    pub(crate) async fn refuse(&self, rows: Vec<(RowId, &'static str)>) -> Result<(), StoreError> {
        let at = (self.clock)();
        self.ask(move |db| inbox::refuse(db, &rows, at)).await
    }

    /// What a session still owes, after a row, by row.
    pub(crate) async fn unfinished(
        &self,
        session: SessionRow,
        after: RowId,
        limit: u32,
    ) -> Result<Page<Pending>, StoreError> {
        self.ask(move |db| inbox::unfinished(db, session, after, limit)).await
    }

    /// Whether a message of a chat ever came in.
    pub(crate) async fn has_written(&self, chat: ChatId) -> Result<bool, StoreError> {
        self.ask(move |db| inbox::has_written(db, &chat)).await
    }

    /// Every session that owes an answer.
    pub(crate) async fn sessions_with_unfinished(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.ask(inbox::sessions_with_unfinished).await
    }

    /// Begins attempts; their rows become delivered. Returns the uuids that were begun: one on a
    /// row that has ended, or never was, is not.
    pub(crate) async fn begin_attempts(
        &self,
        attempts: Vec<NewAttempt>,
    ) -> Result<Vec<String>, StoreError> {
        let (now, beginnings) = ((self.clock)(), Arc::clone(&self.beginnings));
        self.ask(move |db| attempts::begin(db, &attempts, beginnings.next(now))).await
    }

    /// Records how attempts ended, and what that means for their rows.
    pub(crate) async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let at = (self.clock)();
        self.ask(move |db| attempts::settle(db, &settlement, at)).await
    }
}

/// The outbox.
impl Store {
    /// Puts a text in the outbox. A key that its chat has already gives its row as it is now, or an
    /// error if it is that of another text.
    pub(crate) async fn enqueue(&self, asked: NewOutgoing) -> Result<Outgoing, StoreError> {
        let at = (self.clock)();
        self.ask(move |db| outbox::enqueue(db, &asked, at)).await
    }

    /// A row, if it exists.
    pub(crate) async fn outgoing(&self, row: OutgoingRow) -> Result<Option<Outgoing>, StoreError> {
        self.ask(move |db| outbox::outgoing(db, row)).await
    }

    /// What a sender may take up, after a row, oldest first. A chat whose text is just being sent is left out;
    /// the texts of one chat must be sent one after the other, as they stand.
    pub(crate) async fn next_outgoing(
        &self,
        source: Source,
        after: OutgoingRow,
        limit: u32,
    ) -> Result<Page<Outgoing>, StoreError> {
        self.ask(move |db| outbox::next(db, source, after, limit)).await
    }

    /// Takes a row to its next state; word goes out once a settled one is durable.
    pub(crate) async fn set_outgoing(
        &self,
        row: OutgoingRow,
        state: OutgoingState,
        reason: Option<String>,
    ) -> Result<Outgoing, StoreError> {
        let at = (self.clock)();
        let finished = self.finished.clone();
        self.jobs
            .ask(
                move |db| outbox::set(db, row, state, reason.as_deref(), at),
                move |outgoing: &Outgoing| {
                    if outgoing.state.is_settled() {
                        let Outgoing { row, state, reason, .. } = outgoing.clone();
                        // Nobody may be listening.
                        finished.send(FinishedOutgoing { row, state, reason }).ok();
                    }
                },
            )
            .await
    }

    /// How many texts are not settled: queued, or with their sender.
    pub(crate) async fn unsent(&self) -> Result<u64, StoreError> {
        self.ask(outbox::unsent).await
    }

    /// Word of every row settled from now on. Listen before asking for the row's state.
    pub(crate) fn finished_outgoing(&self) -> broadcast::Receiver<FinishedOutgoing> {
        self.finished.subscribe()
    }

    /// What a chat was sent, or may have been, since a message was first put before an agent; oldest
    /// first, in whatever state.
    pub(crate) async fn sent_since_first_attempt(
        &self,
        chat: ChatId,
        message: RowId,
    ) -> Result<Vec<SentText>, StoreError> {
        self.ask(move |db| outbox::sent_since_first_attempt(db, &chat, message)).await
    }
}

/// The registry.
impl Store {
    /// The session of a chat, made if there is none. One that exists stays as it is.
    pub(crate) async fn ensure_session(
        &self,
        new: NewSession,
    ) -> Result<SessionRecord, StoreError> {
        let at = (self.clock)();
        self.ask(move |db| sessions::ensure(db, &new, at)).await
    }

    /// The session of a chat, if it has one.
    pub(crate) async fn session_of(
        &self,
        chat: ChatId,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.ask(move |db| sessions::of_chat(db, &chat)).await
    }

    /// Every session, by row, with last message times as of now.
    pub(crate) async fn sessions(&self) -> Result<Vec<SessionRecord>, StoreError> {
        let mut records = self.ask(sessions::all).await?;
        self.touches.lay_over(&mut records);
        Ok(records)
    }

    /// Records the session id that an agent reported.
    pub(crate) async fn set_agent_session(
        &self,
        session: SessionRow,
        agent_session: &str,
    ) -> Result<(), StoreError> {
        let (at, agent_session) = ((self.clock)(), agent_session.to_owned());
        self.ask(move |db| sessions::set_agent(db, session, Some(&agent_session), at)).await
    }

    /// Records that there is no agent session to go back to.
    pub(crate) async fn forget_agent_session(&self, session: SessionRow) -> Result<(), StoreError> {
        let at = (self.clock)();
        self.ask(move |db| sessions::set_agent(db, session, None, at)).await
    }

    /// Records whether a session's agent is alive.
    pub(crate) async fn set_active(
        &self,
        session: SessionRow,
        activity: Activity,
    ) -> Result<(), StoreError> {
        let at = (self.clock)();
        self.ask(move |db| sessions::set_active(db, session, activity, at)).await
    }

    /// Replaces what may change about a session.
    pub(crate) async fn update_session_facts(
        &self,
        session: SessionRow,
        facts: SessionFacts,
    ) -> Result<(), StoreError> {
        let at = (self.clock)();
        self.ask(move |db| sessions::set_facts(db, session, &facts, at)).await
    }

    /// Removes a session. What it still owed goes back to the router.
    pub(crate) async fn remove_session(&self, session: SessionRow) -> Result<(), StoreError> {
        let at = (self.clock)();
        self.ask(move |db| sessions::remove(db, session, at)).await
    }

    /// Notes that a session had a message. Costs no write; see [`Store::flush_touches`].
    pub(crate) fn touch(&self, session: SessionRow, at: WallMs) {
        self.touches.touch(session, at);
    }

    /// When last message times are to be written; `None` while there are none.
    #[cfg(test)]
    pub(crate) fn touches_due(&self, now: Monotonic) -> Option<Deadline> {
        self.touches.due(now)
    }

    /// Writes last message times if it is time to, else does nothing.
    pub(crate) async fn flush_touches(&self, now: Monotonic) -> Result<(), StoreError> {
        match self.touches.take_due(now) {
            Some(times) => self.write_touches(times).await,
            None => Ok(()),
        }
    }

    async fn write_touches(&self, times: BTreeMap<SessionRow, WallMs>) -> Result<(), StoreError> {
        let touches = Arc::clone(&self.touches);
        let write = move |db: &Connection| sessions::touch(db, &times).map(|()| times);
        self.jobs.ask(write, move |times| touches.written(times)).await.map(|_| ())
    }
}

#[cfg(test)]
pub(crate) mod tests;
