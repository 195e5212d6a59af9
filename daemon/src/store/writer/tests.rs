//! Group commit: one transaction for all that wait, and what a failure takes with it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::store::open;
use assistant_core::time::WallMs;

/// A writer on a file, worked off by hand, so that a test decides what waits together.
struct ByHand {
    dir: TempDir,
    jobs: Jobs,
    writer: Writer,
}

impl ByHand {
    fn new() -> ByHand {
        let dir = tempfile::tempdir().unwrap();
        let db = open::open(&dir.path().join("assistant.db"), WallMs(0)).unwrap();
        let (jobs, writer) = writer(db, Arc::new(Touches::default()));
        ByHand { dir, jobs, writer }
    }

    /// Asks each, in order, before the writer sees any; then works all off. Returns the answers.
    fn together(&mut self, asked: Vec<Work>) -> Vec<Result<(), StoreError>> {
        let mut answers: Vec<_> = asked
            .into_iter()
            .map(|work| {
                let jobs = self.jobs.clone();
                Box::pin(async move { jobs.ask(work, |()| {}).await })
            })
            .collect();
        let mut context = Context::from_waker(Waker::noop());
        for answer in &mut answers {
            assert!(answer.as_mut().poll(&mut context).is_pending());
        }
        while let Ok(first) = self.writer.queue.try_recv() {
            self.writer.work_off(first);
        }
        runtime().block_on(async {
            let mut outcomes = Vec::new();
            for answer in answers {
                outcomes.push(answer.await);
            }
            outcomes
        })
    }

    fn cursors(&self) -> Vec<String> {
        let mut statement =
            self.writer.db.prepare("SELECT source FROM cursors ORDER BY source").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

type Work = Box<dyn FnOnce(&Connection) -> Result<(), StoreError> + Send>;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Writes a cursor under a name.
fn write(name: &'static str) -> Work {
    Box::new(move |db| {
        db.execute("INSERT INTO cursors VALUES (?1, '', 0)", [name])?;
        Ok(())
    })
}

/// Runs statements.
fn run(sql: &'static str) -> Work {
    Box::new(move |db| Ok(db.execute_batch(sql)?))
}

#[test]
fn all_that_wait_share_one_commit() {
    let mut store = ByHand::new();
    let names: Vec<&'static str> = vec!["a", "b", "c", "d", "e", "f", "g", "h"];
    let answers = store.together(names.iter().map(|name| write(name)).collect());
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(store.jobs.commits(), 1);
    assert_eq!(store.cursors(), names);
}

#[test]
fn a_batch_is_bounded() {
    let mut store = ByHand::new();
    let reads = (0..=BATCH_JOBS_MAX).map(|_| run("SELECT 1 FROM meta")).collect();
    assert!(store.together(reads).iter().all(Result::is_ok));
    assert_eq!(store.jobs.commits(), 2);
}

#[test]
fn a_job_that_fails_takes_back_its_own_writes_and_no_others() {
    let mut store = ByHand::new();
    let half: Work = Box::new(|db| {
        db.execute("INSERT INTO cursors VALUES ('half', '', 0)", [])?;
        Err(StoreError::WorkingDirNotUtf8)
    });
    let answers =
        store.together(vec![write("a"), half, run("INSERT INTO nowhere VALUES (1)"), write("b")]);
    let failed: Vec<bool> = answers.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, true, false]);
    assert_eq!(store.cursors(), ["a", "b"]);
    assert_eq!(store.jobs.commits(), 1);
}

/// Accepted is durable, or whoever asked is told; and told the cause.
/// Incidents: K3, F-smaller.
#[test]
fn a_commit_that_fails_is_told_to_every_job_of_the_batch_and_the_next_batch_works() {
    let mut store = ByHand::new();
    // A broken reference that is looked at only at the commit.
    let broken = run("PRAGMA defer_foreign_keys = ON;
                      INSERT INTO attempts
                          (uuid, row, agent_session, generation, begun_at_ms, outbox_row)
                      VALUES ('u', 404, 's', 1, 0, 0)");
    let answers = store.together(vec![write("a"), broken, write("b")]);
    assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Sql(_)))), "{answers:?}");
    assert_eq!(store.cursors(), Vec::<String>::new());
    assert_eq!(store.jobs.commits(), 0);

    assert!(store.together(vec![write("c")]).iter().all(Result::is_ok));
    assert_eq!(store.cursors(), ["c"]);
}

#[test]
fn a_transaction_that_ended_by_itself_is_told_to_every_job_of_the_batch() {
    let mut store = ByHand::new();
    // Stands for a full disk, on which SQLite rolls back by itself.
    let ends = run("ROLLBACK");
    let answers = store.together(vec![write("a"), ends, write("b")]);
    assert!(
        answers.iter().all(|answer| matches!(answer, Err(StoreError::RolledBack))),
        "{answers:?}"
    );
    assert_eq!(store.cursors(), Vec::<String>::new());
    assert!(store.together(vec![write("c")]).iter().all(Result::is_ok));
}

/// Accepted is durable, or whoever asked is told.
/// Incidents: K3.
#[test]
fn a_full_disk_is_told_to_whoever_asked_and_spares_what_fits() {
    let mut store = ByHand::new();
    let pages: i64 = store.writer.db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.writer.db.pragma_update(None, "max_page_count", pages + 4).unwrap();
    let large =
        run("INSERT INTO cursors VALUES ('large', zeroblob(0) || hex(randomblob(500000)), 0)");
    let answers = store.together(vec![large]);
    assert!(answers[0].is_err());
    assert!(store.together(vec![write("small")]).iter().all(Result::is_ok));
    assert_eq!(store.cursors(), ["small"]);
}

/// A backup that holds the database for too long costs nothing that was said to be accepted.
/// Incidents: 95, K3.
#[test]
fn a_lock_that_another_holds_too_long_is_told_to_whoever_asked() {
    let mut store = ByHand::new();
    store.writer.db.busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(store.dir.path().join("assistant.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answers = store.together(vec![write("a"), write("b")]);
    assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Sql(_)))), "{answers:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.together(vec![write("c")]).iter().all(Result::is_ok));
    assert_eq!(store.cursors(), ["c"]);
}

#[test]
fn a_job_whose_asker_went_away_still_runs() {
    let mut store = ByHand::new();
    {
        let mut asked = pin!(store.jobs.ask(write("a"), |()| {}));
        let mut context = Context::from_waker(Waker::noop());
        assert!(asked.as_mut().poll(&mut context).is_pending());
    }
    let first = store.writer.queue.try_recv().unwrap();
    store.writer.work_off(first);
    assert_eq!(store.cursors(), ["a"]);
}

#[test]
fn jobs_run_in_the_order_they_were_asked() {
    let mut store = ByHand::new();
    let answers = store.together(vec![
        write("a"),
        run("UPDATE cursors SET source = 'b' WHERE source = 'a'"),
        run("UPDATE cursors SET source = 'c' WHERE source = 'b'"),
    ]);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(store.cursors(), ["c"]);
}

#[test]
fn all_that_came_during_a_commit_share_the_next_ones() {
    const WRITERS: usize = 400;
    let ByHand { dir: _dir, jobs, writer } = ByHand::new();
    let thread = writer.start().unwrap();
    // The first job is the slow commit during which the others come.
    let (release, released) = std::sync::mpsc::channel::<()>();
    let slow = move |_: &Connection| {
        released.recv().ok();
        Ok(())
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(jobs.ask(slow, |()| {}));
    assert!(first.as_mut().poll(&mut context).is_pending());
    let mut others: Vec<_> = (0..WRITERS)
        .map(|number| {
            let insert = move |db: &Connection| {
                db.execute("INSERT INTO cursors VALUES (?1, '', 0)", [number.to_string()])?;
                Ok(())
            };
            Box::pin(jobs.ask(insert, |()| {}))
        })
        .collect();
    for other in &mut others {
        assert!(other.as_mut().poll(&mut context).is_pending());
    }
    release.send(()).unwrap();
    runtime().block_on(async {
        first.await.unwrap();
        for other in others {
            other.await.unwrap();
        }
    });
    assert!(jobs.commits() <= 3, "{} commits", jobs.commits());
    drop(jobs);
    thread.join().unwrap();
}

#[test]
fn a_panic_ends_the_writer_and_everyone_is_told() {
    let ByHand { dir: _dir, jobs, writer } = ByHand::new();
    let thread = writer.start().unwrap();
    runtime().block_on(async {
        let bug = |_: &Connection| -> Result<(), StoreError> { panic!("a bug in a job") };
        assert!(matches!(jobs.ask(bug, |()| {}).await, Err(StoreError::Closed)));
        jobs.ended().await;
        assert!(matches!(jobs.ask(write("a"), |()| {}).await, Err(StoreError::Closed)));
    });
    drop(jobs);
    assert_eq!(thread.join(), Err(WriterPanicked));
}
