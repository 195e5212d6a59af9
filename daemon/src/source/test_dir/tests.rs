//! The whole source, over a real directory and a real store.

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd as _;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use tracing::subscriber::DefaultGuard;

use super::*;
use crate::scene::Scene;

const TEXTS: &str = "SELECT text FROM inbox ORDER BY row";

/// A source that runs in a task, and what it said to the log.
struct Fixture {
    scene: Scene,
    facts: Arc<SourceFacts>,
    cancel: CancellationToken,
    log: Log,
    _subscriber: DefaultGuard,
}

/// Whether the system is asked to tell of changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changes {
    Told,
    Polled,
}

impl Fixture {
    fn new() -> Self {
        Self::with(Changes::Polled)
    }

    fn with(changes: Changes) -> Self {
        let (scene, log) = (Scene::new(), Log::default());
        let copy = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_target(false)
            .with_writer(move || copy.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let (facts, cancel) = (Arc::default(), CancellationToken::new());
        let mut fixture = Self { scene, facts, cancel, log, _subscriber: guard };
        fixture.start(changes, 1);
        fixture
    }

    /// Starts a source, as a life of the daemon does.
    fn start(&mut self, changes: Changes, generation: u64) {
        self.cancel = CancellationToken::new();
        let source = TestDir {
            dir: self.dir(),
            home_id: HomeId::of(self.scene.path("home").as_path()),
            generation,
            watch: changes == Changes::Told,
            intake: Intake::new(self.scene.store.clone(), Arc::new(Notify::new())),
            facts: Arc::clone(&self.facts),
            clock: Clock::start(),
        };
        self.scene.tasks.spawn(source.run(self.cancel.clone()));
    }

    fn dir(&self) -> PathBuf {
        self.scene.path("messages")
    }

    /// Drops a message with its own name as text.
    fn drop_message(&self, name: &str) {
        let text = serde_json::json!({"from": "+15555550123", "text": name}).to_string();
        fs::write(self.dir().join(name), text).unwrap();
    }

    async fn until_texts(&self, texts: &[&str]) {
        self.scene.until_rows(TEXTS, texts).await;
    }

    /// Waits until the source has made its directory and has looked.
    async fn ready(&self) {
        self.until(|| self.dir().join("claimed").is_dir() && self.facts.seen() == 0).await;
    }

    async fn until(&self, condition: impl Fn() -> bool) {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        let waiting = async {
            while !condition() {
                looks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("it comes in time");
    }

    fn claimed(&self) -> usize {
        let entries = fs::read_dir(self.dir().join("claimed")).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().file_name() != ".lock").count()
    }
}

/// What is written to the log, shared.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&written).into_owned();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One file is one row.
/// Incidents: 14.
#[tokio::test(start_paused = true)]
async fn what_is_dropped_becomes_a_row_and_its_file_goes() {
    let fixture = Fixture::new();
    fixture.ready().await;
    let before = wall_now();
    fixture.drop_message("a.json");
    fixture.until_texts(&["a.json"]).await;
    fixture.until(|| fixture.claimed() == 0).await;
    let row = fixture.scene.rows("SELECT source, key, chat, sender, voice, seen_at_ms FROM inbox");
    let (row, seen_at) = row[0].rsplit_once('|').unwrap();
    assert_eq!(row, "test|00000001-0000000000.json|test:+15555550123|+15555550123|person");
    assert!(before.0 <= seen_at.parse().unwrap());
    assert_eq!((fixture.facts.seen(), fixture.facts.errors()), (1, 0));
    assert_eq!(fixture.log.lines(), [""; 0]);
}

/// Where the system tells of no changes.
/// Danger zone: 6.
#[tokio::test(start_paused = true)]
async fn a_message_waits_no_longer_than_a_poll() {
    let fixture = Fixture::new();
    fixture.ready().await;
    let before = Instant::now();
    fixture.drop_message("a.json");
    fixture.until(|| fixture.facts.seen() == 1).await;
    // What a test sees of it comes with a look of its own.
    assert!(before.elapsed() <= POLL_EVERY + Duration::from_millis(5), "{:?}", before.elapsed());
    assert!(!fixture.facts.watching());
}

/// An idle daemon does little else than these looks.
#[tokio::test(start_paused = true)]
async fn where_the_system_tells_of_changes_there_are_fewer_looks() {
    for (changes, expected) in [(Changes::Told, 9..=11), (Changes::Polled, 90..=110)] {
        let fixture = Fixture::with(changes);
        fixture.until(|| fixture.facts.watching() == (changes == Changes::Told)).await;
        fixture.ready().await;
        let clock = Clock::start();
        let (mut looks, mut before_ms) = (0, 0);
        for _ in 0..1000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let ago_ms = fixture.facts.looked_ago_ms(clock.monotonic()).unwrap();
            looks += usize::from(ago_ms < before_ms);
            before_ms = ago_ms;
        }
        assert!(expected.contains(&looks), "{looks}");
    }
}

/// What goes on in `claimed` nobody tells of.
/// Incidents: K7.
#[tokio::test(start_paused = true)]
async fn a_half_written_file_is_looked_at_often_also_where_changes_are_told() {
    let fixture = Fixture::with(Changes::Told);
    fixture.until(|| fixture.facts.watching()).await;
    let mut file = fs::File::create(fixture.dir().join("a.json")).unwrap();
    file.write_all(br#"{"from": "+15555550123", "#).unwrap();
    fixture.until(|| fixture.claimed() == 1).await;
    // Twice as long as a look without being told would take, were all settled.
    for _ in 0..20 {
        tokio::time::sleep(POLL_EVERY).await;
        file.write_all(b" ").unwrap();
    }
    let before = Instant::now();
    file.write_all(br#""text": "a"}"#).unwrap();
    fixture.until(|| fixture.facts.seen() == 1).await;
    assert!(before.elapsed() <= POLL_EVERY + Duration::from_millis(5), "{:?}", before.elapsed());
}

/// They come in the opposite order, all of them are delivered, and by their names.
/// Incidents: J4.
/// Danger zone: 6.
#[tokio::test(start_paused = true)]
async fn the_order_of_many_is_kept() {
    let fixture = Fixture::new();
    fixture.ready().await;
    let names: Vec<String> = (0..500).map(|number| format!("{number:03}.json")).collect();
    for name in names.iter().rev() {
        // Whole, or the source could take them one by one as they come.
        fixture.drop_message(&format!(".{name}"));
    }
    for name in names.iter().rev() {
        fs::rename(fixture.dir().join(format!(".{name}")), fixture.dir().join(name)).unwrap();
    }
    let expected: Vec<String> = names.iter().map(|name| format!(".{name}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    fixture.until_texts(&expected).await;
    fixture.until(|| fixture.claimed() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_file_is_told_without_what_it_says() {
    let fixture = Fixture::new();
    fixture.ready().await;
    fs::write(fixture.dir().join("x.json"), r#"{"from": 7, "text": "secret"}"#).unwrap();
    fixture.until(|| fixture.facts.errors() == 1).await;
    let told = "WARN test message set aside reason=not a test message (line 1, column 10)";
    assert_eq!(fixture.log.lines(), [told]);
    assert!(fixture.dir().join("errors/00000001-0000000000.json.reason").exists());
}

/// A file goes only once its row is durable, and the row knows it again.
/// Incidents: K2, K7.
#[tokio::test(start_paused = true)]
async fn what_was_claimed_before_a_crash_becomes_one_row() {
    let fixture = Fixture::new();
    fixture.ready().await;
    fixture.cancel.cancel();
    let text = |text: &str| format!(r#"{{"from": "+15555550123", "text": "{text}"}}"#);
    let claimed = fixture.dir().join("claimed");
    // One that was claimed and no more, and one whose row was durable already.
    fs::write(claimed.join("00000001-0000000007.json"), text("claimed")).unwrap();
    fs::write(claimed.join("00000001-0000000008.json"), text("accepted")).unwrap();
    let accepted = crate::scene::arrival("00000001-0000000008.json", "+15555550123");
    fixture.scene.store.accept(vec![accepted], None).await.unwrap();
    let mut fixture = fixture;
    fixture.start(Changes::Polled, 2);
    fixture.drop_message("new.json");
    let rows = [
        "00000001-0000000007.json|claimed",
        "00000001-0000000008.json|text of 00000001-0000000008.json",
        "00000002-0000000000.json|new.json",
    ];
    fixture.scene.until_rows("SELECT key, text FROM inbox ORDER BY key", &rows).await;
    fixture.until(|| fixture.claimed() == 0).await;
}

/// A file is unlinked once its message is durable, and not before.
/// What could not be stored stays where it was.
/// Incidents: K3.
/// Danger zone: 6.
#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_loses_nothing_and_is_told_of_once() {
    let fixture = Fixture::new();
    fixture.ready().await;
    fixture.scene.forbid("INSERT ON inbox");
    fixture.drop_message("a.json");
    fixture.until(|| fixture.facts.errors() == 1).await;
    fixture.drop_message("b.json");
    tokio::time::sleep(STORE_RETRY_AFTER * 10).await;
    assert_eq!((fixture.claimed(), fixture.facts.errors(), fixture.facts.seen()), (2, 1, 0));
    fixture.scene.allow();
    fixture.until_texts(&["a.json", "b.json"]).await;
    fixture.until(|| fixture.claimed() == 0).await;
    let lines = fixture.log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("ERROR messages not accepted yet error="), "{lines:?}");
    assert_eq!(lines[1], "INFO messages are accepted again");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_waits_for_the_store_ends_at_once_when_asked() {
    let mut fixture = Fixture::new();
    fixture.ready().await;
    fixture.scene.forbid("INSERT ON inbox");
    fixture.drop_message("a.json");
    fixture.until(|| fixture.facts.errors() == 1).await;
    let before = Instant::now();
    fixture.cancel.cancel();
    fixture.scene.tasks.join_next().await.unwrap().unwrap();
    assert!(before.elapsed() < STORE_RETRY_AFTER);
    // It stays ours for the next life.
    assert_eq!(fixture.claimed(), 1);
}

/// A look that fails is repeated, and not told again and again.
/// A log that repeats itself with every look hides everything else.
/// Incidents: 18.
/// Danger zone: 6.
#[tokio::test(start_paused = true)]
async fn a_directory_that_is_lost_and_found_is_told_of_once_each() {
    let fixture = Fixture::new();
    fixture.ready().await;
    for round in 1..=2 {
        fs::remove_dir_all(fixture.dir()).unwrap();
        fixture.until(|| fixture.facts.errors() == round).await;
        tokio::time::sleep(POLL_EVERY * 20).await;
        assert!(!fixture.dir().exists());
        fs::create_dir(fixture.dir()).unwrap();
        fixture.drop_message(&format!("{round}.json"));
        fixture.until(|| fixture.facts.seen() == round).await;
    }
    fixture.until_texts(&["1.json", "2.json"]).await;
    let lost = "ERROR test directory lost error=No such file or directory (os error 2)";
    let back = "INFO test directory is back";
    assert_eq!(fixture.log.lines(), [lost, back, lost, back]);
    assert_eq!(fixture.facts.errors(), 2);
}

/// Whoever takes another's messages has to be found out.
/// Incidents: 12.
#[tokio::test(start_paused = true)]
async fn a_directory_that_another_daemon_holds_is_left_to_it_and_told_of_once() {
    let mut fixture = Fixture::new();
    fixture.ready().await;
    let (first, first_facts) = (fixture.cancel.clone(), Arc::clone(&fixture.facts));
    fixture.facts = Arc::default();
    fixture.start(Changes::Polled, 1);
    fixture.until(|| fixture.facts.errors() == 1).await;
    for name in ["a.json", "b.json"] {
        fixture.drop_message(name);
        fixture.until(|| fixture.claimed() == 0 && !fixture.dir().join(name).exists()).await;
    }
    tokio::time::sleep(HELD_RETRY_AFTER * 5).await;
    assert_eq!((first_facts.seen(), fixture.facts.seen()), (2, 0));
    assert_eq!(fixture.facts.looked_ago_ms(Duration::ZERO), None);
    first.cancel();
    fixture.drop_message("c.json");
    fixture.until(|| first_facts.seen() + fixture.facts.seen() == 3).await;
    fixture.until(|| fixture.facts.looked_ago_ms(Duration::from_mins(1)).is_some()).await;
    let held = "ERROR test directory is held by another daemon";
    assert_eq!(fixture.log.lines(), [held, "INFO test directory is held by no other any more"]);
    assert_eq!(fixture.facts.errors(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_could_not_be_is_no_look() {
    let fixture = Fixture::new();
    fixture.ready().await;
    let clock = Clock::start();
    fixture.until(|| fixture.facts.looked_ago_ms(clock.monotonic()).is_some()).await;
    fs::remove_dir_all(fixture.dir()).unwrap();
    fixture.until(|| fixture.facts.errors() == 1).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let ago_ms = fixture.facts.looked_ago_ms(clock.monotonic()).unwrap();
    assert!((9_000..12_000).contains(&ago_ms), "{ago_ms}");
}

/// Not under paused time: changes are told by a thread of their own.
#[tokio::test]
async fn changes_are_told_also_of_a_directory_that_was_not_there_or_was_made_anew() {
    let fixture = Fixture::with(Changes::Told);
    fixture.until(|| fixture.facts.watching()).await;
    fixture.drop_message("1.json");
    fixture.until_texts(&["1.json"]).await;
    fs::remove_dir_all(fixture.dir()).unwrap();
    fixture.until(|| !fixture.facts.watching()).await;
    fs::create_dir(fixture.dir()).unwrap();
    fixture.until(|| fixture.facts.watching()).await;
    fixture.drop_message("2.json");
    fixture.until_texts(&["1.json", "2.json"]).await;
    // The very same one.
    fs::rename(fixture.dir(), fixture.scene.path("away")).unwrap();
    fixture.until(|| !fixture.facts.watching()).await;
    fs::rename(fixture.scene.path("away"), fixture.dir()).unwrap();
    fixture.until(|| fixture.facts.watching()).await;
    fixture.drop_message("3.json");
    fixture.until_texts(&["1.json", "2.json", "3.json"]).await;
}

/// Each is claimed half written, while whoever writes it has it open and goes on.
/// Incidents: K7.
#[tokio::test(start_paused = true)]
async fn files_that_are_seen_half_written_all_arrive() {
    let fixture = Fixture::new();
    fixture.ready().await;
    let text = |n| format!(r#"{{"from": "+15555550123", "text": "{n:03}"}}"#);
    let mut files: Vec<_> = (0..100)
        .map(|n| (fs::File::create(fixture.dir().join(format!("{n:03}.json"))).unwrap(), text(n)))
        .collect();
    for (file, text) in &mut files {
        file.write_all(&text.as_bytes()[..20]).unwrap();
    }
    fixture.until(|| fixture.claimed() == files.len()).await;
    // They are looked at again and again meanwhile.
    tokio::time::sleep(POLL_EVERY * 5).await;
    for (file, text) in &mut files {
        file.write_all(&text.as_bytes()[20..]).unwrap();
    }
    let expected: Vec<String> = (0..100).map(|n| format!("{n:03}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    fixture.scene.until_rows("SELECT text FROM inbox ORDER BY text", &expected).await;
    assert_eq!(fixture.facts.errors(), 0);
}

/// What a look opens is closed when it is over. The number of the next file that is opened tells, for
/// it is the lowest that is free.
/// Incidents: 86.
#[test]
fn ten_thousand_looks_leave_no_file_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut claims = Claims::new(dir.path().to_owned(), HomeId::of(dir.path()), 1);
    let lowest_free = || fs::File::open(dir.path()).unwrap().as_raw_fd();
    claims.look(Duration::ZERO).unwrap();
    let before = lowest_free();
    for look in 0..10_000 {
        if look % 100 == 0 {
            fs::write(dir.path().join("x.json"), r#"{"from": "+15555550123"}"#).unwrap();
        }
        let found = claims.look(Duration::from_millis(look)).unwrap();
        let names: Vec<String> = found.ready.into_iter().map(|claimed| claimed.name).collect();
        claims.done(&names);
    }
    // Other tests may have files open in the same process, but not hundreds.
    let after = lowest_free();
    assert!(after < before + 100, "{before} -> {after}");
}
