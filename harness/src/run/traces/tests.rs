//! Looks at this very process. Under `cargo test` other tests run beside these in it, so that what
//! is looked for is named, and everything else may come and go.

use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use super::{Left, Traces, end_children};
use crate::processes::Snapshot;

#[test]
fn a_file_and_a_socket_that_stay_open_are_told_apart() {
    let before = Traces::now(&[]);
    let directory = tempfile::tempdir().expect("a temp directory");
    let path = directory.path().join("opened-by-a-case");
    let _file = File::create(path).expect("it is ours");
    let _socket = UnixDatagram::unbound().expect("a socket");
    let left = Traces::now(&[]).beyond(&before);
    let is_ours =
        |left: &Left| matches!(left, Left::File(name) if name.contains("opened-by-a-case"));
    assert!(left.iter().any(is_ours), "{left:?}");
    assert!(left.iter().any(|left| matches!(left, Left::Socket(_))), "{left:?}");
}

#[test]
fn entries_that_stay_are_named_and_those_that_were_there_are_not() {
    let directory = tempfile::tempdir().expect("a temp directory");
    let path = directory.path();
    fs::write(path.join("before"), "x").expect("it is ours");
    let before = Traces::now(&[path]);
    fs::write(path.join("after"), "x").expect("it is ours");
    let left = Traces::now(&[path]).beyond(&before);
    let entries: Vec<&Left> = left.iter().filter(|left| matches!(left, Left::Entry(_))).collect();
    assert_eq!(entries, [&Left::Entry(path.join("after"))]);
}

#[test]
fn a_child_that_stays_is_named_ended_and_reaped() {
    let before = Traces::now(&[]);
    let child = Command::new("tail").args(["-f", "/dev/null"]).stdin(Stdio::null()).spawn();
    let pid = child.expect("tail is everywhere").id();
    let mut left = Traces::now(&[]).beyond(&before);
    left.retain(|left| matches!(left, Left::Child(child) if child.pid == pid));
    assert_eq!(left.len(), 1, "{left:?}");
    end_children(&left);
    assert_eq!(Snapshot::take().find(pid), None);
}
