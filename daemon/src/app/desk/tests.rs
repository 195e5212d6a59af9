use std::path::PathBuf;

use assistant_core::access::Tier;
use assistant_core::roster::SessionRow;

use super::*;
use crate::store::{Activity, SessionFacts, SessionKind, Tally};

fn record(row: i64, chat: &str, name: &str) -> SessionRecord {
    SessionRecord {
        row: SessionRow(row),
        chat: ChatId::parse(chat).unwrap(),
        working_dir: PathBuf::from("/work/here"),
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

/// What is typed finds the session of this row, or is answered with these words.
#[track_caller]
fn check(typed: &str, expected: Result<i64, &str>) {
    let records = [
        record(1, "test:2", "owner"),
        record(2, "test:+15555550123", "friend"),
        record(3, "signal:+15555550123", "friend"),
        record(4, "test:owner", "harness"),
        record(5, "test:+15555550125", "3"),
    ];
    let found = find(&records, typed);
    let found = found.map(|record| record.row.0).map_err(|refusal| refusal.message);
    assert_eq!(found.as_ref().map_err(String::as_str), expected.as_ref().map_err(|words| *words));
}

#[test]
fn a_session_is_found_by_its_number_before_anything_else() {
    check("1", Ok(1));
    check("2", Ok(2));
    check("3", Ok(3));
}

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
fn a_chat_that_cannot_be_is_refused_as_invalid() {
    let refused = |chat: &str| {
        let refusal = parse_chat(chat).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Invalid);
        refusal.message
    };
    assert_eq!(parse_chat(" +1 555 555 0123 ").unwrap().as_str(), "test:+15555550123");
    assert_eq!(parse_chat("signal:+15555550123").unwrap().as_str(), "signal:+15555550123");
    assert_eq!(refused(""), "take a chat id without an address");
    assert_eq!(refused("test: "), "take a chat id without an address");
    assert_eq!(refused("a\nb"), "take a chat id with a control character in it");
    assert_eq!(refused("test:signal:a"), "take a chat id of the source signal from test");
    assert_eq!(refused(&"x".repeat(400)), "take a chat id of 400 bytes (at most 320)");
}

#[test]
fn a_text_that_says_nothing_is_refused() {
    for text in ["", " ", "\n\t\u{2003}"] {
        let refusal = check_text(text).unwrap_err();
        assert_eq!(refusal, Refusal::new(RefusalKind::Invalid, "the text is empty"));
    }
    assert_eq!(check_text(" a"), Ok(()));
}

#[test]
fn totals_are_of_all_sources() {
    let tally = |accepted, failed| Tally { accepted, failed, ..Tally::default() };
    let counts = store::Counts {
        sources: [(Source::Test, tally(1, 2)), (Source::Signal, tally(10, 20))].into(),
    };
    let total = totals(&counts);
    assert_eq!((total.accepted, total.answered, total.failed), (11, 0, 22));
}
