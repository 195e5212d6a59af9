//! The view reads beside the writer, sees what is committed, and says so when there is nothing.

use super::*;
use crate::store::Generation;
use crate::store::attempts::{self, AttemptOutcome, Counted, NewAttempt, Settlement};
use crate::store::inbox::{self, Route, RouteDecision};
use crate::store::tests::{arrival, chat, check_indexed, new_session};

#[test]
fn there_is_no_view_of_a_database_that_was_never_made() {
    let dir = tempfile::tempdir().unwrap();
    assert!(View::open(&dir.path().join("assistant.db")).unwrap().is_none());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_view_sees_each_commit_and_none_of_what_is_not_committed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assistant.db");
    let db = open::open(&path, WallMs(0)).unwrap();
    let view = View::open(&path).unwrap().unwrap();
    let seen = || view.counts().unwrap().total().seen();

    inbox::accept(&db, &[arrival("a")], WallMs(1)).unwrap();
    assert_eq!(seen(), 1);
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    inbox::accept(&db, &[arrival("b")], WallMs(2)).unwrap();
    assert_eq!(seen(), 1);
    db.execute_batch("COMMIT").unwrap();
    assert_eq!(seen(), 2);
    assert_eq!(view.history(&chat(), 1, None).unwrap()[0].text, "text of b");
}

/// A command that reads beside the daemon can spoil nothing of its.
/// Incidents: J12.
#[test]
fn a_view_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assistant.db");
    let _db = open::open(&path, WallMs(0)).unwrap();
    let view = View::open(&path).unwrap().unwrap();
    assert!(view.db.execute("DELETE FROM cursors", []).is_err());
}

/// What was given up can be found, with the reason.
/// Incidents: 8.
#[test]
fn what_was_given_up_is_listed_with_how_often_it_was_tried() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assistant.db");
    let db = open::open(&path, WallMs(0)).unwrap();
    inbox::accept(&db, &[arrival("a"), arrival("b")], WallMs(1)).unwrap();
    let session = sessions::ensure(&db, &new_session("test:a"), WallMs(2)).unwrap().row;
    let decision = RouteDecision::Session(session);
    inbox::record_routes(&db, &[Route { row: RowId(2), decision }], WallMs(3)).unwrap();
    let attempt = NewAttempt {
        uuid: "1".to_owned(),
        row: RowId(2),
        agent_session: "agent".to_owned(),
        generation: Generation(1),
    };
    attempts::begin(&db, &[attempt], WallMs(4)).unwrap();
    let settlement = Settlement {
        closed: vec![("1".to_owned(), AttemptOutcome::TurnFailed, Counted::Yes)],
        failed: vec![(RowId(2), "poison".to_owned())],
        ..Settlement::default()
    };
    attempts::settle(&db, &settlement, WallMs(5)).unwrap();

    let view = View::open(&path).unwrap().unwrap();
    let dropped = Dropped {
        row: RowId(2),
        chat: chat(),
        reason: "poison".to_owned(),
        counted_attempts: 1,
        deliveries: 1,
        accepted_at: WallMs(1),
        failed_at: WallMs(5),
    };
    assert_eq!(view.dropped().unwrap(), [dropped]);
    assert_eq!(view.sessions().unwrap().len(), 1);
}

#[test]
fn what_was_given_up_is_found_by_index() {
    check_indexed(DROPPED);
}
