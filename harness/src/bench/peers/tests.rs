//! The lines as the host in Python reads and writes them.

use serde_json::json;

use super::{Answer, Ask};

#[track_caller]
fn check(ask: &Ask, line: &serde_json::Value) {
    assert_eq!(serde_json::to_value(ask).unwrap(), *line);
}

#[test]
fn what_is_asked_has_its_verb_and_its_words() {
    let text = || "hi".to_owned();
    check(&Ask::Connect, &json!({"do": "connect"}));
    check(&Ask::Begin { text: text() }, &json!({"do": "begin", "text": "hi"}));
    check(
        &Ask::Cycles { count: 5, text: text() },
        &json!({"do": "cycles", "count": 5, "text": "hi"}),
    );
}

#[test]
fn an_answer_says_what_there_is_to_say() {
    let read = |line: &str| serde_json::from_str::<Answer>(line).unwrap();
    assert_eq!(read("{}"), Answer::done());
    assert_eq!(read(r#"{"ms": 1.5}"#), Answer::took(1.5));
    assert_eq!(
        read(r#"{"first_ms": 1.0, "ms": 2.0}"#),
        Answer { first_ms: Some(1.0), ..Answer::took(2.0) }
    );
    assert_eq!(read(r#"{"failed": "no"}"#), Answer::failed("no"));
}
