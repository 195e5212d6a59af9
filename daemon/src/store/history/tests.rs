//! Both directions in one line, page by page, with no text twice and none left out.

use assistant_core::message::Arrival;
use proptest::prelude::*;

use super::*;
use crate::store::tests::{arrival, chat, check_indexed, in_memory, new_outgoing};
use crate::store::{inbox, outbox};

fn came_in(db: &Connection, key: &str, at: i64) {
    let arrival = Arrival { text: key.to_owned(), ..arrival(key) };
    inbox::accept(db, &[arrival], WallMs(at)).unwrap();
}

fn went_out(db: &Connection, key: &str, at: i64) {
    let mut asked = new_outgoing(chat().as_str(), key);
    asked.text = key.to_owned();
    outbox::enqueue(db, &asked, WallMs(at)).unwrap();
}

fn texts(entries: &[HistoryEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.text.as_str()).collect()
}

#[test]
fn both_directions_are_merged_with_the_newest_last() {
    let db = in_memory();
    came_in(&db, "hi", 10);
    went_out(&db, "hello", 20);
    came_in(&db, "how are you", 30);
    came_in(&db, "?", 40);
    went_out(&db, "well", 40);
    let entries = history(&db, &chat(), 10, None).unwrap();
    assert_eq!(texts(&entries), ["hi", "hello", "how are you", "?", "well"]);
    assert_eq!(entries[0].sender.as_deref(), Some("+15555550123"));
    assert_eq!(entries[0].state, HistoryState::In(RowState::Accepted));
    assert_eq!(entries[1].sender, None);
    assert_eq!(entries[1].state, HistoryState::Out(OutgoingState::Queued));
    assert_eq!(texts(&history(&db, &chat(), 2, None).unwrap()), ["?", "well"]);
}

#[test]
fn a_text_is_told_in_full() {
    let db = in_memory();
    let long = "ü".repeat(500_000);
    let whole = Arrival { text: long.clone(), ..arrival("a") };
    inbox::accept(&db, &[whole], WallMs(1)).unwrap();
    assert_eq!(history(&db, &chat(), 1, None).unwrap()[0].text, long);
}

#[test]
fn another_chats_texts_are_not_in_it() {
    let db = in_memory();
    came_in(&db, "mine", 1);
    let theirs = Arrival { chat: ChatId::parse("test:other").unwrap(), ..arrival("theirs") };
    inbox::accept(&db, &[theirs], WallMs(2)).unwrap();
    outbox::enqueue(&db, &new_outgoing("test:other", "ours to them"), WallMs(3)).unwrap();
    assert_eq!(texts(&history(&db, &chat(), 10, None).unwrap()), ["mine"]);
}

#[test]
fn a_place_reads_back_as_it_was_written() {
    let place = HistoryPlace { at: WallMs(17), direction: Direction::Out, row: 3 };
    assert_eq!(place.to_string(), "17-out-3");
    assert_eq!("17-out-3".parse(), Ok(place));
    for bad in ["", "17", "17-out", "17-up-3", "x-in-3", "17-in-3-4", "17-in-"] {
        assert_eq!(bad.parse::<HistoryPlace>(), Err(BadPlace), "{bad}");
    }
}

#[test]
fn every_statement_finds_its_rows_by_index() {
    check_indexed(CAME_IN);
    check_indexed(WENT_OUT);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pages_put_together_are_the_whole_history(
        texts_at in prop::collection::vec((any::<bool>(), 0..6_i64), 0..40),
        page in 1..7_u32,
    ) {
        let db = in_memory();
        for (number, (incoming, at)) in texts_at.iter().enumerate() {
            let key = number.to_string();
            if *incoming { came_in(&db, &key, *at) } else { went_out(&db, &key, *at) }
        }
        let whole = history(&db, &chat(), 100, None).unwrap();
        prop_assert_eq!(whole.len(), texts_at.len());
        prop_assert!(whole.is_sorted_by_key(|entry| entry.place.at()));

        let mut paged: Vec<HistoryEntry> = Vec::new();
        loop {
            let before = paged.first().map(|entry| entry.place);
            let mut older = history(&db, &chat(), page, before).unwrap();
            if older.is_empty() {
                break;
            }
            older.append(&mut paged);
            paged = older;
        }
        prop_assert_eq!(paged, whole);
    }
}
