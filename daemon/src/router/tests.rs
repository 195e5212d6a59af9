use assistant_core::access::HARNESS;
use assistant_core::chat::Source;
use assistant_core::message::{Arrival, Group, Voice};

use super::*;
use crate::scene::{Scene, arrival, soon};

const OWNER: &str = "+15555550123";
const OWNER_TOO: &str = "owner@example.com";
const SECOND: &str = "+15555550124";
const FAMILY: &str = "+15555550125";
const STRANGER: &str = "+15555550199";

const CONTACTS: &str = r#"
    [[contact]]
    name = "owner"
    tier = "admin"
    handles = ["+15555550123", "owner@example.com"]
    [[contact]]
    name = "second"
    tier = "admin"
    handles = ["+15555550124"]
    [[contact]]
    name = "relative"
    tier = "family"
    handles = ["+15555550125"]
"#;

/// Room for everything that a test wakes.
const ROOMY: usize = 64;

struct Fixture {
    scene: Scene,
    asked: mpsc::Receiver<Ask>,
    supervisor: mpsc::Sender<Ask>,
    accepted: Arc<Notify>,
    trust: TestTrust,
}

impl Fixture {
    fn new() -> Self {
        Self::with_room(ROOMY)
    }

    fn with_room(asks: usize) -> Self {
        let scene = Scene::new();
        std::fs::write(scene.path("contacts.toml"), CONTACTS).unwrap();
        let (supervisor, asked) = mpsc::channel(asks);
        let accepted = Arc::new(Notify::new());
        Self { scene, asked, supervisor, accepted, trust: TestTrust::Trusted }
    }

    /// A router with the contacts that the file has now.
    fn router(&self) -> Router {
        Router {
            store: self.scene.store.clone(),
            contacts: Contacts::open(&self.scene.path("contacts.toml")).unwrap(),
            trust: self.trust,
            accepted: Arc::clone(&self.accepted),
            supervisor: self.supervisor.clone(),
            work_root: "/work".into(),
            model: None,
        }
    }

    /// Starts a router; what ends it.
    fn start(&mut self) -> CancellationToken {
        let cancel = CancellationToken::new();
        self.scene.tasks.spawn(self.router().run(cancel.clone()));
        cancel
    }

    async fn accept(&self, arrivals: Vec<Arrival>) {
        self.scene.store.accept(arrivals, None).await.unwrap();
        self.accepted.notify_one();
    }

    /// Routes what was accepted.
    async fn route(&self) -> Left {
        soon(self.router().route_all(&CancellationToken::new())).await.unwrap()
    }

    /// The sessions woken since the last call, in order.
    fn woken(&mut self) -> Vec<SessionRecord> {
        let mut woken = Vec::new();
        while let Ok(ask) = self.asked.try_recv() {
            let Ask::Wake(record) = ask else { panic!("only wakes are asked here") };
            woken.push(record);
        }
        woken
    }

    fn woken_rows(&mut self) -> Vec<i64> {
        self.woken().iter().map(|record| record.row.0).collect()
    }
}

/// What became of each message: its state, the reason, and the session's chat.
const DECIDED: &str = "
    SELECT state, reason, sessions.chat FROM inbox LEFT JOIN sessions ON session = sessions.row
    ORDER BY inbox.row";

/// What becomes of an arrival.
async fn check(trust: TestTrust, arrival: Arrival, expected: &str) {
    let mut fixture = Fixture { trust, ..Fixture::new() };
    fixture.accept(vec![arrival]).await;
    fixture.route().await;
    assert_eq!(fixture.scene.rows(DECIDED), [expected]);
    assert_eq!(fixture.woken().len(), usize::from(expected.starts_with("accepted")));
}

fn to_group(arrival: Arrival, participants: &[&str]) -> Arrival {
    let participants = participants.iter().map(|&handle| handle.to_owned()).collect();
    Arrival { group: Some(Group { id: "g".into(), name: None, participants }), ..arrival }
}

fn into_chat(arrival: Arrival, chat: &str) -> Arrival {
    Arrival { chat: ChatId::parse(chat).unwrap(), ..arrival }
}

#[tokio::test(start_paused = true)]
async fn every_sender_is_decided_about_by_the_contacts() {
    use TestTrust::{Capped, Trusted};
    check(Trusted, arrival("k", OWNER), "accepted|-|test:+15555550123").await;
    check(Trusted, arrival("k", "(555) 555-0123"), "accepted|-|test:+15555550123").await;
    check(Trusted, arrival("k", FAMILY), "refused|no rights yet|-").await;
    check(Trusted, arrival("k", STRANGER), "refused|unknown sender|-").await;
    check(Trusted, arrival("k", HARNESS), "accepted|-|test:harness").await;
    check(Capped, arrival("k", OWNER), "refused|no rights yet|-").await;
    check(Capped, arrival("k", HARNESS), "accepted|-|test:harness").await;
}

#[tokio::test(start_paused = true)]
async fn a_chat_is_its_senders_own_or_refused() {
    let owner = || arrival("k", OWNER);
    let check = async |arrival, expected| check(TestTrust::Trusted, arrival, expected).await;
    check(into_chat(owner(), "test:owner@example.com"), "accepted|-|test:owner@example.com").await;
    check(into_chat(owner(), "test:+15555550124"), "refused|sender not of this chat|-").await;
    check(into_chat(owner(), "test:harness"), "refused|sender not of this chat|-").await;
    check(into_chat(owner(), "signal:+15555550123"), "refused|chat of another source|-").await;
    let harness = into_chat(arrival("k", HARNESS), "test:+15555550123");
    check(harness, "refused|sender not of this chat|-").await;
}

#[tokio::test(start_paused = true)]
async fn groups_have_no_session_yet() {
    let check = async |arrival, expected| check(TestTrust::Trusted, arrival, expected).await;
    let refused = "refused|no rights yet|-";
    check(to_group(arrival("k", OWNER), &[OWNER, STRANGER]), refused).await;
    check(to_group(arrival("k", STRANGER), &[STRANGER, OWNER]), refused).await;
    let strangers = to_group(arrival("k", STRANGER), &[STRANGER]);
    check(strangers, "ignored|group of strangers|-").await;
}

#[tokio::test(start_paused = true)]
async fn the_owners_own_words_go_by_the_chat() {
    let note = |chat: &str| Arrival { voice: Voice::Note, ..arrival("k", chat) };
    let check = async |arrival, expected| check(TestTrust::Trusted, arrival, expected).await;
    check(note(OWNER), "accepted|-|test:+15555550123").await;
    check(Arrival { voice: Voice::Override, ..note(OWNER) }, "accepted|-|test:+15555550123").await;
    check(note(FAMILY), "refused|no rights yet|-").await;
    check(note(STRANGER), "refused|unknown sender|-").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_is_named_after_its_contact() {
    let mut fixture = Fixture::new();
    fixture.accept(vec![arrival("k", OWNER)]).await;
    fixture.route().await;
    let woken = fixture.woken().remove(0);
    let facts = SessionFacts {
        name: "owner".to_owned(),
        kind: SessionKind::Direct,
        contact: "owner".to_owned(),
        tier: Tier::Admin,
        model: None,
    };
    assert_eq!((woken.row, woken.facts), (SessionRow(1), facts));
    assert_eq!(woken.working_dir.parent(), Some(std::path::Path::new("/work")));
    // Nothing in its name says whose it is.
    let name = woken.working_dir.file_name().unwrap().to_str().unwrap();
    assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_woken_once_for_all_its_rows_of_a_batch() {
    let mut fixture = Fixture::new();
    let senders = [SECOND, OWNER, OWNER, STRANGER, SECOND, OWNER];
    let arrivals =
        senders.iter().enumerate().map(|(key, sender)| arrival(&key.to_string(), sender));
    fixture.accept(arrivals.collect()).await;
    fixture.route().await;
    assert_eq!(fixture.woken_rows(), [1, 2]);
    let query = "SELECT session, count(*) FROM inbox GROUP BY 1 ORDER BY 1";
    assert_eq!(fixture.scene.rows(query), ["-|1", "1|2", "2|3"]);
    // Nothing is left: nobody is woken again.
    fixture.route().await;
    assert_eq!(fixture.woken_rows(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_routed_batch_by_batch_and_each_wakes() {
    let mut fixture = Fixture::new();
    let burst = ROUTED_AT_ONCE_MAX * 2 + 1;
    let arrivals = (0..burst).map(|key| arrival(&key.to_string(), OWNER));
    fixture.accept(arrivals.collect()).await;
    fixture.route().await;
    assert_eq!(fixture.woken_rows(), [1, 1, 1]);
    assert_eq!(fixture.scene.rows("SELECT count(*) FROM inbox WHERE session = 1"), ["129"]);
}

#[tokio::test(start_paused = true)]
async fn two_addresses_of_one_contact_are_two_sessions() {
    let mut fixture = Fixture::new();
    fixture.accept(vec![arrival("a", OWNER), arrival("b", OWNER_TOO)]).await;
    fixture.route().await;
    assert_eq!(fixture.woken_rows(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_contact_renames_the_session_and_moves_nothing() {
    let mut fixture = Fixture::new();
    fixture.accept(vec![arrival("a", OWNER)]).await;
    fixture.route().await;
    let before = fixture.woken().remove(0);
    let renamed = CONTACTS.replace("\"owner\"", "\"me\"");
    std::fs::write(fixture.scene.path("contacts.toml"), renamed).unwrap();
    fixture.accept(vec![arrival("b", OWNER)]).await;
    fixture.route().await;
    let after = fixture.woken().remove(0);
    assert_eq!((after.facts.name.as_str(), after.facts.contact.as_str()), ("me", "me"));
    assert_eq!((after.row, &after.working_dir), (before.row, &before.working_dir));
    assert_eq!(fixture.scene.rows("SELECT name, contact FROM sessions"), ["me|me"]);
}

/// The session's agent may have come to an id since the router saw it first: who begins the session
/// anew must resume by that.
#[tokio::test(start_paused = true)]
async fn a_wake_carries_what_is_on_record_now() {
    let mut fixture = Fixture::new();
    let _cancel = fixture.start();
    fixture.accept(vec![arrival("a", OWNER)]).await;
    let Some(Ask::Wake(first)) = soon(fixture.asked.recv()).await else { panic!("a wake") };
    assert_eq!(first.agent_session, None);
    fixture.scene.store.set_agent_session(first.row, "agent-1").await.unwrap();
    fixture.accept(vec![arrival("b", OWNER)]).await;
    let Some(Ask::Wake(second)) = soon(fixture.asked.recv()).await else { panic!("a wake") };
    assert_eq!(second.agent_session.as_deref(), Some("agent-1"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_removed_is_made_anew() {
    let mut fixture = Fixture::new();
    let _cancel = fixture.start();
    fixture.accept(vec![arrival("a", OWNER)]).await;
    let Some(Ask::Wake(first)) = soon(fixture.asked.recv()).await else { panic!("a wake") };
    fixture.scene.store.remove_session(first.row).await.unwrap();
    fixture.accept(vec![arrival("b", OWNER)]).await;
    let Some(Ask::Wake(second)) = soon(fixture.asked.recv()).await else { panic!("a wake") };
    assert_ne!(first.row, second.row);
    assert_ne!(first.working_dir, second.working_dir);
}

/// Who is refused in their own chat is left without an agent; who meddles with another's chat takes
/// nothing from it.
#[tokio::test(start_paused = true)]
async fn a_session_whose_contact_lost_its_rights_is_left_without_an_agent() {
    let mut fixture = Fixture::new();
    fixture.accept(vec![arrival("a", OWNER), arrival("b", SECOND)]).await;
    fixture.route().await;
    assert_eq!(fixture.woken_rows(), [1, 2]);
    let meddler = |key, sender| into_chat(arrival(key, sender), "test:+15555550123");
    fixture.accept(vec![meddler("c", STRANGER), meddler("d", FAMILY), meddler("e", SECOND)]).await;
    fixture.route().await;
    assert!(fixture.asked.try_recv().is_err(), "the chat keeps its rights");
    std::fs::write(fixture.scene.path("contacts.toml"), CONTACTS.replace("0123", "0100")).unwrap();
    let arrivals = ["f", "g"].map(|key| arrival(key, OWNER));
    fixture.accept(arrivals.into_iter().chain([arrival("h", STRANGER)]).collect()).await;
    fixture.route().await;
    let asked = fixture.asked.try_recv();
    assert!(matches!(asked, Ok(Ask::Kill(SessionRow(1), _))), "{asked:?}");
    assert!(fixture.asked.try_recv().is_err(), "once for both, and for nobody else");
}

/// Not under paused time: how often the contacts' file is looked at goes by the system's clock.
#[tokio::test]
async fn a_contact_that_was_removed_is_refused_from_then_on() {
    let mut fixture = Fixture::new();
    let _cancel = fixture.start();
    fixture.accept(vec![arrival("before", OWNER)]).await;
    assert!(matches!(soon(fixture.asked.recv()).await, Some(Ask::Wake(_))));
    std::fs::write(fixture.scene.path("contacts.toml"), "").unwrap();
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    let refused = async {
        for number in 0.. {
            looks.tick().await;
            fixture.accept(vec![arrival(&number.to_string(), OWNER)]).await;
            if fixture.scene.rows(DECIDED).contains(&"refused|unknown sender|-".to_owned()) {
                return;
            }
        }
    };
    soon(refused).await;
}

/// There is no number of failures after which it stays deaf.
/// Incidents: K17.
#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_is_asked_again_until_all_is_routed() {
    let mut fixture = Fixture::new();
    fixture.scene.forbid("UPDATE ON inbox");
    fixture.accept(vec![arrival("a", OWNER), arrival("b", STRANGER)]).await;
    let _cancel = fixture.start();
    tokio::time::sleep(STORE_RETRY_AFTER * 3).await;
    let undecided = ["accepted|-|-", "accepted|-|-"];
    assert_eq!(fixture.scene.rows(DECIDED), undecided);
    assert_eq!(fixture.woken_rows(), [0; 0]);
    fixture.scene.allow();
    assert!(matches!(soon(fixture.asked.recv()).await, Some(Ask::Wake(_))));
    let decided = ["accepted|-|test:+15555550123", "refused|unknown sender|-"];
    assert_eq!(fixture.scene.rows(DECIDED), decided);
    assert_eq!(fixture.scene.rows("SELECT count(*) FROM sessions"), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_does_not_read_keeps_only_its_own_chat_waiting() {
    let mut fixture = Fixture::new();
    fixture.accept(vec![arrival("a", OWNER)]).await;
    assert_eq!(fixture.route().await, Left::Nothing);
    fixture.woken();
    fixture.scene.sql("UPDATE sessions SET kind = 'pigeon'");
    fixture.accept(vec![arrival("b", OWNER), arrival("c", SECOND), arrival("d", STRANGER)]).await;
    let _cancel = fixture.start();
    let Some(Ask::Wake(second)) = soon(fixture.asked.recv()).await else { panic!("a wake") };
    assert_eq!(second.chat.as_str(), "test:+15555550124");
    let others = ["accepted|-|test:+15555550124", "refused|unknown sender|-"];
    assert_eq!(fixture.scene.rows(DECIDED)[2..], others);
    // Looked at again now and then, not all the time, and taken up once it reads.
    let before = fixture.scene.store.commits();
    tokio::time::sleep(LEFT_RETRY_AFTER * 3).await;
    assert!(fixture.scene.store.commits() - before < 10);
    assert_eq!(fixture.scene.rows(DECIDED)[1], "accepted|-|-");
    fixture.scene.sql("UPDATE sessions SET kind = 'direct'");
    let Some(Ask::Wake(first)) = soon(fixture.asked.recv()).await else { panic!("a wake") };
    assert_eq!(first.chat.as_str(), "test:+15555550123");
}

#[tokio::test(start_paused = true)]
async fn what_comes_behind_a_row_that_was_left_does_not_overtake_it() {
    let mut fixture = Fixture::new();
    let burst = (0..=ROUTED_AT_ONCE_MAX).map(|key| arrival(&key.to_string(), OWNER));
    fixture.accept(burst.collect()).await;
    fixture.scene.forbid("INSERT ON sessions");
    let router = fixture.router();
    let mut left = BTreeSet::new();
    let page = fixture.scene.store.unrouted(RowId(0), ROUTED_AT_ONCE_MAX).await.unwrap();
    router.route_batch(page.rows, &mut left).await.unwrap();
    fixture.scene.allow();
    let page = fixture.scene.store.unrouted(RowId(64), ROUTED_AT_ONCE_MAX).await.unwrap();
    router.route_batch(page.rows, &mut left).await.unwrap();
    let routed = "SELECT count(*) FROM inbox WHERE session IS NOT NULL";
    assert_eq!(fixture.scene.rows(routed), ["0"]);
    assert_eq!(fixture.route().await, Left::Nothing);
    assert_eq!(fixture.scene.rows(routed), ["65"]);
    assert_eq!(fixture.woken_rows(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_working_directory_that_cannot_be_stored_keeps_no_known_session_waiting() {
    use std::os::unix::ffi::OsStringExt as _;
    let mut fixture = Fixture::new();
    fixture.accept(vec![arrival("a", OWNER)]).await;
    fixture.route().await;
    fixture.accept(vec![arrival("b", SECOND), arrival("c", STRANGER), arrival("d", OWNER)]).await;
    let work_root = std::ffi::OsString::from_vec(b"/sessions/\xff".to_vec()).into();
    let router = Router { work_root, ..fixture.router() };
    assert_eq!(soon(router.route_all(&CancellationToken::new())).await.unwrap(), Left::Some);
    let decided = ["accepted|-|-", "refused|unknown sender|-", "accepted|-|test:+15555550123"];
    assert_eq!(fixture.scene.rows(DECIDED)[1..], decided);
    assert_eq!(fixture.woken_rows(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn pages_of_rows_that_do_not_read_hide_no_row_behind_them() {
    let mut fixture = Fixture::new();
    let unread = (0..ROUTED_AT_ONCE_MAX * 2).map(|key| arrival(&key.to_string(), OWNER));
    fixture.accept(unread.collect()).await;
    fixture.scene.sql("UPDATE inbox SET voice = 'pigeon'");
    fixture.accept(vec![arrival("read", OWNER)]).await;
    assert_eq!(fixture.route().await, Left::Nothing);
    assert_eq!(fixture.scene.rows("SELECT row FROM inbox WHERE session = 1"), ["129"]);
    assert_eq!(fixture.woken_rows(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_is_behind_is_waited_for() {
    let mut fixture = Fixture::with_room(1);
    let _cancel = fixture.start();
    let senders = [OWNER, OWNER_TOO, SECOND, HARNESS];
    let arrivals =
        senders.iter().enumerate().map(|(key, sender)| arrival(&key.to_string(), sender));
    fixture.accept(arrivals.collect()).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let mut woken = Vec::new();
    for _ in senders {
        let Some(Ask::Wake(record)) = soon(fixture.asked.recv()).await else { panic!("a wake") };
        woken.push(record.row.0);
    }
    assert_eq!(woken, [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn without_a_supervisor_rows_are_still_routed_for_the_next_start() {
    let mut fixture = Fixture::new();
    fixture.asked.close();
    let cancel = fixture.start();
    let arrivals = (0..=ROUTED_AT_ONCE_MAX).map(|key| arrival(&key.to_string(), OWNER));
    fixture.accept(arrivals.collect()).await;
    let query = "SELECT count(*) FROM inbox WHERE session = 1";
    fixture.scene.until_rows(query, &["65"]).await;
    cancel.cancel();
    soon(fixture.scene.tasks.join_next()).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_before_the_start_needs_no_hint() {
    let mut fixture = Fixture::new();
    fixture.scene.store.accept(vec![arrival("a", OWNER)], None).await.unwrap();
    let _cancel = fixture.start();
    assert!(matches!(soon(fixture.asked.recv()).await, Some(Ask::Wake(_))));
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_source_without_a_name_for_its_sender_is_refused() {
    let strange = Arrival { sender: String::new(), ..arrival("k", OWNER) };
    check(TestTrust::Trusted, strange, "refused|unknown sender|-").await;
    let signal = Arrival {
        source: Source::Signal,
        chat: ChatId::parse("signal:+15555550123").unwrap(),
        ..arrival("k", OWNER)
    };
    check(TestTrust::Capped, signal, "accepted|-|signal:+15555550123").await;
}

/// The burst comes as a source brings it, in batches with a hint each, while the router is at work.
/// Had a hint been lost, the rows behind it would wait for the next one.
/// Incidents: 13, K1.
#[tokio::test(start_paused = true)]
async fn two_thousand_rows_that_come_while_it_routes_are_routed_without_a_pause() {
    const BATCHES: usize = 40;
    const EACH: usize = 50;
    let mut fixture = Fixture::with_room(BATCHES * EACH);
    let _cancel = fixture.start();
    let began = tokio::time::Instant::now();
    for batch in 0..BATCHES {
        let arrivals = (0..EACH).map(|n| arrival(&format!("{batch}-{n}"), OWNER));
        fixture.accept(arrivals.collect()).await;
    }
    let query = "SELECT count(*) FROM inbox WHERE session IS NOT NULL";
    fixture.scene.until_rows(query, &["2000"]).await;
    assert!(began.elapsed() < Duration::from_millis(250), "{:?}", began.elapsed());
}
