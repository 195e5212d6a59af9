use std::path::PathBuf;

use super::*;
use crate::control::lock::Lock;

/// Above any limit on process numbers; and init, which always lives.
const NOBODY: &str = "536870911";
const SOMEBODY: &str = "1";

fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    home.prepare().unwrap();
    (dir, home)
}

fn folder(home: &Home, name: &str) -> PathBuf {
    let path = home.run_dir().join(name);
    fs::create_dir_all(path.join("state")).unwrap();
    fs::write(path.join("state/assistant.db"), "what people wrote").unwrap();
    path
}

fn candidate(home: &Home, pid: &str) -> PathBuf {
    folder(home, &format!("{CANDIDATE}{pid}"))
}

/// The number of a dead process may have gone to another that lives on for ever.
#[test]
fn what_nobody_holds_goes_whoever_has_its_number() {
    let (_dir, home) = home();
    let path = candidate(&home, SOMEBODY);
    let held = hold(&path).unwrap();
    remove_left(&home);
    assert!(path.exists());
    drop(held);
    remove_left(&home);
    assert!(!path.exists());
}

#[test]
fn a_candidates_home_stays_as_long_as_its_daemon_runs_in_it() {
    let (_dir, home) = home();
    let path = candidate(&home, NOBODY);
    drop(hold(&path).unwrap());
    let own = Home::at(&path);
    own.prepare().unwrap();
    let daemon = Lock::take(&own.lock(), own.root()).unwrap();
    remove_left(&home);
    assert!(path.exists());
    drop(daemon);
    remove_left(&home);
    assert!(!path.exists());
}

#[test]
fn one_that_is_just_being_made_is_its_process() {
    let (_dir, home) = home();
    let (dead, alive) = (candidate(&home, NOBODY), candidate(&home, SOMEBODY));
    remove_left(&home);
    assert_eq!((dead.exists(), alive.exists()), (false, true));
}

#[test]
fn copies_of_a_restart_stay_while_somebody_restarts() {
    let (_dir, home) = home();
    let room = folder(&home, "restart-r1700000000000-ab12");
    fs::write(home.run_dir().join("restart-readme"), "").unwrap();
    let runner = File::create(home.restart_lock()).unwrap();
    runner.lock().unwrap();
    remove_left(&home);
    assert!(room.exists());
    drop(runner);
    remove_left(&home);
    assert!(!room.exists());
    assert!(home.restart_lock().exists() && home.run_dir().join("restart-readme").exists());
}
