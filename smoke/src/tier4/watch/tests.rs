use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

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
    let beginning = Beginning { daemon: Identity::of(&Value::Null), files: Extent::default() };
    let watch = Watch { beginning, run: Extent::default(), down: Down::default() };
    (place, home, watch)
}

#[track_caller]
fn check(watch: &Watch, home: &Home, expected: &[&str]) {
    let Errors { own, outside } = watch.errors(home).unwrap();
    assert_eq!(own, expected);
    assert_eq!(outside, [""; 0]);
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
    let mut errors = watch.errors(&home).unwrap().own;
    errors.sort();
    let expected = [
        "11.jsonl: ERROR at \"9\"",
        "daemon.log: 12:00:01 ERROR claude_assistant::session: session rests session=11",
        "daemon.log: 12:00:02 ERROR claude_assistant::session: dropped session=2 row=1",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn what_the_api_did_not_serve_is_told_apart() {
    let (_place, home, watch) = home();
    let path = home.root().join("transcripts/1.jsonl");
    let outside = "{\"event\":\"ERROR\",\"at\":\"9\",\"what\":\"api 529\",\"cause\":\"outside\"}\n";
    add(&path, outside);
    let expected = Errors { own: vec![], outside: vec!["1.jsonl: ERROR at \"9\"".to_owned()] };
    assert_eq!(watch.errors(&home).unwrap(), expected);
    assert!(watch.was_not_served(&home, 1) && !watch.was_not_served(&home, 2));
}

/// Adds to a file, which may not be there.
fn add(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Puts a file aside and those before it, as who writes them does; another begins with this.
fn put_aside(path: &Path, text: &str) {
    let aside = |number: usize| PathBuf::from(format!("{}.{number}", path.display()));
    for number in (1..5).rev().filter(|&number| aside(number).exists()) {
        fs::rename(aside(number), aside(number + 1)).unwrap();
    }
    fs::rename(path, aside(1)).unwrap();
    add(path, text);
}

/// Where the log and a transcript are, how an error looks there, and how it is told.
const ERRORS: [(&str, &str, &str); 2] = [
    (LOG, "12:00:00 ERROR lost\n", "daemon.log: 12:00:00 ERROR lost"),
    ("transcripts/1.jsonl", "{\"event\":\"ERROR\",\"at\":\"9\"}\n", "1.jsonl: ERROR at \"9\""),
];

/// A watch that begins where that of another run did, or now.
fn begun(home: &Home, file: &Path, pid: u32) -> Watch {
    let origin = Origin::read(file.to_path_buf()).unwrap();
    let status = || Ok(json!({ "pid": pid, "generation": 3 }));
    Watch::begin_with(home, Down::default(), origin, status).unwrap()
}

#[test]
fn what_was_written_before_a_file_was_put_aside_is_read_and_nothing_older() {
    for (name, error, told) in ERRORS {
        let (place, home, _) = home();
        let path = home.root().join(name);
        add(&path, error);
        put_aside(&path, error);
        let watch = begun(&home, &place.path().join("none"), 7);
        check(&watch, &home, &[]);
        add(&path, error);
        put_aside(&path, "");
        check(&watch, &home, &[told]);
        put_aside(&path, &error.repeat(9));
        check(&watch, &home, &[told; 10]);
        // Just before there is another.
        if name != LOG {
            fs::remove_file(&path).unwrap();
            check(&watch, &home, &[told]);
        }
    }
}

#[test]
fn a_file_of_which_a_part_is_not_kept_any_more_is_not_taken_for_well() {
    for (name, ..) in ERRORS {
        let (place, home, _) = home();
        let path = home.root().join(name);
        let begun = || begun(&home, &place.path().join("none"), 7);
        let ensure_refused = |watch: &Watch| {
            let said = format!("{:#}", watch.errors(&home).unwrap_err());
            assert!(said.contains(name) && said.contains("not kept any more"), "{said}");
        };
        let watch = begun();
        for _ in 0..5 {
            put_aside(&path, "");
        }
        check(&watch, &home, &[]);
        put_aside(&path, "");
        ensure_refused(&watch);
        add(&path, "{}\n");
        let watch = begun();
        fs::write(&path, "").unwrap();
        ensure_refused(&watch);
    }
}

#[test]
fn a_later_run_sees_what_came_since_the_first_began() {
    for (name, error, told) in ERRORS {
        let (place, home, _) = home();
        let (path, file) = (home.root().join(name), place.path().join("runs/from.json"));
        add(&path, error);
        check(&begun(&home, &file, 7), &home, &[]);
        add(&path, error);
        check(&begun(&home, &file, 7), &home, &[told]);
        put_aside(&path, "");
        check(&begun(&home, &file, 7), &home, &[told]);
        // One that stands alone has not seen it.
        check(&begun(&home, &place.path().join("none"), 7), &home, &[]);
    }
}

#[test]
fn a_transcript_that_came_between_two_runs_is_read_from_its_beginning() {
    let (place, home, _) = home();
    let file = place.path().join("from.json");
    begun(&home, &file, 7);
    let (_, error, _) = ERRORS[1];
    for row in [11, 12] {
        add(&home.transcript(row), error);
    }
    let watch = Watch { down: Down::from_iter([12]), ..begun(&home, &file, 7) };
    check(&watch, &home, &["11.jsonl: ERROR at \"9\""]);
    put_aside(&home.transcript(11), "");
    check(&watch, &home, &["11.jsonl: ERROR at \"9\""]);
}

#[test]
fn a_later_run_expects_the_daemon_of_the_first() {
    let (place, home, _) = home();
    let file = place.path().join("from.json");
    let daemon = |pid| begun(&home, &file, pid).beginning.daemon;
    assert_eq!(daemon(7), daemon(8));
    assert_ne!(daemon(7), Identity::of(&json!({ "pid": 8, "generation": 3 })));
}

#[test]
fn what_a_run_waits_for_itself_is_not_found_in_an_earlier_one() {
    let (place, home, _) = home();
    let file = place.path().join("from.json");
    begun(&home, &file, 7);
    add(&home.transcript(1), "earlier\n");
    let watch = begun(&home, &file, 7);
    add(&home.transcript(1), "its own\n");
    assert_eq!(watch.added_to(&home, 1).unwrap(), "its own\n");
}

#[test]
fn a_beginning_that_cannot_be_read_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("from.json");
    for text in ["", "{}", "[]", "{\"daemon\":{\"pid\":7,\"generation\":3},\"files\":[]}"] {
        fs::write(&file, text).unwrap();
        let said = format!("{:#}", Origin::read(file.clone()).unwrap_err());
        assert!(said.contains("HARNESS_WATCHED_FROM") && said.contains("from.json"), "{said}");
    }
    // Something that is there and cannot be opened, for whoever runs this.
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&file, &file).unwrap();
    assert!(Origin::read(file).is_err());
}
