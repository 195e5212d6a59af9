//! Out of order is what a later message of the same session came before, and nothing else.

use super::*;
use crate::store::attempts::{self, Beginnings, NewAttempt};
use crate::store::inbox;
use crate::store::tests::{arrival, check_indexed, in_memory};

/// Words: `@3` accepts the next row for session 3; `2>10` begins an attempt at row
/// 2 when the clock says 10 ms; `!` writes a row of the outbox; `next` begins another generation. The answer are the rows
/// of the last generation that were overtaken.
#[track_caller]
fn check(script: &str, expected: &[(i64, i64)]) {
    let db = in_memory();
    let (mut generation, mut rows, mut made) = (1, 0, 0);
    let mut beginnings = Beginnings::default();
    (1..4).for_each(|row| session(&db, row));
    for word in script.split_whitespace() {
        made += 1;
        if let Some(session) = word.strip_prefix('@') {
            rows += 1;
            inbox::accept(&db, &[arrival(&format!("k{rows}"))], WallMs(0)).unwrap();
            let session: i64 = session.parse().unwrap();
            db.execute("UPDATE inbox SET session = ?1 WHERE row = ?2", [session, rows]).unwrap();
        } else if let Some((row, at)) = word.split_once('>') {
            let uuid = format!("u{made}");
            let at = beginnings.next(WallMs(at.parse().unwrap()));
            begin(&db, &uuid, row.parse().unwrap(), generation, at);
        } else if word == "!" {
            let sql =
                "INSERT INTO outbox (source, chat, text, attachments, key, state, created_at_ms)
                VALUES ('test', 'c', '', '[]', ?1, 'queued', 0)";
            db.execute(sql, [made]).unwrap();
        } else {
            assert_eq!(word, "next");
            generation += 1;
            beginnings = Beginnings::default();
        }
    }
    let found = deliveries(&db, Generation(generation)).unwrap();
    let overtaken: Vec<(i64, i64)> =
        found.overtaken.iter().map(|(session, row)| (session.0, row.0)).collect();
    assert_eq!(overtaken, expected, "{script}");
}

fn session(db: &Connection, row: i64) {
    let sql = "INSERT INTO sessions (row, chat, name, working_dir, kind, contact, tier, source,
        created_at_ms, updated_at_ms) VALUES (?1, ?1, '', '', '', '', '', '', 0, 0)";
    db.execute(sql, [row]).unwrap();
}

#[track_caller]
fn begin(db: &Connection, uuid: &str, row: i64, generation: i64, at: WallMs) {
    let attempt = NewAttempt {
        uuid: uuid.to_owned(),
        row: RowId(row),
        agent_session: "a".to_owned(),
        generation: Generation(generation),
    };
    assert_eq!(attempts::begin(db, &[attempt], at).unwrap().len(), 1, "{uuid}");
}

#[test]
fn what_is_delivered_as_it_came_is_in_order() {
    check("", &[]);
    check("@1 @1 @1 1>10 2>10 3>11", &[]);
    check("@1 1>10 ! @1 2>20 ! @1 3>30", &[]);
}

#[test]
fn whom_a_later_message_of_the_same_session_came_before_is_overtaken() {
    check("@1 @1 2>10 1>11", &[(1, 1)]);
    check("@1 @1 @1 @1 1>1 4>2 2>3 3>4", &[(1, 2), (1, 3)]);
    // Also where the clock says the same of both.
    check("@1 @1 2>10 ! 1>10", &[(1, 1)]);
}

#[test]
fn sessions_do_not_wait_for_one_another() {
    check("@1 @2 @1 @2 2>1 4>2 1>3 3>4", &[]);
    check("@1 @2 @1 @2 2>1 3>2 4>3 1>4", &[(1, 1)]);
}

/// What was interrupted is delivered again before what came after it.
#[test]
fn what_is_delivered_again_counts_where_its_generation_began_with_it() {
    check("@1 @1 1>1 next 1>2 2>3", &[]);
    check("@1 @1 1>1 next 2>2 1>3", &[(1, 1)]);
    // A second attempt of the same generation is one that failed before.
    check("@1 @1 1>1 2>2 1>3", &[]);
    // Of another generation it says nothing.
    check("@1 @1 2>1 1>2 next", &[]);
}

#[test]
fn nobody_is_accused_on_the_word_of_a_clock_that_was_set_back() {
    check("@1 1>900 ! @2 2>100 @2 @2 4>90 3>95", &[]);
    // Also where nothing was written in between that could have told.
    check("@1 @1 1>1000 2>500", &[]);
    // What the outbox says holds all the same.
    check("@1 1>900 ! @2 2>100 @2 @2 4>90 ! 3>95", &[(2, 3)]);
}

#[test]
fn how_many_were_delivered_is_told() {
    let db = in_memory();
    assert_eq!(deliveries(&db, Generation(1)).unwrap(), Deliveries::default());
    inbox::accept(&db, &[arrival("a"), arrival("b")], WallMs(0)).unwrap();
    session(&db, 1);
    db.execute("UPDATE inbox SET session = 1", []).unwrap();
    for (uuid, row) in [("u1", 1), ("u2", 2), ("u3", 2)] {
        begin(&db, uuid, row, 1, WallMs(0));
    }
    assert_eq!(deliveries(&db, Generation(1)).unwrap().rows, 2);
    assert_eq!(deliveries(&db, Generation(2)).unwrap().rows, 0);
}

#[test]
fn the_attempts_at_the_newest_rows_are_found_by_index() {
    check_indexed(FIRSTS);
}
