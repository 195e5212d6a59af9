//! Growth is named, shrinking is not a leak.

use std::fs;

use super::{Footprint, Leak};
use crate::processes::Seen;

fn process(pid: u32, name: &str) -> Seen {
    Seen { pid, parent: Some(1), name: name.to_owned(), zombie: false, rss_bytes: 0 }
}

#[test]
fn what_came_and_stayed_is_named() {
    let before = Footprint {
        children: vec![process(10, "agent")],
        zombies: vec![],
        open_files: Some(12),
        files: 3,
    };
    let after = Footprint {
        children: vec![process(10, "agent"), process(11, "tail")],
        zombies: vec![process(12, "sh")],
        open_files: Some(14),
        files: 4,
    };
    let said: Vec<String> = after.growth(&before).iter().map(Leak::to_string).collect();
    assert_eq!(
        said,
        [
            "child 11 (tail) still runs",
            "child 12 (sh) was not reaped",
            "open files 12 -> 14",
            "files on disk 3 -> 4",
        ]
    );
    assert_eq!(before.growth(&after), []);
}

#[test]
fn files_are_counted_at_any_depth_and_a_missing_directory_is_empty() {
    let directory = tempfile::tempdir().expect("a temp directory");
    fs::create_dir(directory.path().join("deep")).expect("it is ours");
    fs::write(directory.path().join("deep/file"), "x").expect("it is ours");
    let missing = directory.path().join("missing");
    let footprint =
        Footprint::of(std::process::id(), &[directory.path(), &missing]).expect("it is readable");
    assert_eq!(footprint.files, 2);
}
