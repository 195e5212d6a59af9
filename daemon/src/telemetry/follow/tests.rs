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
