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
    forget_older(dir.path()).unwrap();
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
