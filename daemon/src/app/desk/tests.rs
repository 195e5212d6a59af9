use super::*;
use crate::store::Tally;

#[test]
fn a_chat_that_cannot_be_is_refused_as_invalid() {
    let refused = |chat: &str| {
        let refusal = parse_chat(chat).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Invalid);
        refusal.message
    };
    assert_eq!(refused(""), "take a chat id without an address");
    assert_eq!(refused("test: "), "take a chat id without an address");
    assert_eq!(refused("a\nb"), "take a chat id with a control character in it");
    assert_eq!(refused("test:signal:a"), "take a chat id of the source signal from test");
    assert_eq!(refused(&"x".repeat(400)), "take a chat id of 400 bytes (at most 320)");
}

/// Who is refused learns which of the reasons it was.
/// Incidents: K20.
#[test]
fn a_session_that_is_not_there_and_a_name_that_does_not_tell_are_refused_differently() {
    let typed = || "friend".to_owned();
    assert_eq!(unnamed(&NoSession::Unknown { typed: typed() }).kind, RefusalKind::NotFound);
    assert_eq!(unnamed(&NoSession::Several { typed: typed() }).kind, RefusalKind::Invalid);
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
