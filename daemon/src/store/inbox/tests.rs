//! What comes in is kept whole, once, and in order.

use assistant_core::chat::ChatId;
use assistant_core::message::{Attachment, Group, Voice};
use rusqlite::params;

use super::*;
use crate::store::Generation;
use crate::store::attempts::{self, AttemptOutcome, Counted, NewAttempt, Settlement};
use crate::store::sessions;
use crate::store::tests::{arrival, check_indexed, in_memory, new_session, plan};

fn rows(found: &[InboxRow]) -> Vec<&str> {
    found.iter().map(|row| row.arrival.key.as_str()).collect()
}

fn undecided(db: &Connection, limit: u32) -> Vec<InboxRow> {
    unrouted(db, RowId(0), limit).unwrap().rows
}

fn route(db: &Connection, row: RowId, chat: &str) -> SessionRow {
    let session = sessions::ensure(db, &new_session(chat), WallMs(0)).unwrap().row;
    let decision = RouteDecision::Session(session);
    record_routes(db, &[Route { row, decision }], WallMs(1)).unwrap();
    session
}

#[test]
fn an_arrival_is_kept_whole() {
    let db = in_memory();
    let whole = Arrival {
        source: Source::Signal,
        chat: ChatId::parse("signal:+15555550123").unwrap(),
        text: "line\nline\u{0}\u{202e}\"'; DROP TABLE inbox; --".to_owned(),
        attachments: vec![
            Attachment { path: "/a b".into(), mime: None, name: "ü\n".into(), bytes: None },
            Attachment {
                path: "/c".into(),
                mime: Some("image/heic".into()),
                name: String::new(),
                bytes: Some(u64::MAX),
            },
        ],
        group: Some(Group { id: "g".into(), name: None, participants: vec!["+1".into()] }),
        transcription: Some("said".into()),
        reply_to: Some("earlier".into()),
        sent_at: WallMs(-5),
        seen_at: WallMs(i64::MAX),
        voice: Voice::Override,
        ..arrival("a")
    };
    accept(&db, std::slice::from_ref(&whole), WallMs(3)).unwrap();
    let found = undecided(&db, 10);
    assert_eq!(found, [InboxRow { row: RowId(1), arrival: whole, accepted_at: WallMs(3) }]);
}

/// However late it comes again, and however many came in between: keys are not forgotten.
/// Incidents: 14, 21.
#[test]
fn the_same_key_is_the_same_row_and_keeps_what_came_first() {
    let db = in_memory();
    let first = accept(&db, &[arrival("a"), arrival("b")], WallMs(1)).unwrap();
    let again = Arrival { text: "other".into(), ..arrival("a") };
    let second = accept(&db, &[again, arrival("c"), arrival("c")], WallMs(2)).unwrap();
    assert_eq!(second[0], Accepted { row: first[0].row, freshness: Freshness::Known });
    assert_eq!(second[1].freshness, Freshness::New);
    assert_eq!(second[2], Accepted { row: second[1].row, freshness: Freshness::Known });
    let found = undecided(&db, 10);
    assert_eq!(rows(&found), ["a", "b", "c"]);
    assert_eq!(found[0].arrival.text, "text of a");
}

#[test]
fn the_same_key_of_another_source_is_another_message() {
    let db = in_memory();
    let signal = Arrival {
        source: Source::Signal,
        chat: ChatId::parse("signal:+15555550123").unwrap(),
        ..arrival("a")
    };
    let accepted = accept(&db, &[arrival("a"), signal], WallMs(1)).unwrap();
    assert!(accepted.iter().all(|found| found.freshness == Freshness::New));
}

#[test]
fn what_is_routed_is_no_longer_on_the_routers_list() {
    let db = in_memory();
    accept(&db, &[arrival("a"), arrival("b"), arrival("c")], WallMs(1)).unwrap();
    assert_eq!(rows(&undecided(&db, 2)), ["a", "b"]);
    route(&db, RowId(2), "test:a");
    let refused = RouteDecision::Refused("no rights yet".into());
    record_routes(&db, &[Route { row: RowId(1), decision: refused }], WallMs(2)).unwrap();
    assert_eq!(rows(&undecided(&db, 10)), ["c"]);
}

#[test]
fn a_message_stays_with_the_session_it_was_routed_to_first() {
    let db = in_memory();
    accept(&db, &[arrival("a")], WallMs(1)).unwrap();
    let first = route(&db, RowId(1), "test:a");
    route(&db, RowId(1), "test:b");
    assert_eq!(sessions_with_unfinished(&db).unwrap(), [first]);
}

/// Dates do not come in order, and whoever goes on behind a date goes back or leaves out.
/// Incidents: K5.
#[test]
fn rows_go_by_their_arrival_whatever_their_dates_say() {
    let db = in_memory();
    let dated = |key, at| Arrival { sent_at: WallMs(at), seen_at: WallMs(at), ..arrival(key) };
    accept(&db, &[dated("a", 30), dated("b", 10), dated("c", 20)], WallMs(1)).unwrap();
    assert_eq!(rows(&undecided(&db, 10)), ["a", "b", "c"]);
    assert_eq!(rows(&unrouted(&db, RowId(1), 10).unwrap().rows), ["b", "c"]);
}

#[test]
fn a_session_is_told_what_it_owes_page_by_page() {
    let db = in_memory();
    let keys: Vec<Arrival> = (0..7).map(|number| arrival(&number.to_string())).collect();
    accept(&db, &keys, WallMs(1)).unwrap();
    let session = route(&db, RowId(1), "test:a");
    for row in 2..=6 {
        route(&db, RowId(row), "test:a");
    }
    let other = route(&db, RowId(7), "test:b");
    finish(&db, RowId(3), RowState::Failed, Some("poison"), WallMs(2)).unwrap();

    let page = |after, limit| -> Vec<i64> {
        let owed = unfinished(&db, session, RowId(after), limit).unwrap().rows;
        owed.iter().map(|pending| pending.row.0).collect()
    };
    assert_eq!(page(0, 3), [1, 2, 4]);
    assert_eq!(page(4, 3), [5, 6]);
    assert_eq!(page(6, 3), [0; 0]);
    assert_eq!(sessions_with_unfinished(&db).unwrap(), [session, other]);
}

/// Kept with the row: a crash of the daemon does not begin the count anew.
/// Incidents: K18.
#[test]
fn what_is_owed_tells_how_often_it_was_tried() {
    let db = in_memory();
    accept(&db, &[arrival("a"), arrival("b")], WallMs(1)).unwrap();
    let session = route(&db, RowId(1), "test:a");
    route(&db, RowId(2), "test:a");
    for (uuid, at, counted) in
        [("1", 10, Counted::Yes), ("2", 20, Counted::No), ("3", 30, Counted::Yes)]
    {
        let attempt = NewAttempt {
            uuid: uuid.to_owned(),
            row: RowId(1),
            agent_session: "agent".to_owned(),
            generation: Generation(1),
        };
        attempts::begin(&db, &[attempt], WallMs(at)).unwrap();
        let closed = vec![(uuid.to_owned(), AttemptOutcome::TurnFailed, counted)];
        let settlement = Settlement { closed, ..Settlement::default() };
        attempts::settle(&db, &settlement, WallMs(at + 1)).unwrap();
    }
    let owed = unfinished(&db, session, RowId(0), 10).unwrap().rows;
    let tried: Vec<_> =
        owed.iter().map(|pending| (pending.deliveries, pending.counted_attempts)).collect();
    assert_eq!(tried, [(3, 2), (0, 0)]);
}

#[test]
fn a_row_that_does_not_read_is_left_out_and_keeps_no_other_waiting() {
    let db = in_memory();
    accept(&db, &[arrival("a"), arrival("b"), arrival("c")], WallMs(1)).unwrap();
    db.execute("UPDATE inbox SET source = 'pigeon' WHERE key = 'a'", []).unwrap();
    db.execute("UPDATE inbox SET attachments = '{' WHERE key = 'b'", []).unwrap();
    assert_eq!(rows(&undecided(&db, 10)), ["c"]);
}

/// Whole pages that do not read must not look like the end.
#[test]
fn a_page_says_where_to_go_on_even_if_nothing_in_it_reads() {
    let db = in_memory();
    let keys: Vec<Arrival> = (1..=5).map(|number| arrival(&number.to_string())).collect();
    accept(&db, &keys, WallMs(1)).unwrap();
    db.execute("UPDATE inbox SET source = 'pigeon' WHERE row < 4", []).unwrap();
    let page = |after| {
        let Page { rows: found, more_after } = unrouted(&db, RowId(after), 2).unwrap();
        (rows(&found).join(" "), more_after)
    };
    assert_eq!(page(0), (String::new(), Some(2)));
    assert_eq!(page(2), ("4".to_owned(), Some(4)));
    assert_eq!(page(4), ("5".to_owned(), None));
    let session = route(&db, RowId(1), "test:a");
    for row in 2..=5 {
        route(&db, RowId(row), "test:a");
    }
    let owed = unfinished(&db, session, RowId(0), 3).unwrap();
    assert_eq!((owed.rows.len(), owed.more_after), (0, Some(3)));
}

#[test]
fn the_schema_itself_keeps_a_finished_row_as_it_is() {
    let db = in_memory();
    accept(&db, &[arrival("a")], WallMs(1)).unwrap();
    finish(&db, RowId(1), RowState::Ignored, None, WallMs(2)).unwrap();
    let changed = db.execute(
        "UPDATE inbox SET state = 'accepted', finished_at_ms = NULL WHERE row = ?1",
        params![1],
    );
    assert!(changed.unwrap_err().to_string().contains("never changes"));
}

/// A scan is slow only after years, when nobody looks for it.
/// Incidents: 6.
#[test]
fn every_statement_finds_its_rows_by_index() {
    for sql in [BY_KEY, UNROUTED, ROUTE, FINISH, UNFINISHED, SESSIONS_WITH_UNFINISHED] {
        check_indexed(sql);
    }
}

/// What is taken up at every start must not grow with all there ever was.
/// Incidents: 6.
#[test]
fn what_is_owed_is_found_among_what_is_owed_alone() {
    // The index of everything a session ever had would do as well, and grow for ever.
    assert!(plan(UNROUTED)[0].contains("INDEX inbox_unrouted"));
    assert!(plan(UNFINISHED)[0].contains("INDEX inbox_unfinished (session=? AND row>?)"));
    assert!(plan(SESSIONS_WITH_UNFINISHED)[0].contains("INDEX inbox_unfinished"));
}

#[test]
fn a_message_that_was_routed_may_still_be_refused_unless_it_has_ended() {
    let db = in_memory();
    let accepted = accept(&db, &[arrival("a"), arrival("b")], WallMs(0)).unwrap();
    let [a, b] = [accepted[0].row, accepted[1].row];
    for row in [a, b] {
        route(&db, row, "test:+15555550123");
    }
    finish(&db, b, RowState::Answered, None, WallMs(2)).unwrap();
    refuse(&db, &[(a, "no rights yet"), (b, "no rights yet")], WallMs(3)).unwrap();
    let mut states = db.prepare("SELECT state, reason FROM inbox ORDER BY row").unwrap();
    let states: Vec<(String, Option<String>)> = states
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let refused = ("refused".to_owned(), Some("no rights yet".to_owned()));
    assert_eq!(states, [refused, ("answered".to_owned(), None)]);
}
