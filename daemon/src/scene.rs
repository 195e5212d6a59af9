//! What tests of several modules stand on: a store in a directory of its own, with its writer on
//! the blocking pool, so that it works under paused time; and a second connection, through which a
//! test looks at rows and makes the store refuse.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Arrival, Voice};
use assistant_core::time::WallMs;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::store::{self, NewOutgoing, Store};

/// How long anything may take; far more than it does.
const PATIENCE: Duration = Duration::from_mins(1);

/// A directory and a store in it.
pub(crate) struct Scene {
    dir: TempDir,
    /// The store. Its clock says one more millisecond each time.
    pub(crate) store: Store,
    /// Tasks of the test, ended with it.
    pub(crate) tasks: JoinSet<()>,
}

impl Scene {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = AtomicI64::new(0);
        let clock = Arc::new(move || WallMs(now.fetch_add(1, Ordering::Relaxed)));
        let (store, writer) = store::open(&dir.path().join("assistant.db"), clock).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { writer.run().await.unwrap() });
        Self { dir, store, tasks }
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Statements, carried out behind the store's back.
    pub(crate) fn sql(&self, statements: &str) {
        self.beside().execute_batch(statements).unwrap();
    }

    /// What a query finds: a line for each row, `|` between its columns.
    pub(crate) fn rows(&self, query: &str) -> Vec<String> {
        let db = self.beside();
        let mut statement = db.prepare(query).unwrap();
        let columns = statement.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|column| Ok(shown(row.get(column)?)));
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
        };
        statement.query_map([], line).unwrap().map(Result::unwrap).collect()
    }

    /// Makes what `event` names fail (`INSERT ON inbox`), until [`Scene::allow`].
    pub(crate) fn forbid(&self, event: &str) {
        self.sql(&format!(
            "CREATE TRIGGER forbidden BEFORE {event} BEGIN SELECT raise(ABORT, 'no'); END"
        ));
    }

    /// Nothing fails any more.
    pub(crate) fn allow(&self) {
        self.sql("DROP TRIGGER forbidden");
    }

    /// Waits until a query finds just this.
    pub(crate) async fn until_rows(&self, query: &str, wanted: &[&str]) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let waiting = async {
            while self.rows(query) != wanted {
                looks.tick().await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            assert_eq!(self.rows(query), wanted, "{query}");
        }
    }

    fn beside(&self) -> Connection {
        let db = Connection::open(self.path("assistant.db")).unwrap();
        db.busy_timeout(PATIENCE).unwrap();
        db
    }
}

/// Waits for what must come; a test that would hang fails instead.
#[track_caller]
pub(crate) fn soon<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let timeout = tokio::time::timeout(PATIENCE, future);
    async { timeout.await.expect("it comes in time") }
}

/// A test message from `sender` to their own chat.
pub(crate) fn arrival(key: &str, sender: &str) -> Arrival {
    Arrival {
        source: Source::Test,
        key: key.to_owned(),
        chat: ChatId::new(Source::Test, sender).unwrap(),
        sender: sender.to_owned(),
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

/// A text on its way to `chat`, under its own name as key.
pub(crate) fn outgoing(chat: &str, text: &str) -> NewOutgoing {
    NewOutgoing {
        chat: ChatId::parse(chat).unwrap(),
        text: text.to_owned(),
        attachments: Vec::new(),
        key: text.to_owned(),
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}
