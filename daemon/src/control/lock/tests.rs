use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Other tests start processes, and each has all our files for an instant before it becomes
/// another program: what is let go of is free within a moment, not at once.
#[track_caller]
fn check_gets_free(path: &Path) {
    let begun = Instant::now();
    while look(path).unwrap() != Held::Free {
        assert!(begun.elapsed() < Duration::from_secs(10), "still held");
        std::thread::yield_now();
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    (dir, path)
}

/// No two daemons ever write one database.
/// Incidents: 93.
#[test]
fn the_second_one_is_told_who_holds_it_and_where() {
    let (dir, path) = place();
    let _held = Lock::take(&path, dir.path()).unwrap();
    let failure = Failure::from(Lock::take(&path, dir.path()).unwrap_err());
    assert_eq!(failure.code, Code::Busy);
    let Held::By(holder) = look(&path).unwrap() else { panic!() };
    assert_eq!(holder.pid, std::process::id());
    let expected = format!(
        "already running: pid {}, since {}, home {}",
        holder.pid,
        holder.started_at,
        dir.path().display()
    );
    assert_eq!(failure.message, expected);
}

#[test]
fn it_is_free_again_when_it_is_dropped() {
    let (dir, path) = place();
    drop(Lock::take(&path, dir.path()).unwrap());
    check_gets_free(&path);
    drop(Lock::take(&path, dir.path()).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Numbers of processes are used again.
/// Incidents: 74.
#[test]
fn a_living_process_named_in_a_free_lock_does_not_matter() {
    let (dir, path) = place();
    let parent = std::os::unix::process::parent_id();
    fs::write(&path, format!("{{\"pid\":{parent},\"started_at\":\"then\"}}\n")).unwrap();
    assert_eq!(look(&path).unwrap(), Held::Free);
    let _held = Lock::take(&path, dir.path()).unwrap();
    let Held::By(holder) = look(&path).unwrap() else { panic!() };
    assert_eq!(holder.pid, std::process::id());
}

#[test]
fn somebody_who_only_looks_does_not_keep_a_daemon_from_starting() {
    let (dir, path) = place();
    fs::write(&path, "").unwrap();
    let looker = File::open(&path).unwrap();
    looker.lock_shared().unwrap();
    std::thread::scope(|scope| {
        let taken = scope.spawn(|| Lock::take(&path, dir.path()).map(drop));
        drop(looker);
        assert!(taken.join().unwrap().is_ok());
    });
}

/// A looker keeps it for a moment, in which the name of a process that is gone stands in the file.
#[test]
fn a_later_process_of_the_holders_number_is_not_taken_for_it() {
    let noted = processes::note(std::os::unix::process::parent_id()).unwrap();
    let mut holder =
        Holder { pid: noted.pid, started_at: "then".into(), since_boot: noted.since_boot };
    assert!(is_alive(&holder));
    if let Some(began) = &mut holder.since_boot {
        began.ticks -= 1;
        assert!(!is_alive(&holder));
    }
}

#[test]
fn a_child_does_not_inherit_it() {
    let (dir, path) = place();
    let held = Lock::take(&path, dir.path()).unwrap();
    let mut child = std::process::Command::new("sh")
        .args(["-c", "read line"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(held);
    check_gets_free(&path);
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn no_file_means_nobody() {
    let (_dir, path) = place();
    assert_eq!(look(&path).unwrap(), Held::Free);
}
