//! What a candidate's own words are taken for.

use super::*;
use crate::control::protocol::LastError;

fn status() -> Status {
    Status { pid: 7, generation: 3, held: true, ..Status::default() }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Status), expected: Option<&str>) {
    let ready = Ready::parse(r#"READY {"pid":7,"generation":3,"ready_ms":41}"#).unwrap();
    let mut status = status();
    change(&mut status);
    assert_eq!(fault_of(&status, &ready).as_deref(), expected);
}

#[test]
fn a_status_is_that_of_the_process_that_was_started_held_and_without_an_error() {
    check(|_| {}, None);
    check(|status| status.pid = 8, Some("pid 8 of generation 3"));
    check(|status| status.generation = 4, Some("pid 7 of generation 4"));
    check(|status| status.held = false, Some("messages are not held"));
    check(|status| status.contacts_error = Some("line 3".to_owned()), Some("line 3"));
    let what = "the store ended".to_owned();
    check(
        |status| status.last_error = Some(LastError { what, ..LastError::default() }),
        Some("the store ended"),
    );
}

#[test]
fn only_a_whole_reply_to_the_built_in_contact_with_the_word_is_an_answer() {
    let outbox = tempfile::tempdir().unwrap();
    let reply = |name: &str, chat: &str, text: &str| {
        let reply = json!({ "row": 1, "chat": chat, "text": text }).to_string();
        fs::write(outbox.path().join(name), reply).unwrap();
    };
    assert!(!has_answer(&outbox.path().join("none"), "word"));
    reply("1.json", "test:harness", "another");
    reply("2.json", "test:+15555550123", "the word");
    reply(".3.json.draft", "test:harness", "the word");
    fs::write(outbox.path().join("4.json"), "half").unwrap();
    assert!(!has_answer(outbox.path(), "word"));
    reply("5.json", "test:harness", "the word");
    assert!(has_answer(outbox.path(), "word"));
}

#[test]
fn a_stand_in_that_is_not_there_is_named() {
    let said = agent(Some(Path::new("/nowhere/stand-in"))).unwrap_err().to_string();
    assert_eq!(said, "find the stand-in: /nowhere/stand-in: no such program (--agent)");
}

/// Its agent would work in the real home, and be asked for a conversation that the stand-in never had.
#[tokio::test]
async fn the_session_of_the_built_in_contact_is_not_taken_over_and_others_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assistant.db");
    let (store, writer) = store::open(&path, Arc::new(wall_now)).unwrap();
    let thread = writer.start().unwrap();
    for chat in ["test:harness", "test:+15555550123"] {
        store.ensure_session(store::tests::new_session(chat)).await.unwrap();
    }
    drop(store);
    thread.join().unwrap();
    migrate(path.clone()).await.unwrap();
    let left = store::View::open(&path).unwrap().unwrap().sessions().unwrap();
    let left: Vec<&str> = left.iter().map(|session| session.chat.as_str()).collect();
    assert_eq!(left, ["test:+15555550123"]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_takes_too_long_is_given_up_and_named() {
    let never = std::future::pending::<()>();
    let late = within("see READY", READY_MAX, never).await.unwrap_err();
    assert_eq!(late.to_string(), "see READY within 30 s");
    assert_eq!(within("see READY", READY_MAX, async { 3 }).await.unwrap(), 3);
}

/// On the copy it has all the time in the world; live it would be given up in the middle.
#[tokio::test(start_paused = true)]
async fn a_migration_that_takes_longer_than_a_start_may_is_refused() {
    let lasting = |seconds| async move {
        sleep(Duration::from_secs(seconds)).await;
        Ok(())
    };
    assert!(in_time(lasting(14)).await.is_ok());
    let wrong = in_time(lasting(16)).await.unwrap_err();
    assert_eq!(
        format!("failed to {wrong}"),
        "failed to migrate the database as fast as a start has to: not done within 15 s on a copy, \
         and a daemon that is not ready after 30 s is given up"
    );
}
