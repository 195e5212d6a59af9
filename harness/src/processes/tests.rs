//! Marks and ancestry are looked up on real children of the test.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Snapshot, kill_marked, open_files, rss_bytes};
use crate::command::end_within;
use crate::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(20);

/// A shell that carries the mark and holds a child open below it.
fn marked_shell(mark_value: &str) -> Child {
    Command::new("sh")
        .args(["-c", "tail -f /dev/null & wait"])
        .env("HARNESS_TEST_MARK", mark_value)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("a shell is everywhere")
}

#[test]
fn a_mark_finds_a_child_and_its_child_and_ends_both() {
    let value = format!("both-{}", std::process::id());
    let mark = format!("HARNESS_TEST_MARK={value}");
    let mut shell = marked_shell(&value);

    assert!(wait_until(LIMIT, || Snapshot::take().marked(&mark).len() == 2));
    assert!(Snapshot::take().marked("HARNESS_TEST_MARK=other").is_empty());
    assert_eq!(kill_marked(&mark), 2);
    assert!(end_within(&mut shell, LIMIT).expect("it is our child").is_some());
    assert!(wait_until(LIMIT, || Snapshot::take().marked(&mark).is_empty()));
}

#[test]
fn descendants_are_found_at_any_depth_without_the_ancestor() {
    let value = format!("depth-{}", std::process::id());
    let mut shell = marked_shell(&value);

    assert!(wait_until(LIMIT, || Snapshot::take().descendants(shell.id()).len() == 1));
    let below_us = Snapshot::take().descendants(std::process::id());
    assert!(below_us.iter().any(|process| process.pid == shell.id()), "{below_us:?}");

    kill_marked(&format!("HARNESS_TEST_MARK={value}"));
    assert!(end_within(&mut shell, LIMIT).expect("it is our child").is_some());
}

#[test]
fn our_own_memory_and_files_are_counted() {
    let pid = std::process::id();
    assert!(rss_bytes(pid).is_some_and(|bytes| 0 < bytes));
    let before = open_files(pid);
    let file = tempfile::tempfile().expect("a temp file");
    // Other tests of this process may open and close files meanwhile: only the kind is checked.
    assert_eq!(open_files(pid).is_some(), before.is_some());
    drop(file);
    assert_eq!(rss_bytes(u32::MAX), None);
}
