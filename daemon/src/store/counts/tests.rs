//! The tallies say what a count of the rows would say, and cost the same however many there are.

use assistant_core::chat::ChatId;
use assistant_core::message::{Arrival, RowId};

use super::*;
use crate::store::inbox;
use crate::store::tests::{arrival, check_indexed, in_memory};

#[test]
fn each_source_is_counted_by_state() {
    let db = in_memory();
    assert_eq!(counts(&db).unwrap(), Counts::default());
    inbox::accept(&db, &[arrival("a"), arrival("b")], WallMs(10)).unwrap();
    inbox::accept(&db, &[arrival("b"), arrival("c")], WallMs(20)).unwrap();
    let signal = Arrival {
        source: Source::Signal,
        chat: ChatId::parse("signal:+15555550123").unwrap(),
        ..arrival("d")
    };
    inbox::accept(&db, &[signal], WallMs(30)).unwrap();
    inbox::finish(&db, RowId(1), RowState::Answered, None, WallMs(40)).unwrap();
    inbox::finish(&db, RowId(2), RowState::Failed, Some("poison"), WallMs(40)).unwrap();

    let found = counts(&db).unwrap();
    let test = Tally {
        accepted: 1,
        answered: 1,
        failed: 1,
        oldest_unfinished_at: Some(WallMs(20)),
        ..Tally::default()
    };
    let signal = Tally { accepted: 1, oldest_unfinished_at: Some(WallMs(30)), ..Tally::default() };
    assert_eq!(found.sources, BTreeMap::from([(Source::Test, test), (Source::Signal, signal)]));
    assert_eq!(found.total().seen(), 4);
    assert_eq!(found.total().backlog(), 2);
    assert_eq!(found.total().oldest_unfinished_at, Some(WallMs(20)));
}

#[test]
fn a_deleted_row_is_no_longer_counted() {
    let db = in_memory();
    inbox::accept(&db, &[arrival("a"), arrival("b")], WallMs(10)).unwrap();
    db.execute("DELETE FROM inbox WHERE key = 'a'", []).unwrap();
    assert_eq!(counts(&db).unwrap().total().seen(), 1);
}

#[test]
fn a_source_of_a_newer_version_is_passed_over() {
    let db = in_memory();
    db.execute("INSERT INTO tallies VALUES ('pigeon', 'accepted', 3)", []).unwrap();
    db.execute("INSERT INTO tallies VALUES ('test', 'postponed', 3)", []).unwrap();
    assert_eq!(counts(&db).unwrap().total().seen(), 0);
}

#[test]
fn the_oldest_is_found_by_index() {
    check_indexed(OLDEST);
}
