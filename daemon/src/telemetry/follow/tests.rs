use std::fs;
use std::io::Write as _;

use super::super::RotatingFile;
use super::super::tests::numbered;
use super::*;

fn file_of(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    fs::write(&path, text).unwrap();
    (dir, path)
}

#[track_caller]
fn check_last(text: &str, lines: usize, expected: &str) {
    let (_dir, path) = file_of(text);
    assert_eq!(Follower::open(&path, lines).unwrap().read().unwrap(), expected);
}

/// However long a log is, no more of it is read than is shown.
/// Incidents: J23.
#[test]
fn the_last_lines_are_found_from_the_end() {
    check_last("a\nb\nc\n", 2, "b\nc\n");
    check_last("a\nb\nc\n", 9, "a\nb\nc\n");
    check_last("a\nb\nc\n", 0, "");
    check_last("", 3, "");
    let long = numbered(0..30_000);
    let tail = numbered(10_000..30_000);
    check_last(&long, 20_000, &tail);
}

/// The end of a file is looked for in blocks of bytes, and a block may begin inside a character.
/// Incidents: 69.
#[test]
fn a_block_may_begin_anywhere_in_a_character() {
    let line = "grüße 你好 🦀\n";
    let bytes = usize::try_from(BLOCK_BYTES).unwrap();
    // Every place in the line comes to lie where a block begins.
    for after in 0..line.len() {
        let before = "a\n";
        let filler = format!("{}\n", "x".repeat(bytes - after - 1));
        check_last(&format!("{before}{line}{filler}"), 2, &format!("{line}{filler}"));
        check_last(&format!("{before}{line}{filler}"), 1, &filler);
    }
}

#[test]
fn an_unfinished_line_waits_for_its_end() {
    let (_dir, path) = file_of("a\nb");
    let mut follower = Follower::open(&path, 1).unwrap();
    assert_eq!(follower.read().unwrap(), "");
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"c\n").unwrap();
    assert_eq!(follower.read().unwrap(), "bc\n");
}

#[test]
fn a_file_that_comes_later_is_read_from_its_beginning() {
    let (_dir, path) = file_of("");
    fs::remove_file(&path).unwrap();
    let mut follower = Follower::open(&path, 5).unwrap();
    assert_eq!(follower.read().unwrap(), "");
    fs::write(&path, "a\n").unwrap();
    assert_eq!(follower.read().unwrap(), "a\n");
}

#[test]
fn nothing_is_missed_over_many_rotations_between_two_looks() {
    let (_dir, path) = file_of("");
    let mut file = RotatingFile::open(&path, 20, 9).unwrap();
    let mut follower = Follower::open(&path, 0).unwrap();
    let (mut written, mut read) = (String::new(), String::new());
    for line in 0..100 {
        let line = format!("line {line}\n");
        file.append(line.as_bytes()).unwrap();
        written.push_str(&line);
        if written.len().is_multiple_of(5) {
            read.push_str(&follower.read().unwrap());
        }
    }
    read.push_str(&follower.read().unwrap());
    assert_eq!(read, written);
}
