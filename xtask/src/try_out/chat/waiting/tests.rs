//! When somebody is told that a reply is late, and that none will come.

use std::time::{Duration, Instant};

use super::Waiting;

#[test]
fn a_late_reply_is_told_once_for_each_message() {
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut waiting = Waiting::default();
    assert_eq!(waiting.newly_late(after(99)), None);
    waiting.push(start);
    waiting.push(after(10));
    assert_eq!(waiting.newly_late(after(29)), None);
    assert_eq!(waiting.newly_late(after(30)), Some(Duration::from_secs(30)));
    assert_eq!(waiting.newly_late(after(31)), None);
    assert_eq!(waiting.settle(), Some(start));
    assert_eq!(waiting.newly_late(after(39)), None);
    assert_eq!(waiting.newly_late(after(41)), Some(Duration::from_secs(31)));
}

#[test]
fn losses_are_looked_for_now_and_then_while_something_waits() {
    let start = Instant::now();
    let after = |ms| start + Duration::from_millis(ms);
    let mut waiting = Waiting::default();
    assert!(!waiting.is_look_due(after(9_000)));
    waiting.push(start);
    assert!(!waiting.is_look_due(after(499)));
    assert!(waiting.is_look_due(after(500)));
    waiting.looked = Some(after(500));
    assert!(!waiting.is_look_due(after(999)));
    assert!(waiting.is_look_due(after(1_000)));
}

#[test]
fn every_loss_is_told_once() {
    let mut waiting = Waiting::default();
    let mut play = |report: &str| -> Vec<String> {
        waiting.not_known(report).into_iter().map(|loss| loss.reason).collect()
    };
    let one = r#"[{"row":3,"chat":"test:x","reason":"stuck","deliveries":3}]"#;
    assert_eq!(play(one), ["stuck"]);
    assert!(play(one).is_empty());
    let two = r#"[{"row":3,"reason":"stuck"},{"row":5,"reason":"silent"}]"#;
    assert_eq!(play(two), ["silent"]);
    assert!(play("failed to open it").is_empty());
}
