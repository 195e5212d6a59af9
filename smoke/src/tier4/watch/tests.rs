use std::path::PathBuf;

use super::*;

/// A home with a log and a transcript in which nothing is wrong, and one who watches it.
fn home() -> (tempfile::TempDir, Home, Watch) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().to_path_buf();
    for directory in ["logs", "transcripts"] {
        fs::create_dir(root.join(directory)).unwrap();
    }
    fs::write(root.join(LOG), "12:00:00 INFO started\n").unwrap();
    fs::write(root.join("transcripts/1.jsonl"), "{\"event\":\"TURN\"}\n").unwrap();
    let home = Home::at(root, PathBuf::from("never-asked")).unwrap();
    let daemon = (Value::Null, Value::Null);
    let watch = Watch { lengths: BTreeMap::new(), daemon, down: Down::default() };
    (place, home, watch)
}

#[track_caller]
fn check(watch: &Watch, home: &Home, expected: &[&str]) {
    assert_eq!(watch.errors(home).unwrap(), expected);
}

#[test]
fn an_error_in_the_log_or_a_transcript_is_found() {
    let (_place, home, watch) = home();
    check(&watch, &home, &[]);
    fs::write(home.root().join("transcripts/1.jsonl"), "{\"event\":\"ERROR\",\"at\":\"9\"}\n")
        .unwrap();
    fs::write(home.root().join(LOG), "12:00:00 ERROR lost\n").unwrap();
    check(&watch, &home, &["1.jsonl: ERROR at \"9\"", "daemon.log: 12:00:00 ERROR lost"]);
}

#[test]
fn a_log_that_is_gone_is_no_log_without_errors() {
    let (_place, home, watch) = home();
    fs::remove_file(home.root().join(LOG)).unwrap();
    let said = format!("{:#}", watch.errors(&home).unwrap_err());
    assert!(said.contains("daemon.log"), "{said}");
}

#[test]
fn what_cannot_be_read_is_not_taken_for_well() {
    for name in [LOG, "transcripts/1.jsonl"] {
        let (_place, home, watch) = home();
        let path = home.root().join(name);
        fs::remove_file(&path).unwrap();
        // Something that is there and cannot be opened, for whoever runs this.
        std::os::unix::fs::symlink(&path, &path).unwrap();
        let said = format!("{:#}", watch.errors(&home).unwrap_err());
        assert!(said.contains(&path.display().to_string()), "{name}: {said}");
    }
}

#[test]
fn an_error_of_a_session_that_was_down_before_is_passed_over_and_no_other() {
    let (_place, home, watch) = home();
    let watch = Watch { down: Down::from_iter([1]), ..watch };
    for row in [1, 11] {
        let path = home.root().join(format!("transcripts/{row}.jsonl"));
        fs::write(path, "{\"event\":\"ERROR\",\"at\":\"9\"}\n").unwrap();
    }
    let log = "12:00:00 ERROR claude_assistant::session: session rests session=1\n\
               12:00:01 ERROR claude_assistant::session: session rests session=11\n\
               12:00:02 ERROR claude_assistant::session: dropped session=2 row=1\n";
    fs::write(home.root().join(LOG), log).unwrap();
    let mut errors = watch.errors(&home).unwrap();
    errors.sort();
    let expected = [
        "11.jsonl: ERROR at \"9\"",
        "daemon.log: 12:00:01 ERROR claude_assistant::session: session rests session=11",
        "daemon.log: 12:00:02 ERROR claude_assistant::session: dropped session=2 row=1",
    ];
    assert_eq!(errors, expected);
}
