//! A whole daemon in one process: a real home, store and test directory, every stage of the flow,
//! and stand-ins for the agents. Only the socket and the process around it are missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::app::crew::{Crew, Stage};
use crate::app::signals::Signals;
use crate::app::{Descent, Parent, Settings, Shared, holds, serve, start};
use crate::clock::{Clock, wall_now};
use crate::config::{Config, Home};
use crate::contacts::Contacts;
use crate::control::protocol::{Answer, Refusal, Request, Status};
use crate::control::question::Peer;
use crate::control::server::Asked;
use crate::exit::Code;
use crate::processes::HomeId;
use crate::session::Spawner;
use crate::session::tests::agents::Agents;
use crate::store::{self, Store, StoreError, WallClock, WriterPanicked};

/// How long a condition is waited for.
const CONDITION_MAX: Duration = Duration::from_mins(10);

/// How often it is looked at meanwhile.
const LOOKED_EVERY: Duration = Duration::from_millis(20);

/// Contacts in `contacts.toml`: enough for a burst over many chats.
const NUMBERS: usize = 30;

/// The address of the n-th chat of the owner.
pub(crate) fn number(n: usize) -> String {
    assert!(n < NUMBERS);
    format!("+155555501{n:02}")
}

/// How a daemon is set up, where a test cares.
pub(crate) struct Setup {
    /// `test.trust`.
    pub(crate) trust: &'static str,
    /// `agent.agents_alive_max`.
    pub(crate) agents_alive_max: usize,
    /// `agent.model`.
    pub(crate) model: Option<&'static str>,
    /// Where the store reads the time.
    pub(crate) clock: WallClock,
    /// Who runs the store.
    pub(crate) writer: WriterOn,
    /// Whether it is held by the daemon's file from its next start on.
    pub(crate) starts: Starts,
}

/// How a daemon starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Starts {
    /// Delivering.
    Free,
    /// Held by [`Daemon::pending`], if that is there.
    HeldByFile,
}

/// Who runs the store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WriterOn {
    /// The blocking pool, for which paused time waits.
    Pool,
    /// Its thread.
    Thread,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            trust: "true",
            agents_alive_max: NUMBERS,
            model: None,
            clock: Arc::new(wall_now),
            writer: WriterOn::Pool,
            starts: Starts::Free,
        }
    }
}

/// A row of the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) chat: String,
    pub(crate) text: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) routed_at_ms: Option<i64>,
    /// Attempts, and how many of them count.
    pub(crate) attempts: (i64, i64),
}

/// A daemon, and what it leaves on the disk between its lives.
pub(crate) struct Daemon {
    pub(crate) agents: Agents,
    dir: TempDir,
    setup: Setup,
    life: Option<Life>,
    dropped: usize,
    tasks_before: usize,
}

/// How long tasks that were ended may take to be gone.
const TASKS_GONE_MAX: Duration = Duration::from_secs(10);

struct Life {
    crew: Crew,
    store: Store,
    requests: mpsc::Sender<Asked>,
    shared: Shared,
    /// The writer and the agents.
    around: JoinSet<()>,
}

impl Daemon {
    /// Starts one on a home of its own.
    pub(crate) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// Starts one that is set up otherwise.
    pub(crate) async fn start_with(setup: Setup) -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("messages")).unwrap();
        let mut daemon = Self {
            agents: Agents::default(),
            dir,
            setup,
            life: None,
            dropped: 0,
            tasks_before: Handle::current().metrics().num_alive_tasks(),
        };
        daemon.start_again().await;
        daemon
    }

    /// Starts it on the home that it had.
    pub(crate) async fn start_again(&mut self) {
        let (spawner, pipes) = mpsc::channel(64);
        let home = self.home();
        home.prepare().unwrap();
        self.configure();
        let clock = Arc::clone(&self.setup.clock);
        let (store, writer) = store::open(&home.database(), clock).unwrap();
        let mut around = JoinSet::new();
        match self.setup.writer {
            WriterOn::Pool => {
                around.spawn(async move {
                    let ended: Result<(), WriterPanicked> = writer.run().await;
                    ended.unwrap();
                });
            }
            WriterOn::Thread => drop(writer.start().unwrap()),
        }
        around.spawn(self.agents.clone().serve(pipes));
        let generation = store.begin_generation().await.unwrap();
        let descent = Descent {
            slot: None,
            held_by: (self.setup.starts == Starts::HeldByFile).then(|| self.pending()),
            parent: Parent::Nobody,
        };
        let held_by = descent.held_by.clone();
        let beginning = holds::Beginning::look(&store, held_by, home.restart_lock()).await.unwrap();
        let shared = Shared {
            agent_version: Arc::default(),
            settings: Settings {
                config: Config::load(&home.config_file(), None).unwrap(),
                contacts: Contacts::open(&home.contacts_file()).unwrap(),
                home,
                began: Instant::now(),
                descent,
                watcher: None,
            },
            clock: Clock::start(),
            store: store.clone(),
            generation,
            spawner: Spawner::Pipe(spawner),
            facts: Arc::default(),
            holds: Some(beginning),
            stop: CancellationToken::new(),
        };
        let (requests, asked) = mpsc::channel(8);
        let home_id = HomeId::of(self.dir.path());
        let (shared, crew) = start(shared, home_id, asked);
        self.life = Some(Life { crew, store, requests, shared, around });
    }

    /// Changes `test.trust` for its next life.
    pub(crate) fn set_trust(&mut self, trust: &'static str) {
        self.setup.trust = trust;
    }

    /// Has its next life start otherwise.
    pub(crate) fn set_starts(&mut self, starts: Starts) {
        self.setup.starts = starts;
    }

    /// The file that can hold delivery.
    pub(crate) fn pending(&self) -> PathBuf {
        self.dir.path().join("pending.json")
    }

    fn configure(&self) {
        let Setup { trust, agents_alive_max, model, .. } = &self.setup;
        let messages = self.messages();
        let model = model.map_or_else(String::new, |model| format!("model = {model:?}\n"));
        let config = format!(
            "[agent]\nprogram = \"claude\"\nagents_alive_max = {agents_alive_max}\n\
             {model}[test]\ndir = {messages:?}\ntrust = {trust}\nwatch = false\n\
             [shutdown]\ndeadline_s = 45\nturn_grace_s = 15\n"
        );
        let handles: Vec<String> = (0..NUMBERS).map(number).collect();
        let contacts =
            format!("[[contact]]\nname = \"owner\"\ntier = \"admin\"\nhandles = {handles:?}\n");
        fs::write(self.home().config_file(), config).unwrap();
        fs::write(self.home().contacts_file(), contacts).unwrap();
    }

    /// Drops a message into the test directory.
    pub(crate) fn write(&mut self, from: &str, text: &str) {
        self.dropped += 1;
        let name = format!("{:06}.json", self.dropped);
        let draft = self.messages().join(format!(".{name}"));
        fs::write(&draft, json!({"from": from, "text": text}).to_string()).unwrap();
        fs::rename(draft, self.messages().join(name)).unwrap();
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let give_up_at = tokio::time::Instant::now() + CONDITION_MAX;
        let mut looks = tokio::time::interval(LOOKED_EVERY);
        while !is_so(self) {
            assert!(
                tokio::time::Instant::now() < give_up_at,
                "not in time: {what}\nrows: {:#?}\nlaunches: {:#?}",
                self.rows(),
                self.agents.launches()
            );
            looks.tick().await;
        }
    }

    /// Waits until nothing is owed any more.
    pub(crate) async fn until_done(&self) {
        let written = self.dropped;
        self.until("nothing owed", |daemon| {
            let rows = daemon.rows();
            let owed = |row: &Row| row.state == "accepted" || row.state == "delivered";
            rows.len() == written && !rows.iter().any(owed)
        })
        .await;
    }

    /// Waits until a chat was sent exactly this.
    pub(crate) async fn until_sent(&self, chat: &str, texts: &[&str]) {
        self.until(&format!("{texts:?} in the outbox"), |daemon| daemon.sent(chat) == texts).await;
    }

    /// What a chat was sent, in order.
    pub(crate) fn sent(&self, chat: &str) -> Vec<String> {
        let Ok(files) = fs::read_dir(self.messages().join("outbox")) else { return Vec::new() };
        let mut replies: Vec<(i64, Value)> = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
            .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
            .map(|reply: Value| (reply["row"].as_i64().unwrap(), reply))
            .collect();
        replies.sort_by_key(|(row, _)| *row);
        let ours = replies.into_iter().filter(|(_, reply)| reply["chat"] == format!("test:{chat}"));
        ours.map(|(_, reply)| reply["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Every row of the inbox, in order.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let db = self.database();
        let mut rows = db
            .prepare(
                "SELECT chat, text, state, reason, routed_at_ms,
                        (SELECT count(*) FROM attempts WHERE attempts.row = inbox.row),
                        (SELECT coalesce(sum(counted), 0) FROM attempts
                         WHERE attempts.row = inbox.row)
                 FROM inbox ORDER BY row",
            )
            .unwrap();
        let read = rows.query_map([], |row| {
            Ok(Row {
                chat: row.get(0)?,
                text: row.get(1)?,
                state: row.get(2)?,
                reason: row.get(3)?,
                routed_at_ms: row.get(4)?,
                attempts: (row.get(5)?, row.get(6)?),
            })
        });
        read.unwrap().map(Result::unwrap).collect()
    }

    /// State and reason of every row, in order.
    pub(crate) fn states(&self) -> Vec<String> {
        let state = |row: Row| match row.reason {
            Some(reason) => format!("{}({reason})", row.state),
            None => row.state,
        };
        self.rows().into_iter().map(state).collect()
    }

    /// The row of a chat's session.
    #[track_caller]
    pub(crate) fn session(&self, chat: &str) -> i64 {
        let chat = format!("test:{chat}");
        let found = "SELECT row FROM sessions WHERE chat = ?1";
        self.database().query_row(found, [chat], |row| row.get(0)).expect("the chat has a session")
    }

    /// How many sessions there ever were.
    pub(crate) fn sessions(&self) -> i64 {
        self.database().query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap()
    }

    /// What the transcript of a session says, entry by entry.
    pub(crate) fn transcript(&self, session: i64) -> Vec<Value> {
        let text = fs::read_to_string(self.home().transcript(session)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The names of a transcript's events.
    pub(crate) fn events(&self, session: i64) -> Vec<String> {
        let event = |entry: Value| entry["event"].as_str().unwrap().to_owned();
        self.transcript(session).into_iter().map(event).collect()
    }

    /// Asks what the socket would.
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        let (answer, answered) = oneshot::channel();
        let life = self.life.as_ref().expect("the daemon lives");
        life.requests.send(Asked { request, peer: Peer::Owner, answer }).await.unwrap();
        answered.await.unwrap()
    }

    /// Asks for the status.
    pub(crate) async fn status(&self) -> Status {
        match self.ask(Request::Status).await {
            Ok(Answer::Status(status)) => *status,
            other => panic!("no status: {other:?}"),
        }
    }

    /// Dies as by `kill -9`: what was not durable is lost, and the agents with it.
    pub(crate) async fn crash(&mut self) {
        let mut life = self.life.take().expect("the daemon lives");
        life.around.shutdown().await;
        drop(life);
        // Paused time stands still while anything blocks: a thread that was at work when the daemon
        // died is through with it after this, as it would be dead in a real crash.
        let nothing = std::future::pending::<()>();
        let _over = tokio::time::timeout(Duration::from_millis(1), nothing).await;
        self.check_tasks().await;
    }

    /// Stops in order; how long it took.
    pub(crate) async fn stop(&mut self) -> Duration {
        self.stop_hurried_by(std::future::pending()).await
    }

    /// Stops in order, and loses patience when `impatience` is over.
    pub(crate) async fn stop_hurried_by(
        &mut self,
        impatience: impl Future<Output = ()>,
    ) -> Duration {
        let began = tokio::time::Instant::now();
        let Life { mut crew, store, around, shared, .. } =
            self.life.take().expect("the daemon lives");
        drop(shared);
        let hurry = crew.hurry.clone();
        let mut down = std::pin::pin!(crew.take_down());
        tokio::select! {
            () = &mut down => {}
            () = impatience => {
                hurry.cancel();
                down.await;
            }
        }
        let took = began.elapsed();
        self.finish(store, around).await;
        took
    }

    /// Runs as the process does, until something ends it; the code that the process ends with.
    pub(crate) async fn serve(&mut self) -> Code {
        let Life { crew, store, around, shared, .. } = self.life.take().expect("the daemon lives");
        let mut signals = Signals::listen().unwrap();
        let code = serve(shared, crew, &mut signals).await.unwrap();
        self.finish(store, around).await;
        code
    }

    async fn finish(&self, store: Store, mut around: JoinSet<()>) {
        // A stand-in in a pipe does not hear TERM.
        self.agents.kill_all();
        match store.flush().await {
            // Another run has the file, and this one has nothing to say any more.
            Ok(()) | Err(StoreError::Superseded) => {}
            Err(failure) => panic!("not flushed: {failure}"),
        }
        drop(store);
        while let Some(ended) = around.join_next().await {
            ended.unwrap();
        }
        self.check_tasks().await;
    }

    /// Stops, and looks whether anything was left behind.
    pub(crate) async fn end(mut self) {
        self.stop().await;
        self.agents.check_content();
        let open = "SELECT count(*) FROM attempts WHERE closed_at_ms IS NULL";
        let open: i64 = self.database().query_row(open, [], |row| row.get(0)).unwrap();
        assert_eq!(open, 0, "attempts left open");
        for folder in ["", "outbox", "claimed"] {
            let left: Vec<PathBuf> = files(&self.messages().join(folder))
                .filter(|path| folder != "outbox" || is_hidden(path))
                .filter(|path| !path.ends_with("claimed/.lock"))
                .collect();
            assert_eq!(left, Vec::<PathBuf>::new(), "files left in the test directory");
        }
    }

    /// Ended tasks are gone a moment after they ended; on real threads of a busy machine the moment
    /// may be long.
    async fn check_tasks(&self) {
        let alive = || Handle::current().metrics().num_alive_tasks();
        let began = Instant::now();
        while alive() != self.tasks_before {
            let left = alive().saturating_sub(self.tasks_before);
            assert!(began.elapsed() < TASKS_GONE_MAX, "{left} tasks left running");
            tokio::task::yield_now().await;
        }
    }

    /// Tasks alive now.
    pub(crate) fn tasks() -> usize {
        Handle::current().metrics().num_alive_tasks()
    }

    /// Whether someone asked it to stop.
    pub(crate) fn is_asked_to_stop(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.shared.stop.is_cancelled())
    }

    /// The task that a stage runs in.
    #[track_caller]
    pub(in crate::app) fn task_of(&self, stage: Stage) -> Id {
        let life = self.life.as_ref().expect("the daemon lives");
        life.crew.task_of(stage).expect("the stage runs")
    }

    /// How many messages are owed an answer.
    pub(crate) fn owed(&self) -> i64 {
        let owed = "SELECT count(*) FROM inbox WHERE state IN ('accepted', 'delivered')";
        self.database().query_row(owed, [], |row| row.get(0)).unwrap()
    }

    /// The home.
    pub(crate) fn home(&self) -> Home {
        Home::at(self.dir.path().join("home"))
    }

    /// The test directory.
    pub(crate) fn messages(&self) -> PathBuf {
        self.dir.path().join("messages")
    }

    /// A look into the database, as a person with `sqlite3` would take it.
    pub(crate) fn database(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(self.home().database(), flags).unwrap()
    }
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().unwrap().as_encoded_bytes().starts_with(b".")
}
