//! Two runs of the daemon on one file: the older one was left over, and writes nothing any more.

use super::*;

/// A run that began, and owes an answer to a message.
struct Run {
    store: Store,
    session: SessionRow,
    row: RowId,
    generation: Generation,
    tasks: JoinSet<Result<(), WriterPanicked>>,
}

impl Run {
    async fn begin(dir: &TempDir) -> Run {
        let (store, writer) = open_in(dir);
        let mut tasks = JoinSet::new();
        tasks.spawn(writer.run());
        let generation = store.begin_generation().await.unwrap();
        let session = store.ensure_session(new_session("test:a")).await.unwrap().row;
        let row = store.accept(vec![arrival("owed")], None).await.unwrap()[0].row;
        let decision = RouteDecision::Session(session);
        store.record_routes(vec![Route { row, decision }]).await.unwrap();
        Run { store, session, row, generation, tasks }
    }

    fn attempt(&self, uuid: &str) -> NewAttempt {
        let (uuid, agent_session) = (uuid.to_owned(), "agent".to_owned());
        NewAttempt { uuid, row: self.row, agent_session, generation: self.generation }
    }
}

/// Everything that the tables hold.
fn content(dir: &TempDir) -> Vec<String> {
    let db = Connection::open(dir.path().join("assistant.db")).unwrap();
    let tables = ["meta", "sessions", "inbox", "attempts", "outbox", "cursors", "tallies"];
    let mut lines = Vec::new();
    for table in tables {
        let mut rows = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
        let columns = rows.column_count();
        let line = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
            let value = |at| row.get::<_, rusqlite::types::Value>(at);
            Ok(format!("{table}: {:?}", (0..columns).map(value).collect::<Result<Vec<_>, _>>()?))
        };
        lines.extend(rows.query_map([], line).unwrap().map(Result::unwrap));
    }
    lines
}

#[track_caller]
fn check_refused<T: fmt::Debug>(outcome: &Result<T, StoreError>) {
    assert!(matches!(outcome, Err(StoreError::Superseded)), "{outcome:?}");
}

/// A process that outlived its time can neither take messages, nor hand them to an agent, nor say
/// what became of them, nor send.
/// Incidents: 93.
#[tokio::test(start_paused = true)]
async fn a_run_whose_successor_has_begun_can_neither_accept_nor_begin_nor_settle_nor_send() {
    let dir = tempfile::tempdir().unwrap();
    let mut old = Run::begin(&dir).await;
    let begun = old.store.begin_attempts(vec![old.attempt("1")]).await.unwrap();
    assert_eq!(begun, ["1"]);
    let text = old.store.enqueue(new_outgoing("test:a", "k")).await.unwrap();
    let (new, writer) = open_in(&dir);
    old.tasks.spawn(writer.run());
    assert_eq!(new.begin_generation().await.unwrap(), Generation(2));
    let before = content(&dir);
    let commits = old.store.commits();

    check_refused(&old.store.accept(vec![arrival("late")], None).await);
    check_refused(&old.store.begin_attempts(vec![old.attempt("2")]).await);
    let answered = Settlement { answered: vec!["1".to_owned()], ..Settlement::default() };
    check_refused(&old.store.settle(answered.clone()).await);
    check_refused(&old.store.set_outgoing(text.row, OutgoingState::Attempting, None).await);
    check_refused(&old.store.enqueue(new_outgoing("test:a", "late")).await);
    check_refused(&old.store.set_owner_hold(Hold::Held).await);
    check_refused(&old.store.unfinished(old.session, RowId(0), 10).await);
    check_refused(&old.store.ping().await);
    assert_eq!(old.store.commits(), commits);

    // Not even what it held back until its end.
    old.store.touch(old.session, WallMs(99));
    check_refused(&old.store.flush().await);
    drop(old.store);
    old.tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(content(&dir), before);

    new.accept(vec![arrival("new")], None).await.unwrap();
    drop(new);
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_the_store_hears_that_a_newer_run_has_begun() {
    let dir = tempfile::tempdir().unwrap();
    let mut old = Run::begin(&dir).await;
    let (new, writer) = open_in(&dir);
    old.tasks.spawn(writer.run());
    let over = old.store.ended();
    tokio::pin!(over);
    new.begin_generation().await.unwrap();
    let early = tokio::time::timeout(Duration::from_hours(1), &mut over).await;
    assert!(early.is_err(), "nobody has asked the old one for anything");
    check_refused(&old.store.ping().await);
    tokio::time::timeout(Duration::from_secs(1), over).await.expect("it is told");
}
