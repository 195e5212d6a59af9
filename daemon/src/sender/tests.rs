use std::os::unix::fs::PermissionsExt as _;

use assistant_core::message::Attachment;

use super::*;
use crate::scene::{Scene, arrival, outgoing, soon};
use crate::store::{Generation, NewAttempt, NewOutgoing};

const CHAT: &str = "test:+15555550123";

/// Every state that a row is taken to, in order.
const TRACE: &str = "
    CREATE TABLE trace (outgoing, state);
    CREATE TRIGGER tracing AFTER UPDATE OF state ON outbox
        BEGIN INSERT INTO trace VALUES (new.row, new.state); END";
const TRACED: &str = "SELECT outgoing, state FROM trace ORDER BY rowid";
const STATES: &str = "SELECT state FROM outbox ORDER BY row";

fn sender(scene: &Scene) -> Sender {
    let (store, test_outbox) = (scene.store.clone(), scene.path("outbox"));
    Sender { store, queued: Arc::new(Notify::new()), test_outbox }
}

/// Starts a sender; the hint to it, and what ends it.
fn start(scene: &mut Scene) -> (Arc<Notify>, CancellationToken) {
    let (sender, cancel) = (sender(scene), CancellationToken::new());
    let queued = Arc::clone(&sender.queued);
    scene.tasks.spawn(sender.run(cancel.clone()));
    (queued, cancel)
}

/// Sends all there is, and ends.
async fn send_all(scene: &Scene) {
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    soon(sender(scene).run(cancelled)).await;
}

fn files(scene: &Scene) -> Vec<String> {
    let entries = std::fs::read_dir(scene.path("outbox")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(scene: &Scene, name: &str) -> u32 {
    std::fs::metadata(scene.path(name)).unwrap().permissions().mode() & 0o777
}

#[tokio::test(start_paused = true)]
async fn a_test_reply_is_a_private_file_named_by_its_row() {
    let scene = Scene::new();
    let picture =
        Attachment { path: "/tmp/a.png".into(), mime: None, name: "a.png".into(), bytes: Some(3) };
    let asked = NewOutgoing { attachments: vec![picture], ..outgoing(CHAT, "on my way\n\"now\"") };
    let at = scene.store.enqueue(asked).await.unwrap().created_at.0;
    send_all(&scene).await;
    let reply = std::fs::read_to_string(scene.path("outbox/1.json")).unwrap();
    let expected = r#"{
  "at": AT,
  "attachments": [
    "/tmp/a.png"
  ],
  "chat": "test:+15555550123",
  "row": 1,
  "text": "on my way\n\"now\""
}"#;
    assert_eq!(reply, expected.replace("AT", &at.to_string()));
    assert_eq!((mode(&scene, "outbox"), mode(&scene, "outbox/1.json")), (0o700, 0o600));
    assert_eq!(files(&scene), ["1.json"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_written_again_is_the_same_file() {
    let scene = Scene::new();
    let reply = scene.store.enqueue(outgoing(CHAT, "hello")).await.unwrap();
    let written = || std::fs::read_to_string(scene.path("outbox/1.json")).unwrap();
    test::write_reply(&scene.path("outbox"), &reply).unwrap();
    let first = written();
    test::write_reply(&scene.path("outbox"), &reply).unwrap();
    assert_eq!(written(), first);
    assert_eq!(files(&scene), ["1.json"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_attempting_before_it_leaves_and_each_goes_after_the_other() {
    let scene = Scene::new();
    scene.sql(TRACE);
    for text in ["a", "b"] {
        scene.store.enqueue(outgoing(CHAT, text)).await.unwrap();
    }
    scene.store.enqueue(outgoing("test:+15555550124", "c")).await.unwrap();
    send_all(&scene).await;
    let expected = ["1|attempting", "1|sent", "2|attempting", "2|sent", "3|attempting", "3|sent"];
    assert_eq!(scene.rows(TRACED), expected);
}

#[tokio::test(start_paused = true)]
async fn what_no_sender_can_take_has_failed_at_once_however_much_it_is() {
    let scene = Scene::new();
    for number in 0..=SENT_AT_ONCE_MAX {
        scene.store.enqueue(outgoing("signal:a", &format!("s{number}"))).await.unwrap();
    }
    scene.store.enqueue(outgoing("imessage:a", "i")).await.unwrap();
    send_all(&scene).await;
    let query = "SELECT source, state, reason, count(*) FROM outbox GROUP BY 1, 2, 3";
    let expected = [
        "imessage|failed|no sender for imessage yet|1",
        "signal|failed|no sender for signal yet|33",
    ];
    assert_eq!(scene.rows(query), expected);
}

#[tokio::test(start_paused = true)]
async fn a_hint_is_enough_and_one_that_came_too_early_is_not_lost() {
    let mut scene = Scene::new();
    let (queued, _cancel) = start(&mut scene);
    for round in 1..4_usize {
        scene.store.enqueue(outgoing(CHAT, &format!("r{round}"))).await.unwrap();
        queued.notify_one();
        scene.until_rows(STATES, &vec!["sent"; round]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_is_stopped_sends_what_is_queued() {
    let mut scene = Scene::new();
    let (_queued, cancel) = start(&mut scene);
    // Nobody tells it of these.
    for number in 0..100 {
        scene.store.enqueue(outgoing(CHAT, &format!("t{number}"))).await.unwrap();
    }
    cancel.cancel();
    soon(scene.tasks.join_next()).await.unwrap().unwrap();
    assert_eq!(scene.rows("SELECT state, count(*) FROM outbox GROUP BY 1"), ["sent|100"]);
    assert_eq!(files(&scene).len(), 100);
}

/// What did not go out is not called sent.
/// Incidents: 25.
#[tokio::test(start_paused = true)]
async fn a_reply_that_cannot_be_written_has_failed_with_the_reason() {
    let scene = Scene::new();
    std::fs::write(scene.path("outbox"), "in the way").unwrap();
    scene.store.enqueue(outgoing(CHAT, "a")).await.unwrap();
    scene.store.enqueue(outgoing(CHAT, "b")).await.unwrap();
    send_all(&scene).await;
    let query = "SELECT state, reason FROM outbox";
    let failed = "failed|write the reply: File exists (os error 17)";
    assert_eq!(scene.rows(query), [failed, failed]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_cannot_be_put_in_its_place_leaves_no_draft() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.path("outbox/1.json")).unwrap();
    scene.store.enqueue(outgoing(CHAT, "a")).await.unwrap();
    send_all(&scene).await;
    assert_eq!(scene.rows(STATES), ["failed"]);
    assert_eq!(files(&scene), ["1.json"]);
}

/// What was done is not done again because it could not be written down.
/// Incidents: 10.
#[tokio::test(start_paused = true)]
async fn a_text_whose_end_was_not_recorded_does_not_hold_up_its_chat() {
    let mut scene = Scene::new();
    scene.forbid("UPDATE OF state ON outbox WHEN new.state = 'sent'");
    for text in ["a", "b"] {
        scene.store.enqueue(outgoing(CHAT, text)).await.unwrap();
    }
    let (_queued, _cancel) = start(&mut scene);
    scene.until_rows(STATES, &["attempting", "queued"]).await;
    tokio::time::advance(STORE_RETRY_AFTER * 3).await;
    assert_eq!(files(&scene), ["1.json"]);
    scene.allow();
    scene.until_rows(STATES, &["sent", "sent"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_became_of_a_text_is_recorded_as_it_was_though_late() {
    let mut scene = Scene::new();
    std::fs::write(scene.path("outbox"), "in the way").unwrap();
    scene.forbid("UPDATE OF state ON outbox WHEN new.state = 'failed'");
    scene.sql(TRACE);
    scene.store.enqueue(outgoing(CHAT, "a")).await.unwrap();
    let (_queued, _cancel) = start(&mut scene);
    scene.until_rows(STATES, &["attempting"]).await;
    std::fs::remove_file(scene.path("outbox")).unwrap();
    scene.allow();
    scene.until_rows(STATES, &["failed"]).await;
    assert_eq!(scene.rows(TRACED), ["1|attempting", "1|failed"]);
    assert!(!scene.path("outbox").exists());
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_before_the_attempt_is_durable() {
    let mut scene = Scene::new();
    scene.forbid("UPDATE OF state ON outbox WHEN new.state = 'attempting'");
    scene.store.enqueue(outgoing(CHAT, "a")).await.unwrap();
    let (_queued, _cancel) = start(&mut scene);
    tokio::time::sleep(STORE_RETRY_AFTER * 3).await;
    assert_eq!(scene.rows(STATES), ["queued"]);
    assert!(!scene.path("outbox").exists());
    scene.allow();
    scene.until_rows(STATES, &["sent"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_waited_for_past_more_words_than_are_kept() {
    let scene = Scene::new();
    let finished = scene.store.finished_outgoing();
    let ours = scene.store.enqueue(outgoing(CHAT, "ours")).await.unwrap();
    let others = async {
        for number in 0..600 {
            let other = outgoing("signal:a", &format!("o{number}"));
            let row = scene.store.enqueue(other).await.unwrap().row;
            scene.store.set_outgoing(row, OutgoingState::Failed, None).await.unwrap();
        }
    };
    others.await;
    let (outcome, ()) = tokio::join!(soon(outcome(&scene.store, finished, &ours)), async {
        let reason = Some("no".to_owned());
        scene.store.set_outgoing(ours.row, OutgoingState::Failed, reason).await.unwrap();
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.state, outcome.reason.as_deref()), (OutgoingState::Failed, Some("no")));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_among_the_words_that_were_missed_is_found() {
    let scene = Scene::new();
    let finished = scene.store.finished_outgoing();
    let ours = scene.store.enqueue(outgoing(CHAT, "ours")).await.unwrap();
    scene.store.set_outgoing(ours.row, OutgoingState::Failed, None).await.unwrap();
    for number in 0..600 {
        let other = outgoing("signal:a", &format!("o{number}"));
        let row = scene.store.enqueue(other).await.unwrap().row;
        scene.store.set_outgoing(row, OutgoingState::Failed, None).await.unwrap();
    }
    let outcome = soon(outcome(&scene.store, finished, &ours)).await.unwrap();
    assert_eq!(outcome.state, OutgoingState::Failed);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_stands_already_is_not_waited_for() {
    let scene = Scene::new();
    let row = scene.store.enqueue(outgoing(CHAT, "a")).await.unwrap().row;
    scene.store.set_outgoing(row, OutgoingState::Failed, None).await.unwrap();
    let again = scene.store.enqueue(outgoing(CHAT, "a")).await.unwrap();
    let outcome = soon(outcome(&scene.store, scene.store.finished_outgoing(), &again)).await;
    assert_eq!(outcome.unwrap().state, OutgoingState::Failed);
}

/// A message that is put before an agent now.
async fn attempted(scene: &Scene) -> RowId {
    let accepted = scene.store.accept(vec![arrival("m", "+15555550123")], None).await.unwrap();
    let row = accepted[0].row;
    let (uuid, agent_session) = ("1".to_owned(), "agent".to_owned());
    let attempt = NewAttempt { uuid, row, agent_session, generation: Generation(1) };
    scene.store.begin_attempts(vec![attempt]).await.unwrap();
    row
}

/// What [`settled`] says within five seconds.
async fn settled_texts(scene: &Scene, message: RowId) -> Vec<(String, OutgoingState)> {
    let chat = ChatId::parse(CHAT).unwrap();
    let texts = settled(&scene.store, &chat, message, Duration::from_secs(5)).await.unwrap();
    texts.into_iter().map(|sent| (sent.text, sent.state)).collect()
}

fn texts(expected: &[(&str, OutgoingState)]) -> Vec<(String, OutgoingState)> {
    expected.iter().map(|&(text, state)| (text.to_owned(), state)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_chat_is_settled_once_its_own_texts_are() {
    let mut scene = Scene::new();
    let message = attempted(&scene).await;
    assert_eq!(settled_texts(&scene, message).await, []);
    for text in ["a", "b"] {
        scene.store.enqueue(outgoing(CHAT, text)).await.unwrap();
    }
    let (sent, ()) = tokio::join!(settled_texts(&scene, message), async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        send_all(&scene).await;
    });
    assert_eq!(sent, texts(&[("a", OutgoingState::Sent), ("b", OutgoingState::Sent)]));
    // Another chat's do not count.
    scene.store.enqueue(outgoing("test:+15555550124", "c")).await.unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(settled_texts(&scene, message).await.len(), 2);
    assert_eq!(before.elapsed(), Duration::ZERO);
    scene.tasks.abort_all();
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_does_not_settle_is_told_as_it_stands() {
    let scene = Scene::new();
    scene.store.enqueue(outgoing(CHAT, "early")).await.unwrap();
    let message = attempted(&scene).await;
    scene.store.enqueue(outgoing(CHAT, "late")).await.unwrap();
    let before = tokio::time::Instant::now();
    let sent = settled_texts(&scene, message).await;
    assert_eq!(sent, texts(&[("late", OutgoingState::Queued)]));
    assert_eq!(before.elapsed(), Duration::from_secs(5));
}
