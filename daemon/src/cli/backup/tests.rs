//! Which copies are kept.

use std::fs::File;
use std::time::Duration;

use super::*;

/// A file that was written so many seconds after 1970.
fn aged(dir: &Path, name: &str, seconds: u64) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::create(dir.join(name)).unwrap().set_modified(at).unwrap();
}

#[test]
fn the_last_three_copies_stay_whatever_their_names_and_other_files_too() {
    let dir = tempfile::tempdir().unwrap();
    aged(dir.path(), "z-oldest.db", 10);
    aged(dir.path(), "r5-0001.db", 20);
    aged(dir.path(), "20261123T040118.000Z.db", 30);
    aged(dir.path(), "20261123T040119.000Z.db", 50);
    aged(dir.path(), ".killed.db.part", 40);
    aged(dir.path(), ".running.db.part", 60);
    aged(dir.path(), "note.txt", 1);
    forget_older(dir.path(), &dir.path().join("20261123T040119.000Z.db")).unwrap();
    let mut left: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let expected = [
        ".running.db.part",
        "20261123T040118.000Z.db",
        "20261123T040119.000Z.db",
        "note.txt",
        "r5-0001.db",
    ];
    assert_eq!(left, expected);
}

#[test]
fn a_copy_that_was_just_written_stays_though_a_clock_was_set_back() {
    let dir = tempfile::tempdir().unwrap();
    for (name, seconds) in [("a.db", 100), ("b.db", 110), ("c.db", 120), ("own.db", 5)] {
        aged(dir.path(), name, seconds);
    }
    forget_older(dir.path(), &dir.path().join("own.db")).unwrap();
    let mut left: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["b.db", "c.db", "own.db"]);
}
