//! The one writer: takes what waits, runs it in one transaction, and answers once it is durable.
//!
//! ```text
//! wait for a job ──> take all that wait ──> BEGIN ──> each job in a savepoint ──> COMMIT ──> answer
//!       ^                                     │                                              │
//!       │                                     └ a newer run has begun ──> ROLLBACK ──────────┤
//!       └────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! One sync to disk pays for every job of the batch. A job that fails takes back its own savepoint
//! and nothing else; a commit that fails is told to every job of the batch. Jobs run in the order
//! they were asked, whether or not anyone still waits for the answer.
//!
//! A transaction begins with a look at the generation, under the lock that it holds from then on: once
//! a newer run of the daemon has begun, an old one that was left over writes nothing, and with that
//! delivers and sends nothing, for both begin with a commit.
//!
//! The same code runs on a thread of its own ([`Writer::start`]) or on the blocking pool
//! ([`Writer::run`]): paused time jumps over an answer that comes from a thread the runtime does not
//! know of, but waits for its own blocking pool.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::touches::Touches;
use super::{Generation, StoreError, schema, sessions};

/// Jobs that may wait for the writer. Beyond it whoever asks waits to ask: intake slows to the speed
/// of the disk instead of filling memory.
const JOBS_WAITING_MAX: usize = 1024;

/// Jobs in one transaction: enough to make syncs cheap, few enough that the first asker of a batch
/// does not wait long for the last.
const BATCH_JOBS_MAX: usize = 256;

/// What [`Facts::generation`] says before a run has begun: nobody can take its place.
const NOT_BEGUN: i64 = 0;

/// The asking end of the writer.
#[derive(Debug, Clone)]
pub(super) struct Jobs {
    queue: mpsc::Sender<Box<dyn Job>>,
    facts: Arc<Facts>,
}

/// What the writer and those who ask it both know.
#[derive(Debug)]
struct Facts {
    /// Transactions committed.
    commits: AtomicU64,
    /// The run that this writer writes for.
    generation: AtomicI64,
    /// Whether a newer one has begun.
    superseded: watch::Sender<bool>,
}

/// The store's writer, about to be started one way or the other.
#[derive(Debug)]
pub(crate) struct Writer {
    db: Connection,
    queue: mpsc::Receiver<Box<dyn Job>>,
    facts: Arc<Facts>,
    touches: Arc<Touches>,
}

/// The writer on its own thread.
#[derive(Debug)]
#[must_use = "the thread is joined last, when every handle of the store is gone"]
pub(crate) struct StoreThread(JoinHandle<()>);

/// The writer ended by a panic: a bug, after which nothing can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("keep the store's writer alive: it panicked")]
pub(crate) struct WriterPanicked;

/// A job as the writer sees it, whatever it works on and answers.
trait Job: Send {
    /// Does the work and keeps the outcome.
    fn run(&mut self, db: &Connection) -> Ran;
    /// Gives the outcome to whoever asked, or the error that kept it from becoming durable.
    fn answer(self: Box<Self>, durable: Result<(), StoreError>);
}

/// Whether what a job wrote is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    Well,
    Badly,
}

struct Asked<T, W, C> {
    work: Option<W>,
    committed: C,
    outcome: Option<Result<T, StoreError>>,
    asker: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W, C> Job for Asked<T, W, C>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    C: FnOnce(&T) + Send,
{
    fn run(&mut self, db: &Connection) -> Ran {
        let outcome = self.work.take().map(|work| work(db));
        let ran = if let Some(Ok(_)) = outcome { Ran::Well } else { Ran::Badly };
        self.outcome = outcome;
        ran
    }

    fn answer(self: Box<Self>, durable: Result<(), StoreError>) {
        let Asked { committed, outcome, asker, .. } = *self;
        // What the job itself has to say comes first: it is the cause, a lost batch the effect.
        let outcome = match (outcome, durable) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        if let Ok(value) = &outcome {
            committed(value);
        }
        // Whoever asked may have gone; the work is done all the same.
        asker.send(outcome).ok();
    }
}

/// Puts a writer behind a connection. It works once it is started.
pub(super) fn writer(db: Connection, touches: Arc<Touches>) -> (Jobs, Writer) {
    let (sender, queue) = mpsc::channel(JOBS_WAITING_MAX);
    let facts = Arc::new(Facts {
        commits: AtomicU64::new(0),
        generation: AtomicI64::new(NOT_BEGUN),
        superseded: watch::Sender::new(false),
    });
    let jobs = Jobs { queue: sender, facts: Arc::clone(&facts) };
    (jobs, Writer { db, queue, facts, touches })
}

impl Jobs {
    /// Has work done in the next transaction, and waits until it is durable. `committed` is called
    /// by the writer right after the commit, also when the asker has gone.
    pub(super) async fn ask<T, W, C>(&self, work: W, committed: C) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        let (asker, answer) = oneshot::channel();
        let job = Box::new(Asked { work: Some(work), committed, outcome: None, asker });
        self.queue.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Waits until nothing will ever be stored again: the writer has ended, which it never does
    /// while this handle lives, unless it panicked; or a newer run of the daemon has begun.
    pub(super) async fn ended(&self) {
        let mut superseded = self.facts.superseded.subscribe();
        tokio::select! {
            () = self.queue.closed() => {}
            // The sender lives in what this handle holds.
            _ = superseded.wait_for(|superseded| *superseded) => {}
        }
    }

    /// What is to be called once a run has begun, with its number: from then on the writer writes
    /// for it, and for no other.
    pub(super) fn begun(&self) -> impl FnOnce(&Generation) + Send + use<> {
        let facts = Arc::clone(&self.facts);
        move |generation| facts.generation.store(generation.0, Ordering::Relaxed)
    }

    /// Transactions committed so far.
    pub(super) fn commits(&self) -> u64 {
        self.facts.commits.load(Ordering::Relaxed)
    }
}

impl Writer {
    /// Works on a thread of its own until every handle is gone.
    pub(crate) fn start(mut self) -> std::io::Result<StoreThread> {
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || {
            while let Some(first) = self.queue.blocking_recv() {
                self.work_off(first);
            }
            self.end();
        })?;
        Ok(StoreThread(thread))
    }

    /// Works on the runtime's blocking pool until every handle is gone. For tests under paused time;
    /// whoever runs it owns it like any other task.
    #[cfg(test)]
    pub(crate) async fn run(mut self) -> Result<(), WriterPanicked> {
        while let Some(first) = self.queue.recv().await {
            self = tokio::task::spawn_blocking(move || {
                self.work_off(first);
                self
            })
            .await
            .map_err(|_| WriterPanicked)?;
        }
        tokio::task::spawn_blocking(move || self.end()).await.map_err(|_| WriterPanicked)
    }

    /// One transaction for a job and all that wait behind it.
    fn work_off(&mut self, first: Box<dyn Job>) {
        let mut batch = vec![first];
        while batch.len() < BATCH_JOBS_MAX
            && let Ok(next) = self.queue.try_recv()
        {
            batch.push(next);
        }
        let durable = self.in_transaction(|db| run_jobs(db, &mut batch));
        if durable.is_ok() {
            self.facts.commits.fetch_add(1, Ordering::Relaxed);
        }
        for job in batch {
            job.answer(durable.clone());
        }
    }

    /// Does all of some work in one transaction. An error means that nothing of it is durable.
    fn in_transaction(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let db = &self.db;
        // A rollback that failed is tried again before anything else.
        roll_back(db)?;
        execute(db, "BEGIN IMMEDIATE")?;
        let outcome =
            self.check_generation().and_then(|()| work(db)).and_then(|()| execute(db, "COMMIT"));
        if outcome.is_err()
            && let Err(error) = roll_back(db)
        {
            // The first error is the one that askers must hear.
            tracing::warn!(%error, "a failed transaction did not roll back");
        }
        outcome
    }

    /// The run that this writer writes for is still the last one.
    fn check_generation(&self) -> Result<(), StoreError> {
        let ours = self.facts.generation.load(Ordering::Relaxed);
        if ours == NOT_BEGUN || schema::meta(&self.db, schema::GENERATION)? == Some(ours) {
            return Ok(());
        }
        if !self.facts.superseded.send_replace(true) {
            tracing::error!(generation = ours, "a newer run has begun, this one writes no more");
        }
        Err(StoreError::Superseded)
    }

    /// Writes what was still held back, and closes the database.
    fn end(self) {
        let held = self.touches.held();
        let written = || self.in_transaction(|db| sessions::touch(db, &held));
        if !held.is_empty() && written().is_err() {
            tracing::warn!(sessions = held.len(), "the last message times were not written");
        }
        if let Err((_, error)) = self.db.close() {
            tracing::warn!(%error, "the database did not close");
        }
    }
}

impl StoreThread {
    /// Waits for the writer to end: after every handle of the store is gone, and no earlier.
    pub(crate) fn join(self) -> Result<(), WriterPanicked> {
        self.0.join().map_err(|panicked| {
            // The panic was printed where it happened; dropping its payload may not panic again.
            panic::catch_unwind(panic::AssertUnwindSafe(|| drop(panicked))).ok();
            WriterPanicked
        })
    }
}

fn run_jobs(db: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    for job in batch {
        execute(db, "SAVEPOINT job")?;
        let ran = job.run(db);
        if db.is_autocommit() {
            // Some errors (disk full, out of memory) end the whole transaction by themselves.
            return Err(StoreError::RolledBack);
        }
        if ran == Ran::Badly {
            execute(db, "ROLLBACK TO job")?;
        }
        execute(db, "RELEASE job")?;
    }
    Ok(())
}

/// Takes back the open transaction, if there is one: a full disk may have ended it already.
fn roll_back(db: &Connection) -> Result<(), StoreError> {
    if db.is_autocommit() { Ok(()) } else { execute(db, "ROLLBACK") }
}

fn execute(db: &Connection, statement: &str) -> Result<(), StoreError> {
    db.prepare_cached(statement)?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests;
