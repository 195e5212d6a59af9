use super::*;

#[track_caller]
fn check(line: &str, expected: Option<(&str, bool)>) {
    let found = delivery(line);
    assert_eq!(found.as_ref().map(|one| (one.word.as_str(), one.marked)), expected);
}

#[test]
fn a_frame_is_known_by_the_word_between_its_lines() {
    check(
        r#"{"event":"IN","row":3,"text":"---TEST FROM 1 (admin)---\nm2-0017\n---END TEST---"}"#,
        Some(("m2-0017", false)),
    );
}

#[test]
fn a_mark_is_seen_and_what_it_quotes_is_not_taken_for_the_message() {
    check(
        r#"{"event":"IN","text":"[Redelivery: already sent: \"You said: m2-0016\" (sent)]\nm2-0017\n"}"#,
        Some(("m2-0017", true)),
    );
}

#[test]
fn other_events_and_torn_lines_are_no_deliveries() {
    check(r#"{"event":"OUT","text":"m2-0017"}"#, None);
    check(r#"{"event":"IN","text":"m2-00"#, None);
    check(r#"{"event":"IN","text":"m2-\nm-1\nx1-1"}"#, None);
    check("", None);
}

#[test]
fn the_message_is_the_last_word_of_its_answer() {
    assert_eq!(last_word("You said: m0-0001"), Some("m0-0001"));
    assert_eq!(last_word(" "), None);
}
