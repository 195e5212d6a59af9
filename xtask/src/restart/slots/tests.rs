use super::*;

fn slots() -> (tempfile::TempDir, Slots) {
    let room = tempfile::tempdir().unwrap();
    let slots = Slots::at(room.path().join("slots"));
    (room, slots)
}

/// A slot with one program.
fn make(slots: &Slots, name: &str) -> Manifest {
    let mut manifest = Manifest::new(name, Timestamp::now());
    let program = slots.program(name, "claude-assistant");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, name).unwrap();
    manifest.programs.insert("claude-assistant".to_owned(), sha256(&program).unwrap());
    manifest.commit = Some("c0ffee".to_owned());
    slots.write(&manifest).unwrap();
    manifest
}

fn mark(slots: &Slots, name: &str, standing: &str) {
    let text = format!(r#"{{"format":1,"standing":"{standing}","since":"x","why":"y"}}"#);
    let path = slots.directory().join(format!("marks/{name}.json"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn names_are_plain_and_sort_by_age() {
    let now: Timestamp = "2026-11-23T04:01:18Z".parse().unwrap();
    let name = name_of("be6e8ec1a2b3c4d5e6f7be6e8ec1a2b3c4d5e6f7", now);
    assert_eq!(name, "20261123T040118Z-be6e8ec1a2b3");
    assert!(is_name(&name));
    for bad in ["", ".hidden", "-x", "current", "marks", "a/b", "..", "ä", &"x".repeat(65)] {
        assert!(!is_name(bad), "{bad}");
    }
}

#[test]
fn what_is_half_built_is_no_slot_and_is_swept_away() {
    let (_room, slots) = slots();
    assert_eq!(slots.all().unwrap(), []);
    make(&slots, "1-a");
    fs::create_dir_all(slots.directory().join(".2-b.tmp/bin")).unwrap();
    fs::create_dir_all(slots.directory().join("3-c/bin")).unwrap();
    let names: Vec<String> = slots.all().unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["1-a"]);
    slots.sweep().unwrap();
    assert!(!slots.directory().join(".2-b.tmp").exists());
    assert!(slots.of("1-a").exists());
}

#[test]
fn a_slot_of_a_commit_is_taken_again_if_it_is_whole_and_not_bad() {
    let (_room, slots) = slots();
    for name in ["1-a", "2-b", "3-c"] {
        make(&slots, name);
    }
    let newest = |commit| slots.of_commit(commit).unwrap().map(|it| it.name);
    assert_eq!(newest("c0ffee").as_deref(), Some("3-c"));
    assert_eq!(newest("other"), None);
    mark(&slots, "3-c", "bad");
    assert_eq!(newest("c0ffee").as_deref(), Some("2-b"));
    fs::write(slots.program("2-b", "claude-assistant"), "changed").unwrap();
    assert_eq!(newest("c0ffee").as_deref(), Some("1-a"));
}

#[test]
fn a_manifest_of_a_newer_format_is_refused() {
    let (_room, slots) = slots();
    let mut manifest = make(&slots, "1-a");
    manifest.format = 2;
    slots.write(&manifest).unwrap();
    let error = slots.manifest("1-a").unwrap_err().to_string();
    assert!(error.ends_with("its format is newer"), "{error}");
    assert!(slots.manifest("../1-a").is_err());
}

#[test]
fn five_are_kept_and_those_that_are_needed() {
    assert_eq!(surplus(&marked("......g."), "7", &[]), ["0", "1", "2"]);
    assert_eq!(surplus(&marked(".g......"), "7", &["0", "7"]), ["2", "3", "4"]);
    let all_needed: Vec<String> = (0..8).map(|index| index.to_string()).collect();
    let all_needed: Vec<&str> = all_needed.iter().map(String::as_str).collect();
    assert_eq!(surplus(&marked("........"), "7", &all_needed), [""; 0]);
    assert_eq!(surplus(&marked("....."), "4", &[]), [""; 0]);
}

#[test]
fn the_one_to_go_back_to_is_kept_beside_the_good_one_that_runs() {
    assert_eq!(surplus(&marked("g......g"), "7", &[]), ["1", "2", "3"]);
    assert_eq!(surplus(&marked("gg.....g"), "7", &[]), ["0", "2", "3"]);
    // Gone back to an old one: the newer good one is not the only one that is kept.
    assert_eq!(surplus(&marked("g.....g."), "0", &[]), ["1", "2", "3"]);
}

#[test]
fn bad_ones_go_first() {
    assert_eq!(surplus(&marked("g...b.bg"), "7", &[]), ["4", "6", "1"]);
    assert_eq!(surplus(&marked("g...b.bg"), "7", &["4"]), ["6", "1", "2"]);
}

#[test]
fn the_one_that_runs_is_kept_however_old_it_is() {
    let (_room, slots) = slots();
    for index in 0..7 {
        make(&slots, &format!("{index}-x"));
    }
    std::os::unix::fs::symlink("0-x", slots.directory().join("current")).unwrap();
    assert_eq!(slots.prune(&[]).unwrap(), ["1-x", "2-x"]);
}

/// Slots with these marks, `.` for none, the oldest first.
fn marked(marks: &str) -> Vec<(String, Option<String>)> {
    let standing = |mark| match mark {
        'g' => Some("good".to_owned()),
        'b' => Some("bad".to_owned()),
        _ => None,
    };
    marks.chars().enumerate().map(|(at, mark)| (at.to_string(), standing(mark))).collect()
}

#[test]
fn a_removed_slot_leaves_no_mark() {
    let (_room, slots) = slots();
    for index in 0..7 {
        make(&slots, &format!("{index}-x"));
    }
    mark(&slots, "0-x", "bad");
    mark(&slots, "1-x", "good");
    std::os::unix::fs::symlink("6-x", slots.directory().join("current")).unwrap();
    assert_eq!(slots.prune(&[]).unwrap(), ["0-x", "2-x"]);
    assert!(slots.mark("0-x").unwrap().is_none());
    assert_eq!(slots.all().unwrap().len(), 5);
}

/// Seven slots, of which the oldest is bad and goes first.
fn seven() -> (tempfile::TempDir, Slots) {
    let (room, slots) = slots();
    for index in 0..7 {
        make(&slots, &format!("{index}-x"));
    }
    mark(&slots, "0-x", "bad");
    std::os::unix::fs::symlink("6-x", slots.directory().join("current")).unwrap();
    (room, slots)
}

#[test]
fn a_bad_slot_that_cannot_be_put_away_stays_whole_and_bad() {
    let (_room, slots) = seven();
    // Its name as a slot that goes is taken.
    fs::create_dir_all(slots.directory().join(".0-x.tmp/bin")).unwrap();
    slots.prune(&[]).unwrap_err();
    let is_whole_and_bad = || {
        slots.ensure_whole(&slots.manifest("0-x").unwrap()).unwrap();
        assert_eq!(slots.standing("0-x").unwrap().as_deref(), Some("bad"));
    };
    is_whole_and_bad();
    slots.sweep().unwrap();
    is_whole_and_bad();
    assert_eq!(slots.prune(&[]).unwrap(), ["0-x", "1-x"]);
}

#[test]
fn what_a_prune_that_was_cut_short_has_left_is_swept_away() {
    let (_room, slots) = seven();
    let marked = slots.directory().join("marks/0-x.json");
    // A mark that cannot be removed ends it there.
    fs::remove_file(&marked).unwrap();
    fs::create_dir_all(marked.join("x")).unwrap();
    slots.remove("0-x").unwrap_err();
    assert!(!slots.of("0-x").exists(), "the launcher counts folders");
    fs::remove_dir_all(&marked).unwrap();
    mark(&slots, "0-x", "bad");
    slots.sweep().unwrap();
    assert!(!marked.exists() && !slots.directory().join(".0-x.tmp").exists());
    assert_eq!(slots.all().unwrap().len(), 6);
}
