//! The account itself: what it must find, and what it must let pass.

use harness::sandbox::Reply;
use serde_json::json;

use super::Stream;
use crate::views::Event;

fn stream() -> Stream {
    let text = |chat: usize, number: usize| format!("m{chat}-{number:04}");
    Stream { sent: vec![vec![text(0, 0), text(0, 1)], vec![text(1, 0)]] }
}

fn reply(row: u64, text: &str) -> Reply {
    Reply { row, chat: "test:x".to_owned(), text: format!("You said: {text}"), attachments: vec![] }
}

fn delivery(text: &str) -> Event {
    let frame = format!("---SMS FROM x (admin)---\n{text}\n---END SMS---");
    Event { kind: "IN".to_owned(), entry: json!({"event": "IN", "text": frame}) }
}

#[test]
fn a_good_run_balances() {
    let replies = [reply(1, "m0-0000"), reply(2, "m1-0000"), reply(3, "m0-0001")];
    let events = [delivery("m0-0000"), delivery("m1-0000"), delivery("m0-0001")];
    assert!(stream().lost(&replies).is_empty());
    assert!(stream().doubled(&events).is_empty());
    assert!(stream().answered_twice(&replies, &events).is_empty());
    assert!(stream().reordered(&replies).is_empty());
}

#[test]
fn a_lost_message_is_named() {
    assert_eq!(stream().lost(&[reply(1, "m0-0000"), reply(2, "m1-0000")]), ["m0-0001"]);
}

#[test]
fn a_second_delivery_has_to_say_so() {
    let again = delivery("m0-0000");
    assert_eq!(stream().doubled(&[delivery("m0-0000"), again]), ["m0-0000"]);
    let marked = delivery("[Redelivery: x]\nm0-0000");
    assert!(stream().doubled(&[delivery("m0-0000"), marked]).is_empty());
}

#[test]
fn two_answers_need_two_deliveries() {
    let replies = [reply(1, "m0-0000"), reply(2, "m0-0000")];
    assert_eq!(stream().answered_twice(&replies, &[delivery("m0-0000")]), ["m0-0000"]);
    let marked = delivery("[Redelivery: x]\nm0-0000");
    assert!(stream().answered_twice(&replies, &[delivery("m0-0000"), marked]).is_empty());
}

#[test]
fn order_counts_within_a_chat_only() {
    let replies = [reply(1, "m1-0000"), reply(2, "m0-0001"), reply(3, "m0-0000")];
    assert_eq!(stream().reordered(&replies), ["m0-0001 (row 2) before m0-0000 (row 3)"]);
}
