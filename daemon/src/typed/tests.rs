use std::path::PathBuf;

use assistant_core::access::Tier;
use assistant_core::roster::SessionRow;
use assistant_core::time::WallMs;

use super::*;
use crate::store::{Activity, SessionFacts, SessionKind};

fn record(row: i64, chat: &str, name: &str) -> SessionRecord {
    SessionRecord {
        row: SessionRow(row),
        chat: ChatId::parse(chat).unwrap(),
        working_dir: PathBuf::from("/sessions/here"),
        facts: SessionFacts {
            name: name.to_owned(),
            kind: SessionKind::Direct,
            contact: name.to_owned(),
            tier: Tier::Admin,
            model: None,
        },
        agent_session: None,
        activity: Activity::Inactive,
        created_at: WallMs(0),
        updated_at: WallMs(0),
        last_message_at: None,
    }
}

/// What is typed finds the session of this row, or none for this reason.
#[track_caller]
fn check(typed: &str, expected: Result<i64, &str>) {
    let records = [
        record(1, "test:2", "owner"),
        record(2, "test:+15555550123", "friend"),
        record(3, "signal:+15555550123", "friend"),
        record(4, "test:owner", "harness"),
        record(5, "test:+15555550125", "3"),
    ];
    let found = session(&records, typed);
    let found = found.map(|record| record.row.0).map_err(|none| none.to_string());
    assert_eq!(found.as_ref().map_err(String::as_str), expected.as_ref().map_err(|words| *words));
}

#[test]
fn a_session_is_found_by_its_number_before_anything_else() {
    check("1", Ok(1));
    check("2", Ok(2));
    check("3", Ok(3));
}

/// A person types a number as they are used to.
/// Incidents: 55.
#[test]
fn a_session_is_found_by_its_chat_in_any_spelling() {
    check("test:+15555550123", Ok(2));
    check("signal:+15555550123", Ok(3));
    check("test:(555) 555-0123", Ok(2));
    check("test:2", Ok(1));
    // A bare address is a test chat's, as everywhere else.
    check("+15555550123", Ok(2));
    check("5555550125", Ok(5));
}

#[test]
fn a_session_is_found_by_a_name_that_only_one_has() {
    check("harness", Ok(4));
    // A chat before a name.
    check("owner", Ok(4));
    check("friend", Err("several sessions are called friend: name one by its number"));
    check("nobody", Err("no session is called nobody"));
    check("", Err("no session is called "));
    check("99", Err("no session is called 99"));
    check("+1", Err("no session is called +1"));
}

#[test]
fn a_chat_is_meant_in_any_spelling() {
    assert_eq!(chat(" +1 555 555 0123 ").unwrap().as_str(), "test:+15555550123");
    assert_eq!(chat("signal:+15555550123").unwrap().as_str(), "signal:+15555550123");
    assert_eq!(chat("test: "), Err(BadChat::Empty));
}
