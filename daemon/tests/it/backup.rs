//! `backup` as a person and a program run it.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::place::{Place, Ran};

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn copies_of_a_running_daemon_stand_in_backups_and_the_last_three_are_kept() {
    let place = Place::fresh();
    place.write("config.toml", "[agent]\nprogram = \"/bin/sh\"\n");
    assert_eq!(place.run("start").code, 0);
    let mut made = Vec::new();
    for _ in 0..5 {
        let ran = place.run("backup --json");
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        let copied: Value = serde_json::from_str(&ran.out).unwrap();
        let file = PathBuf::from(copied["file"].as_str().unwrap());
        let found = std::fs::metadata(&file).unwrap();
        assert_eq!(copied["bytes"], found.size());
        assert!(copied["elapsed_ms"].is_u64(), "{copied}");
        made.push(file);
    }
    assert_eq!(files(&place.home().join("backups")), made[2..]);
    assert_eq!(place.open_to_others(), Vec::<PathBuf>::new());
    let looked = place.run(&format!("run --check --database {}", made[4].display()));
    assert_eq!(looked.code, 0, "{looked:?}");
    assert_eq!(place.run("status").code, 0);
}

#[test]
fn without_a_daemon_a_copy_has_the_name_that_was_typed() {
    let place = Place::fresh();
    let said =
        "claude-assistant: failed to copy HOME/state/assistant.db: there is no database yet\n";
    let home = place.home().display().to_string();
    for typed in ["backup", "backup /tmp/no-such-copy.db"] {
        let ran = place.run(typed);
        assert_eq!((ran.code, ran.err.replace(&home, "HOME").as_str()), (64, said));
    }
    assert!(!place.home().exists());

    assert_eq!((place.run("start").code, place.run("stop").code), (0, 0));
    let to = place.home().join("copy.db");
    let copied = place.run(&format!("backup {}", to.display()));
    assert_eq!(copied.code, 0, "{copied:?}");
    assert!(copied.out.starts_with(&format!("copied to {}: ", to.display())), "{copied:?}");
    assert!(!place.home().join("backups").exists());
    let again = place.run(&format!("backup {}", to.display()));
    assert_eq!(again.code, 64, "{again:?}");
    assert!(again.err.ends_with("copy.db: it exists already\n"), "{again:?}");
    let nowhere = place.run(&format!("backup {home}/none/copy.db"));
    assert_eq!(nowhere.code, 64, "{nowhere:?}");
    assert!(nowhere.err.ends_with("none/copy.db: its directory is not there\n"), "{nowhere:?}");
}

/// A limit on the size of files stands for a disk that fills up.
#[test]
fn a_copy_that_finds_no_room_leaves_nothing() {
    let place = Place::fresh();
    assert_eq!((place.run("start").code, place.run("stop").code), (0, 0));
    let program = env!("CARGO_BIN_EXE_claude-assistant");
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {program} backup");
    let ran = Ran::of(
        std::process::Command::new("sh")
            .args(["-c", &script])
            .env("HOME", "/")
            .env("CLAUDE_ASSISTANT_HOME", place.home())
            .output()
            .unwrap(),
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("backups/"), "{ran:?}");
    assert_eq!(files(&place.home().join("backups")), Vec::<PathBuf>::new());
}

#[test]
fn a_directory_that_may_not_be_written_is_said_to_be_so() {
    let place = Place::fresh();
    assert_eq!((place.run("start").code, place.run("stop").code), (0, 0));
    let closed = place.home().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    let to = closed.join("copy.db");
    let may = std::fs::write(&to, "").is_ok();
    drop(std::fs::remove_file(&to));
    let ran = place.run(&format!("backup {}", to.display()));
    // Nothing is closed to root.
    assert_eq!(ran.code, if may { 0 } else { 77 }, "{ran:?}");
}
