//! The store as its users see it, on a real file; and what the tests of the tables share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use assistant_core::access::Tier;
use assistant_core::message::Voice;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;

mod succession;

/// The chat of tests that need only one.
pub(super) fn chat() -> ChatId {
    ChatId::parse("test:+15555550123").unwrap()
}

/// A message of that chat.
pub(super) fn arrival(key: &str) -> Arrival {
    Arrival {
        source: Source::Test,
        key: key.to_owned(),
        chat: chat(),
        sender: "+15555550123".to_owned(),
        text: format!("text of {key}"),
        attachments: Vec::new(),
        group: None,
        transcription: None,
        reply_to: None,
        sent_at: WallMs(1),
        seen_at: WallMs(2),
        voice: Voice::Person,
    }
}

/// A session for a chat.
pub(crate) fn new_session(chat: &str) -> NewSession {
    NewSession {
        chat: ChatId::parse(chat).unwrap(),
        working_dir: PathBuf::from("/sessions/here"),
        facts: SessionFacts {
            name: chat.to_owned(),
            kind: SessionKind::Direct,
            contact: "owner".to_owned(),
            tier: Tier::Admin,
            model: None,
        },
    }
}

/// A text for a chat.
pub(super) fn new_outgoing(chat: &str, key: &str) -> NewOutgoing {
    NewOutgoing {
        chat: ChatId::parse(chat).unwrap(),
        text: format!("text of {key}"),
        attachments: Vec::new(),
        key: key.to_owned(),
    }
}

/// A database in memory, for the functions of the tables.
pub(super) fn in_memory() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    db.pragma_update(None, "foreign_keys", true).unwrap();
    schema::migrate(&mut db, WallMs(0)).unwrap();
    db
}

/// How a statement would be carried out, step by step.
pub(super) fn plan(sql: &str) -> Vec<String> {
    let db = in_memory();
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // The plan does not depend on the values, so they stay unbound.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

/// Every step of a statement's plan looks rows up through an index (or the key of the table).
#[track_caller]
pub(super) fn check_indexed(sql: &str) {
    let steps = plan(sql);
    for step in &steps {
        let whole_table = step.starts_with("SCAN ") && !step.contains(" USING ");
        assert!(!whole_table && !step.contains("TEMP B-TREE"), "{sql}\nplan: {steps:#?}");
    }
}

/// A clock that says one more millisecond each time.
fn ticking() -> WallClock {
    let now = AtomicI64::new(0);
    Arc::new(move || WallMs(now.fetch_add(1, Ordering::Relaxed)))
}

fn open_in(dir: &TempDir) -> (Store, Writer) {
    open(&dir.path().join("assistant.db"), ticking()).unwrap()
}

/// A store on a file, its writer on the blocking pool.
struct Fixture {
    dir: TempDir,
    store: Store,
    tasks: JoinSet<Result<(), WriterPanicked>>,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let (store, writer) = open_in(&dir);
        let mut tasks = JoinSet::new();
        tasks.spawn(writer.run());
        Fixture { dir, store, tasks }
    }

    /// Ends the store as the daemon does, and opens what it left.
    async fn reopened(mut self) -> Fixture {
        drop(self.store);
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
        let (store, writer) = open_in(&self.dir);
        self.tasks.spawn(writer.run());
        Fixture { dir: self.dir, store, tasks: self.tasks }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_is_there_after_the_store_was_closed() {
    let fixture = Fixture::new();
    let cursor = CursorUpdate { source: Source::Test, value: "7".to_owned() };
    let accepted =
        fixture.store.accept(vec![arrival("a"), arrival("b")], Some(cursor)).await.unwrap();
    let session = fixture.store.ensure_session(new_session("test:a")).await.unwrap();
    fixture.store.set_agent_session(session.row, "agent-1").await.unwrap();
    fixture.store.set_active(session.row, Activity::Active).await.unwrap();

    let fixture = fixture.reopened().await;
    let unrouted = fixture.store.unrouted(RowId(0), 10).await.unwrap().rows;
    let rows: Vec<RowId> = unrouted.iter().map(|found| found.row).collect();
    assert_eq!(rows, accepted.iter().map(|found| found.row).collect::<Vec<_>>());
    assert_eq!(unrouted[0].arrival, arrival("a"));
    assert_eq!(fixture.store.cursor(Source::Test).await.unwrap().as_deref(), Some("7"));
    let sessions = fixture.store.sessions().await.unwrap();
    assert_eq!(sessions[0].agent_session.as_deref(), Some("agent-1"));
    assert_eq!(sessions[0].activity, Activity::Active);
}

/// A cursor ahead of its rows is a loss at the next crash.
/// Incidents: K2.
#[tokio::test(start_paused = true)]
async fn the_cursor_stays_when_the_rows_it_belongs_to_are_not_stored() {
    let fixture = Fixture::new();
    let cursor = |value: &str| CursorUpdate { source: Source::Test, value: value.to_owned() };
    fixture.store.accept(vec![arrival("a")], Some(cursor("1"))).await.unwrap();
    forbid(&fixture.store, "inbox").await;
    let refused = fixture.store.accept(vec![arrival("b")], Some(cursor("2"))).await;
    assert!(matches!(refused, Err(StoreError::Sql(_))), "{refused:?}");
    assert_eq!(fixture.store.cursor(Source::Test).await.unwrap().as_deref(), Some("1"));
}

/// Makes every later insert into a table fail.
async fn forbid(store: &Store, table: &'static str) {
    let trigger = format!(
        "CREATE TRIGGER forbidden BEFORE INSERT ON {table} BEGIN SELECT raise(ABORT, 'no'); END"
    );
    store.ask(move |db| Ok(db.execute_batch(&trigger)?)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_run_of_the_daemon_has_a_higher_generation() {
    let fixture = Fixture::new();
    assert_eq!(fixture.store.begin_generation().await.unwrap(), Generation(1));
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.begin_generation().await.unwrap(), Generation(2));
}

#[tokio::test(start_paused = true)]
async fn a_new_run_settles_what_the_last_one_left_open() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let generation = store.begin_generation().await.unwrap();
    let session = store.ensure_session(new_session("test:a")).await.unwrap().row;
    let row = store.accept(vec![arrival("a")], None).await.unwrap()[0].row;
    let decision = RouteDecision::Session(session);
    store.record_routes(vec![Route { row, decision }]).await.unwrap();
    let attempt = NewAttempt { uuid: "1".into(), row, agent_session: "agent".into(), generation };
    assert_eq!(store.begin_attempts(vec![attempt]).await.unwrap(), ["1"]);
    let text = store.enqueue(new_outgoing("test:a", "k")).await.unwrap();
    store.set_outgoing(text.row, OutgoingState::Attempting, None).await.unwrap();

    let fixture = fixture.reopened().await;
    let store = &fixture.store;
    store.begin_generation().await.unwrap();
    let closed = vec![("1".to_owned(), AttemptOutcome::AgentEnded, Counted::Yes)];
    store.settle(Settlement { closed, ..Settlement::default() }).await.unwrap();
    let owed = store.unfinished(session, RowId(0), 10).await.unwrap().rows;
    assert_eq!((owed[0].row, owed[0].deliveries, owed[0].counted_attempts), (row, 1, 0));
    let queued = store.next_outgoing(Source::Test, OutgoingRow(0), 10).await.unwrap();
    assert_eq!(queued.rows[0].row, text.row);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_makes_no_message_overtake_another() {
    let mut fixture = Fixture::new();
    let store = &mut fixture.store;
    let generation = store.begin_generation().await.unwrap();
    let session = store.ensure_session(new_session("test:a")).await.unwrap().row;
    for (uuid, says) in [("1", 1000), ("2", 500)] {
        let row = store.accept(vec![arrival(uuid)], None).await.unwrap()[0].row;
        let decision = RouteDecision::Session(session);
        store.record_routes(vec![Route { row, decision }]).await.unwrap();
        store.clock = Arc::new(move || WallMs(says));
        let agent_session = "agent".to_owned();
        let attempt = NewAttempt { uuid: uuid.to_owned(), row, agent_session, generation };
        assert_eq!(store.begin_attempts(vec![attempt]).await.unwrap(), [uuid]);
    }
    let found = store.ask(move |db| order::deliveries(db, generation)).await.unwrap();
    assert_eq!(found, Deliveries { rows: 2, overtaken: Vec::new() });
}

/// An empty queue is not enough: the last batch may not be on the disk yet.
/// Incidents: K-flush.
#[tokio::test(start_paused = true)]
async fn a_flush_returns_when_everything_asked_before_is_durable() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let session = store.ensure_session(new_session("test:a")).await.unwrap();
    let mut asked = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        asked.spawn(async move { store.accept(vec![arrival(&number.to_string())], None).await });
    }
    store.touch(session.row, WallMs(99));
    // One turn of the runtime puts all fifty into the queue; none is answered yet.
    tokio::task::yield_now().await;
    store.flush().await.unwrap();

    let view = View::open(&fixture.dir.path().join("assistant.db")).unwrap().unwrap();
    assert_eq!(view.counts().unwrap().total().accepted, 50);
    assert_eq!(view.sessions().unwrap()[0].last_message_at, Some(WallMs(99)));
}

/// A burst of messages is no burst of writes.
/// Danger zone: 3.
#[tokio::test(start_paused = true)]
async fn two_thousand_touches_are_one_write_and_cost_next_to_nothing() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let session = store.ensure_session(new_session("test:a")).await.unwrap();
    let commits = store.commits();
    // The best of a few: the machine may be busy with something else.
    let elapsed = (0..5).map(|_| {
        let began = Instant::now();
        for at in 0..2000 {
            store.touch(session.row, WallMs(at));
        }
        began.elapsed()
    });
    let elapsed = elapsed.min().unwrap();
    assert!(elapsed < Duration::from_millis(5), "{elapsed:?}");
    store.flush_touches(Duration::from_secs(10)).await.unwrap();
    assert_eq!(store.commits(), commits + 1);
    assert_eq!(store.sessions().await.unwrap()[0].last_message_at, Some(WallMs(1999)));
}

/// Held is only when a message came last, and whoever asks is told of it all the same.
/// Danger zone: 3.
#[tokio::test(start_paused = true)]
async fn touches_are_written_at_most_once_a_second_and_shown_at_once() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let session = store.ensure_session(new_session("test:a")).await.unwrap();
    assert_eq!(store.touches_due(Duration::from_secs(1)), None);
    store.touch(session.row, WallMs(5));
    store.flush_touches(Duration::from_secs(1)).await.unwrap();
    let commits = store.commits();

    store.touch(session.row, WallMs(6));
    assert_eq!(store.touches_due(Duration::from_millis(1100)), Some(Duration::from_secs(2)));
    store.flush_touches(Duration::from_millis(1999)).await.unwrap();
    assert_eq!(store.commits(), commits, "early: nothing is written");
    assert_eq!(store.sessions().await.unwrap()[0].last_message_at, Some(WallMs(6)));
    store.flush_touches(Duration::from_secs(2)).await.unwrap();
    assert_eq!(store.touches_due(Duration::from_secs(2)), None);
}

/// Even an end that forgets the flush loses nothing.
/// Danger zone: 3.
/// Pitfall: 6.
#[tokio::test(start_paused = true)]
async fn touches_that_nobody_flushed_are_written_when_the_store_ends() {
    let fixture = Fixture::new();
    let session = fixture.store.ensure_session(new_session("test:a")).await.unwrap();
    fixture.store.touch(session.row, WallMs(7));
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.sessions().await.unwrap()[0].last_message_at, Some(WallMs(7)));
}

/// A time is let go of once it is written, and not before.
/// Danger zone: 3.
#[tokio::test(start_paused = true)]
async fn touches_are_kept_when_their_write_fails() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let session = store.ensure_session(new_session("test:a")).await.unwrap();
    let forbid = "CREATE TRIGGER forbidden BEFORE UPDATE ON sessions
                  BEGIN SELECT raise(ABORT, 'no'); END";
    store.ask(move |db| Ok(db.execute_batch(forbid)?)).await.unwrap();
    store.touch(session.row, WallMs(7));
    assert!(store.flush().await.is_err());
    store.ask(|db| Ok(db.execute_batch("DROP TRIGGER forbidden")?)).await.unwrap();
    store.flush().await.unwrap();
    assert_eq!(store.touches_due(Duration::ZERO), None);
    assert_eq!(store.sessions().await.unwrap()[0].last_message_at, Some(WallMs(7)));
}

#[tokio::test(start_paused = true)]
async fn a_settled_text_is_announced_after_it_is_durable_and_only_then() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    store.begin_generation().await.unwrap();
    let mut finished = store.finished_outgoing();
    let text = store.enqueue(new_outgoing("test:a", "k")).await.unwrap();
    store.set_outgoing(text.row, OutgoingState::Attempting, None).await.unwrap();
    assert!(finished.try_recv().is_err());
    store.set_outgoing(text.row, OutgoingState::Sent, None).await.unwrap();
    let word = finished.try_recv().unwrap();
    assert_eq!(word, FinishedOutgoing { row: text.row, state: OutgoingState::Sent, reason: None });
    assert!(store.set_outgoing(text.row, OutgoingState::Queued, None).await.is_err());
    assert!(finished.try_recv().is_err());
}

/// To look and to make are one step of the store.
/// Incidents: J1.
#[tokio::test(start_paused = true)]
async fn concurrent_first_messages_of_a_chat_make_one_session() {
    let fixture = Fixture::new();
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        asked.spawn(async move { store.ensure_session(new_session("test:a")).await });
    }
    let mut rows: Vec<SessionRow> = Vec::new();
    while let Some(answer) = asked.join_next().await {
        rows.push(answer.unwrap().unwrap().row);
    }
    rows.dedup();
    assert_eq!(rows.len(), 1);
}

/// One connection writes, whoever asks; a second one tidies up and reads meanwhile.
/// Incidents: 91, 92, 95.
#[tokio::test]
async fn many_write_while_somebody_tidies_up_and_reads_and_no_one_meets_an_error() {
    const WRITERS: i64 = 16;
    const EACH: i64 = 30;
    let fixture = Fixture::new();
    let path = fixture.dir.path().join("assistant.db");
    let mut at_work = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, chat) = (fixture.store.clone(), format!("test:{writer}"));
        at_work.spawn(async move {
            let session = store.ensure_session(new_session(&chat)).await.unwrap().row;
            for n in 0..EACH {
                let arrivals = vec![arrival(&format!("{writer}-{n}"))];
                let row = store.accept(arrivals, None).await.unwrap()[0].row;
                let decision = RouteDecision::Session(session);
                store.record_routes(vec![Route { row, decision }]).await.unwrap();
                store.enqueue(new_outgoing(&chat, &n.to_string())).await.unwrap();
            }
        });
    }
    let beside = path.clone();
    at_work.spawn_blocking(move || {
        let tidier = Connection::open(&beside).unwrap();
        tidier.busy_timeout(Duration::from_mins(1)).unwrap();
        for _ in 0..10 {
            tidier.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
            View::open(&beside).unwrap().unwrap().counts().unwrap();
        }
    });
    while let Some(ended) = at_work.join_next().await {
        ended.unwrap();
    }
    let db = Connection::open(&path).unwrap();
    for table in ["inbox", "outbox"] {
        let numbers = format!("SELECT min(row), max(row), count(*) FROM {table}");
        let numbers = db.query_row(&numbers, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        let all = WRITERS * EACH;
        assert_eq!(numbers.unwrap(), (1, all, all), "{table}: none twice, and no gap");
    }
}

#[test]
fn a_generation_starts_on_the_thread_and_the_thread_ends_with_the_last_handle() {
    let dir = tempfile::tempdir().unwrap();
    let (store, writer) = open_in(&dir);
    let thread = writer.start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let second = store.clone();
    assert_eq!(runtime.block_on(store.begin_generation()).unwrap(), Generation(1));
    drop(store);
    assert_eq!(runtime.block_on(second.begin_generation()).unwrap(), Generation(2));
    drop(second);
    thread.join().unwrap();
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "the log was taken into the database: {left:?}");
}

/// A guard that cannot fire guards nothing.
/// Incidents: 12.
#[test]
#[should_panic(expected = "plan: ")]
fn a_statement_without_an_index_would_be_found_out() {
    check_indexed("SELECT * FROM inbox WHERE sender = ?1");
}
