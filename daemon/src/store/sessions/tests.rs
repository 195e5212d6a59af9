//! The registry keeps what must not change, and changes what may.

use super::*;
use crate::store::tests::{check_indexed, in_memory, new_session};

fn only(db: &Connection) -> SessionRecord {
    let mut records = all(db).unwrap();
    assert_eq!(records.len(), 1);
    records.pop().unwrap()
}

#[test]
fn a_session_is_made_once_and_keeps_what_it_was_made_with() {
    let db = in_memory();
    let made = ensure(&db, &new_session("test:a"), WallMs(1)).unwrap();
    let mut other = new_session("test:a");
    other.working_dir = PathBuf::from("/elsewhere");
    other.facts.name = "other".to_owned();
    assert_eq!(ensure(&db, &other, WallMs(2)).unwrap(), made);
    assert_eq!(only(&db), made);
    assert_eq!((made.created_at, made.updated_at), (WallMs(1), WallMs(1)));
    assert_eq!(made.activity, Activity::Inactive);
}

#[test]
fn what_may_change_changes_and_nothing_else() {
    let db = in_memory();
    let made = ensure(&db, &new_session("test:a"), WallMs(1)).unwrap();
    let facts = SessionFacts {
        name: "new".to_owned(),
        kind: SessionKind::Group,
        contact: "someone".to_owned(),
        tier: Tier::Family,
        model: Some("large".to_owned()),
    };
    set_facts(&db, made.row, &facts, WallMs(5)).unwrap();
    set_agent(&db, made.row, Some("agent"), WallMs(6)).unwrap();
    set_active(&db, made.row, Activity::Active, WallMs(7)).unwrap();
    let expected = SessionRecord {
        facts,
        agent_session: Some("agent".to_owned()),
        activity: Activity::Active,
        updated_at: WallMs(7),
        ..made.clone()
    };
    assert_eq!(only(&db), expected);

    set_active(&db, made.row, Activity::Active, WallMs(8)).unwrap();
    assert_eq!(only(&db), expected, "being active still is no change");
    set_agent(&db, made.row, None, WallMs(9)).unwrap();
    assert_eq!(only(&db).agent_session, None);
}

#[test]
fn the_last_message_time_never_goes_back() {
    let db = in_memory();
    let row = ensure(&db, &new_session("test:a"), WallMs(1)).unwrap().row;
    for (at, expected) in [(5, 5), (3, 5), (9, 9)] {
        touch(&db, &BTreeMap::from([(row, WallMs(at)), (SessionRow(404), WallMs(at))])).unwrap();
        assert_eq!(only(&db).last_message_at, Some(WallMs(expected)));
    }
    assert_eq!(only(&db).updated_at, WallMs(1));
}

#[test]
fn a_number_is_not_given_to_another_session() {
    let db = in_memory();
    let first = ensure(&db, &new_session("test:a"), WallMs(1)).unwrap().row;
    remove(&db, first, WallMs(2)).unwrap();
    assert_eq!(all(&db).unwrap(), []);
    let second = ensure(&db, &new_session("test:a"), WallMs(3)).unwrap();
    assert_ne!(second.row, first);
    assert_eq!(second.created_at, WallMs(3));
}

#[test]
fn a_session_that_is_gone_is_missing() {
    let db = in_memory();
    let error = set_agent(&db, SessionRow(7), Some("agent"), WallMs(1)).unwrap_err();
    assert_eq!(error.to_string(), "find the row in sessions");
}

#[test]
fn every_statement_finds_its_rows_by_index() {
    for sql in [
        BY_CHAT,
        SET_AGENT,
        SET_ACTIVE,
        SET_FACTS,
        TOUCH,
        ABANDON_ATTEMPTS,
        UNROUTE,
        UNLINK,
        DELETE,
    ] {
        check_indexed(sql);
    }
}
