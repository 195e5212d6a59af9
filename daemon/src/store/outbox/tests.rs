//! What goes out goes out once, in order per chat, and no state is skipped.

use super::*;
use crate::store::attempts::{self, NewAttempt};
use crate::store::inbox;
use crate::store::schema;
use crate::store::tests::{arrival, check_indexed, in_memory, new_outgoing};

fn put(db: &Connection, chat: &str, key: &str) -> OutgoingRow {
    enqueue(db, &new_outgoing(chat, key), WallMs(1)).unwrap().row
}

fn upcoming(db: &Connection, source: Source, limit: u32) -> Vec<Outgoing> {
    next(db, source, OutgoingRow(0), limit).unwrap().rows
}

fn keys(found: &[Outgoing]) -> Vec<&str> {
    found.iter().map(|outgoing| outgoing.asked.key.as_str()).collect()
}

/// Plays states, one after the other, on a fresh row; tells where it ends and where it was refused.
#[track_caller]
fn play(script: &str) -> String {
    let db = in_memory();
    let row = put(&db, "test:a", "k");
    let mut refused = String::new();
    for word in script.split_whitespace() {
        let state = OutgoingState::parse(word).unwrap();
        match set(&db, row, state, Some("why"), WallMs(2)) {
            Ok(now) => assert_eq!(now.state, state),
            Err(StoreError::OutgoingMove { to, .. }) => refused = format!(" not {}", to.as_str()),
            Err(error) => panic!("{error}"),
        }
    }
    let found = outgoing(&db, row).unwrap().unwrap();
    assert_eq!(found.finished_at.is_some(), found.state.is_settled());
    found.state.as_str().to_owned() + &refused
}

#[test]
fn a_text_comes_into_each_state_by_the_one_before() {
    assert_eq!(play(""), "queued");
    assert_eq!(play("attempting sent"), "sent");
    assert_eq!(play("attempting queued attempting failed"), "failed");
    assert_eq!(play("attempting unknown reconciled"), "reconciled");
    assert_eq!(play("attempting unknown queued"), "queued");
    assert_eq!(play("failed"), "failed");
    assert_eq!(play("attempting attempting"), "attempting");
}

#[test]
fn what_went_out_or_failed_stays_so_and_nothing_goes_out_unmarked() {
    assert_eq!(play("sent"), "queued not sent");
    assert_eq!(play("attempting sent queued"), "sent not queued");
    assert_eq!(play("attempting sent failed"), "sent not failed");
    assert_eq!(play("failed attempting"), "failed not attempting");
    assert_eq!(play("attempting unknown sent"), "unknown not sent");
    assert_eq!(play("attempting unknown reconciled queued"), "reconciled not queued");
}

#[test]
fn asking_twice_under_one_key_is_asking_once() {
    let db = in_memory();
    let first = enqueue(&db, &new_outgoing("test:a", "k"), WallMs(1)).unwrap();
    set(&db, first.row, OutgoingState::Attempting, None, WallMs(2)).unwrap();
    let again = enqueue(&db, &new_outgoing("test:a", "k"), WallMs(3)).unwrap();
    assert_eq!(again.row, first.row);
    assert_eq!(again.asked, first.asked);
    assert_eq!(again.state, OutgoingState::Attempting);
    assert_eq!(again.created_at, WallMs(1));
}

#[test]
fn a_key_of_one_chat_says_nothing_of_another_chat() {
    let db = in_memory();
    let first = put(&db, "test:a", "k");
    let second = put(&db, "test:b", "k");
    assert_ne!(first, second);
    assert_eq!(keys(&upcoming(&db, Source::Test, 10)), ["k", "k"]);
}

#[test]
fn another_text_under_the_same_key_is_refused_and_said_to_be() {
    let db = in_memory();
    put(&db, "test:a", "k");
    let grown = |path: &str, bytes| Attachment {
        path: path.to_owned(),
        mime: None,
        name: path.to_owned(),
        bytes: Some(bytes),
    };
    let other = NewOutgoing { text: "other".into(), ..new_outgoing("test:a", "k") };
    let refused = enqueue(&db, &other, WallMs(2)).unwrap_err();
    let why = "put the text in the outbox: its key is that of another text, in outbox row 1";
    assert_eq!(refused.to_string(), why);
    let with = |file| NewOutgoing { attachments: vec![file], ..new_outgoing("test:a", "f") };
    enqueue(&db, &with(grown("/a", 1)), WallMs(3)).unwrap();
    enqueue(&db, &with(grown("/a", 2)), WallMs(4)).unwrap();
    assert!(enqueue(&db, &with(grown("/b", 1)), WallMs(5)).is_err());
}

#[test]
fn a_sender_gets_its_own_texts_oldest_first() {
    let db = in_memory();
    for (chat, key) in
        [("test:a", "1"), ("signal:+15555550123", "2"), ("test:b", "3"), ("test:a", "4")]
    {
        put(&db, chat, key);
    }
    assert_eq!(keys(&upcoming(&db, Source::Test, 10)), ["1", "3", "4"]);
    assert_eq!(keys(&upcoming(&db, Source::Test, 2)), ["1", "3"]);
    assert_eq!(keys(&upcoming(&db, Source::Signal, 10)), ["2"]);
}

#[test]
fn a_chat_whose_text_is_being_sent_waits_and_holds_up_no_other() {
    let db = in_memory();
    let first = put(&db, "test:a", "1");
    put(&db, "test:a", "2");
    put(&db, "test:b", "3");
    set(&db, first, OutgoingState::Attempting, None, WallMs(2)).unwrap();
    assert_eq!(keys(&upcoming(&db, Source::Test, 10)), ["3"]);
    set(&db, first, OutgoingState::Sent, None, WallMs(3)).unwrap();
    assert_eq!(keys(&upcoming(&db, Source::Test, 10)), ["2", "3"]);
}

#[test]
fn what_a_dead_daemon_was_sending_is_sent_again_only_where_that_is_harmless() {
    let db = in_memory();
    schema::set_meta(&db, "generation", 1).unwrap();
    let test = put(&db, "test:a", "1");
    let signal = put(&db, "signal:+15555550123", "2");
    let waiting = put(&db, "signal:+15555550124", "3");
    for row in [test, signal] {
        set(&db, row, OutgoingState::Attempting, None, WallMs(2)).unwrap();
    }
    settle_older(&db, Generation(2), WallMs(3)).unwrap();
    let state = |row| outgoing(&db, row).unwrap().unwrap().state;
    assert_eq!(state(test), OutgoingState::Queued);
    assert_eq!(state(signal), OutgoingState::Unknown);
    assert_eq!(state(waiting), OutgoingState::Queued);
}

#[test]
fn what_this_daemon_is_sending_is_left_alone() {
    let db = in_memory();
    schema::set_meta(&db, "generation", 2).unwrap();
    let row = put(&db, "signal:+15555550123", "1");
    set(&db, row, OutgoingState::Attempting, None, WallMs(2)).unwrap();
    settle_older(&db, Generation(2), WallMs(3)).unwrap();
    assert_eq!(outgoing(&db, row).unwrap().unwrap().state, OutgoingState::Attempting);
}

/// Puts a new message before an agent.
fn attempted(db: &Connection, at: WallMs) -> RowId {
    let row = inbox::accept(db, &[arrival("m")], at).unwrap()[0].row;
    attempt(db, row, "1", at);
    row
}

fn attempt(db: &Connection, row: RowId, uuid: &str, at: WallMs) {
    let (uuid, agent_session) = (uuid.to_owned(), "agent".to_owned());
    let attempt = NewAttempt { uuid, row, agent_session, generation: Generation(1) };
    attempts::begin(db, &[attempt], at).unwrap();
}

#[test]
fn a_chat_is_told_what_it_was_sent_in_whatever_state() {
    let db = in_memory();
    enqueue(&db, &new_outgoing("test:a", "old"), WallMs(1)).unwrap();
    let message = attempted(&db, WallMs(9));
    // A clock that was set back in between changes nothing.
    for (key, at) in [("sent", 5), ("queued", 4)] {
        enqueue(&db, &new_outgoing("test:a", key), WallMs(at)).unwrap();
    }
    attempt(&db, message, "2", WallMs(6));
    enqueue(&db, &new_outgoing("test:b", "elsewhere"), WallMs(7)).unwrap();
    set(&db, OutgoingRow(2), OutgoingState::Attempting, None, WallMs(8)).unwrap();
    set(&db, OutgoingRow(2), OutgoingState::Sent, None, WallMs(9)).unwrap();
    let sent = |text: &str, state| SentText { text: format!("text of {text}"), state };
    assert_eq!(
        sent_since_first_attempt(&db, &ChatId::parse("test:a").unwrap(), message).unwrap(),
        [sent("sent", OutgoingState::Sent), sent("queued", OutgoingState::Queued)]
    );
    let never = sent_since_first_attempt(&db, &ChatId::parse("test:a").unwrap(), RowId(404));
    assert_eq!(never.unwrap(), []);
}

#[test]
fn a_row_that_is_not_there_is_said_to_be_missing() {
    let db = in_memory();
    assert!(outgoing(&db, OutgoingRow(1)).unwrap().is_none());
    let error = set(&db, OutgoingRow(1), OutgoingState::Sent, None, WallMs(1)).unwrap_err();
    assert_eq!(error.to_string(), "find the row in outbox");
}

#[test]
fn unsent_is_what_is_queued_or_with_its_sender_and_nothing_else() {
    let db = in_memory();
    assert_eq!(unsent(&db).unwrap(), 0);
    let [first, second] = ["1", "2"].map(|key| put(&db, "test:a", key));
    set(&db, first, OutgoingState::Attempting, None, WallMs(2)).unwrap();
    assert_eq!(unsent(&db).unwrap(), 2);
    set(&db, first, OutgoingState::Sent, None, WallMs(3)).unwrap();
    assert_eq!(unsent(&db).unwrap(), 1);
    set(&db, second, OutgoingState::Attempting, None, WallMs(4)).unwrap();
    set(&db, second, OutgoingState::Unknown, None, WallMs(5)).unwrap();
    assert_eq!(unsent(&db).unwrap(), 0);
}

#[test]
fn every_statement_finds_its_rows_by_index() {
    for sql in [BY_KEY, BY_ROW, NEXT, MOVE, ATTEMPT, SENT_SINCE, UNSENT, REQUEUE_OLDER, DOUBT_OLDER]
    {
        check_indexed(sql);
    }
}
