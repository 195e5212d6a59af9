//! One session on a real store, without a router, a supervisor or a sender, and with an agent that
//! the test plays.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::access::{Profile, TestTrust, Tier};
use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Arrival, Voice};
use assistant_core::session::{Command, Hold, Standing};
use assistant_core::time::WallMs;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::claude::options::AgentOptions;
use crate::clock::{Clock, wall_now};
use crate::config::Home;
use crate::contacts::Contacts;
use crate::processes::HomeId;
use crate::restarts::Restarts;
use crate::session::{self, Facts, ORDERS_WAITING_MAX, Order, Spawner, Strings, Surroundings};
use crate::session::{News, NewsKind};
use crate::store::{
    self, Generation, NewSession, Route, RouteDecision, SessionFacts, SessionKind, SessionRecord,
    Store,
};

/// Longer than anything that a session waits for, but an idle agent.
const HEARD_MAX: Duration = Duration::from_mins(2);

/// What is started, and our end of its pipe.
pub(super) type Pipe = (AgentOptions, tokio::io::DuplexStream);

/// The session and what it hangs on.
pub(super) struct World {
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) hold: watch::Sender<Hold>,
    pub(super) facts: watch::Receiver<Facts>,
    pub(super) store: Store,
    pub(super) record: SessionRecord,
    database: Connection,
    pipes: mpsc::Receiver<Pipe>,
    news: mpsc::Receiver<News>,
    routed: watch::Sender<u64>,
    accepted: usize,
    tasks: JoinSet<()>,
    _dir: TempDir,
}

impl World {
    /// A session that has not been asked anything yet.
    pub(super) async fn new() -> Self {
        let owner =
            "[[contact]]\nname = \"owner\"\ntier = \"admin\"\nhandles = [\"+15555550123\"]\n";
        Self::knowing(owner).await
    }

    /// One with other contacts than the session's, as if they had changed since it was made.
    pub(super) async fn knowing(contacts: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let home = Home::at(dir.path().join("home"));
        home.prepare().unwrap();
        std::fs::write(home.contacts_file(), contacts).unwrap();
        let (store, writer) = store::open(&home.database(), Arc::new(wall_now)).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { writer.run().await.unwrap() });
        let record = store.ensure_session(new_session(&home)).await.unwrap();
        let (spawner, pipes) = mpsc::channel(1);
        let (home_id, database) = (HomeId::of(home.root()), home.database());
        let contacts_file = home.contacts_file();
        let queued = Arc::new(Notify::new());
        let restarts = Restarts::of(&home, store.clone(), Arc::clone(&queued));
        let surroundings = Surroundings {
            restarts,
            agent_version: Arc::default(),
            store: store.clone(),
            home,
            home_id,
            generation: Generation(1),
            clock: Clock::start(),
            queued,
            contacts: Contacts::open(&contacts_file).unwrap(),
            trust: TestTrust::Trusted,
            spawner: Spawner::Pipe(spawner),
            memory: None,
            config_dir: None,
            extra_env: BTreeMap::new(),
        };
        let (orders, orders_out) = mpsc::channel(ORDERS_WAITING_MAX);
        let (routed, routed_out) = watch::channel(0);
        let (facts_in, facts) = watch::channel(Facts::new(&record));
        let (news_in, news) = mpsc::channel(64);
        let (hold, hold_out) = watch::channel(Hold::Released);
        let strings = Strings {
            orders: orders_out,
            hold: hold_out,
            routed: routed_out,
            news: news_in,
            facts: facts_in,
        };
        let session = record.clone();
        tasks.spawn(session::run(session, Profile::Admin, Arc::new(surroundings), strings));
        let accepted = 0;
        let database = Connection::open(database).unwrap();
        database.busy_timeout(HEARD_MAX).unwrap();
        Self {
            orders,
            hold,
            facts,
            store,
            record,
            database,
            pipes,
            news,
            routed,
            accepted,
            tasks,
            _dir: dir,
        }
    }

    /// Has the store refuse what `event` names (`UPDATE ON inbox`), until [`World::allow`].
    pub(super) fn forbid(&self, event: &str) {
        let trigger =
            format!("CREATE TRIGGER forbidden BEFORE {event} BEGIN SELECT raise(ABORT, 'no'); END");
        self.database.execute_batch(&trigger).unwrap();
    }

    /// The store takes everything again.
    pub(super) fn allow(&self) {
        self.database.execute_batch("DROP TRIGGER forbidden").unwrap();
    }

    /// The state of every message, in order, with the reason if there is one.
    pub(super) fn states(&self) -> Vec<String> {
        let states = "SELECT concat_ws(': ', state, reason) FROM inbox ORDER BY row";
        let mut states = self.database.prepare(states).unwrap();
        states.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// Waits until the messages are in these states.
    pub(super) async fn until_states(&self, wanted: &[&str]) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let waiting = async {
            while self.states() != wanted {
                looks.tick().await;
            }
        };
        if timeout(HEARD_MAX, waiting).await.is_err() {
            assert_eq!(self.states(), wanted);
        }
    }

    /// Routes a message to the session.
    pub(super) async fn write(&mut self, text: &str) {
        self.put(text).await;
        self.routed.send_modify(|count| *count += 1);
    }

    /// Gives an order, and routes a message after it, before the session can take up either.
    pub(super) async fn write_behind(&mut self, command: Command, text: &str) {
        self.put(text).await;
        self.orders.try_send(Order::Command(command)).unwrap();
        self.routed.send_modify(|count| *count += 1);
    }

    async fn put(&mut self, text: &str) {
        self.accepted += 1;
        let arrival = arrival(&self.record.chat, self.accepted, text);
        let accepted = self.store.accept(vec![arrival], None).await.unwrap();
        let decision = RouteDecision::Session(self.record.row);
        let routes = accepted.iter().map(|one| Route { row: one.row, decision: decision.clone() });
        self.store.record_routes(routes.collect()).await.unwrap();
    }

    /// Waits until the session tells this.
    pub(super) async fn told(&mut self, kind: NewsKind) {
        loop {
            let news = timeout(HEARD_MAX, self.news.recv()).await;
            let news = news.unwrap_or_else(|_| panic!("never told {kind:?}"));
            if news.expect("the session lives").kind == kind {
                return;
            }
        }
    }

    /// Gives it room for an agent, and takes the agent's end of the pipe.
    pub(super) async fn launch(&mut self) -> Played {
        self.told(NewsKind::SlotAsked).await;
        self.orders.send(Order::SlotGranted).await.unwrap();
        let pipe = timeout(HEARD_MAX, self.pipes.recv()).await.expect("an agent is started");
        Played::new(pipe.expect("the session lives"))
    }

    /// Launches the agent and has it answer `initialize`.
    pub(super) async fn ready(&mut self) -> Played {
        let mut agent = self.launch().await;
        agent.answer_initialize().await;
        agent
    }

    /// Takes over where agents come out.
    pub(super) fn take_pipes(&mut self) -> mpsc::Receiver<Pipe> {
        let (_, closed) = mpsc::channel(1);
        std::mem::replace(&mut self.pipes, closed)
    }

    /// Gives an order of its owner.
    pub(super) async fn command(&self, command: Command) {
        self.orders.send(Order::Command(command)).await.unwrap();
    }

    /// Ends the session, agent or not.
    pub(super) async fn end(self) {
        self.command(Command::EndNow).await;
        self.end_of_session().await;
    }

    /// Waits for the end of the session's task.
    pub(super) async fn end_of_session(mut self) {
        let ended = timeout(HEARD_MAX, self.tasks.join_next()).await;
        ended.expect("the session ends").expect("it was there").unwrap();
        assert_eq!(self.facts.borrow().standing, Standing::Ended);
        self.store.flush().await.unwrap();
    }
}

fn new_session(home: &Home) -> NewSession {
    NewSession {
        chat: ChatId::parse("test:+15555550123").unwrap(),
        working_dir: home.work_root().join("here"),
        facts: SessionFacts {
            name: "owner".to_owned(),
            kind: SessionKind::Direct,
            contact: "owner".to_owned(),
            tier: Tier::Admin,
            model: None,
        },
    }
}

fn arrival(chat: &ChatId, n: usize, text: &str) -> Arrival {
    Arrival {
        source: Source::Test,
        key: format!("k{n}"),
        chat: chat.clone(),
        sender: chat.address().to_owned(),
        text: text.to_owned(),
        attachments: Vec::new(),
        group: None,
        transcription: None,
        reply_to: None,
        sent_at: WallMs(1),
        seen_at: WallMs(2),
        voice: Voice::Person,
    }
}

/// An agent that the test plays.
pub(super) struct Played {
    lines: Lines<BufReader<ReadHalf<tokio::io::DuplexStream>>>,
    writer: WriteHalf<tokio::io::DuplexStream>,
}

impl Played {
    pub(super) fn new((_, pipe): Pipe) -> Self {
        let (reader, writer) = tokio::io::split(pipe);
        Self { lines: BufReader::new(reader).lines(), writer }
    }

    /// The next line it is told; `None` at the end of its input.
    pub(super) async fn hear(&mut self) -> Option<Value> {
        let line = timeout(HEARD_MAX, self.lines.next_line()).await.expect("something to hear");
        line.unwrap().map(|line| serde_json::from_str(&line).unwrap())
    }

    /// Waits for the end of its input, however long.
    pub(super) async fn wait_for_end(&mut self) {
        while self.lines.next_line().await.unwrap().is_some() {}
    }

    /// The next line, which must be there.
    pub(super) async fn heard(&mut self) -> Value {
        self.hear().await.expect("a line before the end of the input")
    }

    /// Says something. Whether it was heard cannot be known.
    pub(super) async fn say(&mut self, line: &Value) {
        self.say_raw(&format!("{line}\n")).await;
    }

    pub(super) async fn say_raw(&mut self, text: &str) {
        // The session may have closed the pipe.
        self.writer.write_all(text.as_bytes()).await.ok();
    }

    /// Says how far messages have come.
    pub(super) async fn state(&mut self, state: &str) {
        self.say(&json!({"type": "system", "subtype": "session_state_changed", "state": state}))
            .await;
    }

    /// Ends a turn that covers these messages.
    pub(super) async fn result(&mut self, uuids: &[&Value]) {
        let line = json!({
            "type": "result", "subtype": "success", "is_error": false, "num_turns": 1,
            "terminal_reason": "completed", "result": "done", "user_message_uuids": uuids,
        });
        self.say(&line).await;
    }

    pub(super) async fn answer_initialize(&mut self) {
        let asked = self.heard().await;
        assert_eq!(asked["request"]["subtype"], "initialize");
        self.answer(&asked).await;
    }

    /// Says yes to a request.
    pub(super) async fn answer(&mut self, asked: &Value) {
        let response =
            json!({"subtype": "success", "request_id": asked["request_id"], "response": {}});
        self.say(&json!({"type": "control_response", "response": response})).await;
    }

    /// Asks something of the host, and returns the answer.
    pub(super) async fn ask(&mut self, id: &str, request: &Value) -> Value {
        self.say(&json!({"type": "control_request", "request_id": id, "request": request})).await;
        let answer = self.heard().await;
        assert_eq!(answer["response"]["request_id"], id, "{answer}");
        answer["response"].clone()
    }

    /// Takes a message up, as the program does when it is idle.
    pub(super) async fn take_message(&mut self) -> Value {
        let message = self.heard().await;
        assert_eq!(message["type"], "user", "{message}");
        let uuid = message["uuid"].clone();
        self.state("running").await;
        for state in ["queued", "started"] {
            let line = json!({"type": "command_lifecycle", "command_uuid": uuid, "state": state});
            self.say(&line).await;
        }
        uuid
    }
}
