use std::fs;

use super::super::tests::numbered;
use super::*;

fn all_text(path: &Path, kept: usize) -> String {
    (1..=kept)
        .rev()
        .map(|number| aside(path, number))
        .chain([path.to_owned()])
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect()
}

#[test]
fn no_line_is_lost_or_cut_where_files_meet() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    let mut file = RotatingFile::open(&path, 100, 50).unwrap();
    let lines = numbered(0..200);
    for line in lines.split_inclusive('\n') {
        file.append(line.as_bytes()).unwrap();
    }
    assert_eq!(all_text(&path, 50), lines);
    for number in 1..=10 {
        let text = fs::read_to_string(aside(&path, number)).unwrap();
        assert!(text.len() <= 100 && text.ends_with('\n'), "{number}: {text:?}");
    }
}

#[test]
fn only_so_many_files_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    let mut file = RotatingFile::open(&path, 8, 2).unwrap();
    for line in ["one\n", "two\n", "three\n", "four\n", "five\n", "six\n"] {
        file.append(line.as_bytes()).unwrap();
    }
    assert_eq!(all_text(&path, 9), "four\nfive\nsix\n");
    assert!(!aside(&path, 3).exists());
}

#[test]
fn a_line_over_the_bound_stands_whole_in_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    let mut file = RotatingFile::open(&path, 8, 2).unwrap();
    let long = format!("{}\n", "x".repeat(50));
    file.append(b"a\n").unwrap();
    file.append(long.as_bytes()).unwrap();
    file.append(b"b\n").unwrap();
    assert_eq!(fs::read_to_string(aside(&path, 1)).unwrap(), long);
    assert_eq!(fs::read_to_string(&path).unwrap(), "b\n");
}

#[test]
fn an_old_file_is_gone_on_with_and_made_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    fs::write(&path, "old\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    RotatingFile::open(&path, 100, 2).unwrap().append(b"new\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\nnew\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_that_cannot_be_put_aside_grows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    fs::create_dir_all(aside(&path, 1).join("full")).unwrap();
    let mut file = RotatingFile::open(&path, 8, 1).unwrap();
    for line in ["one\n", "two\n", "three\n"] {
        file.append(line.as_bytes()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
}

#[test]
fn what_others_write_to_is_put_aside_when_it_is_opened_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stderr.log");
    let say = |text: &str| open_bounded(&path, 10).unwrap().write_all(text.as_bytes()).unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    say("0123456789");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, FILE_MODE);
    say("over");
    assert_eq!(read(&path), "0123456789over");
    say("next");
    assert_eq!((read(&path), read(&aside(&path, 1))), ("next".into(), "0123456789over".into()));
    say("0123456789");
    say("last");
    assert_eq!((read(&path), read(&aside(&path, 1))), ("last".into(), "next0123456789".into()));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn the_last_ones_are_kept_and_others_files_stay() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["r3.log", "daemon.log", "r1.log", "r2.log", "r4"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    keep_last(dir.path(), 2, |name| name.starts_with('r') && name != "r4").unwrap();
    let mut left: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["daemon.log", "r2.log", "r3.log", "r4"]);
    keep_last(dir.path(), 2, |name| name == "none").unwrap();
}
