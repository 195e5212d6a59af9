//! A copy is whole, private and one moment of the database, or it is not there at all.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use assistant_core::time::WallMs;
use tempfile::TempDir;

use super::*;

/// A database of today, its connection still open as a daemon's.
fn running() -> (TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let db = open::open(&dir.path().join("assistant.db"), WallMs(1)).unwrap();
    db.execute_batch(
        "CREATE TABLE pairs (one INTEGER, filler TEXT); CREATE TABLE mirror (one INTEGER)",
    )
    .unwrap();
    (dir, db)
}

/// Writes a number into both tables in one transaction.
fn write_pair(db: &Connection, number: i64) {
    db.execute_batch(&format!(
        "BEGIN IMMEDIATE; INSERT INTO pairs VALUES ({number}, hex(randomblob(600)));
         INSERT INTO mirror VALUES ({number}); COMMIT"
    ))
    .unwrap();
}

fn count(db: &Connection, table: &str) -> i64 {
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a refused copy says, with the directory as `~`.
#[track_caller]
fn refused(dir: &TempDir, to: &str) -> String {
    let before = names(dir.path());
    let error = backup(&dir.path().join("assistant.db"), &dir.path().join(to)).unwrap_err();
    assert_eq!(names(dir.path()), before);
    error.to_string().replace(dir.path().to_str().unwrap(), "~")
}

#[test]
fn a_copy_beside_a_writer_that_goes_on_is_one_moment_of_the_database() {
    let (dir, db) = running();
    for number in 0..500 {
        write_pair(&db, number);
    }
    let from = dir.path().join("assistant.db");
    let (done, written) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut copies = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let db = open::open(&from, WallMs(2)).unwrap();
            let mut number = 500;
            while !done.load(Ordering::Relaxed) {
                write_pair(&db, number);
                number += 1;
                written.store(true, Ordering::Relaxed);
            }
        });
        while !written.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        for copy in 0..5 {
            let to = dir.path().join(format!("copy{copy}.db"));
            let copied = backup(&from, &to);
            copies.push((to, copied));
        }
        done.store(true, Ordering::Relaxed);
    });
    let mut before = 500;
    for (to, copied) in copies {
        assert_eq!(fs::metadata(&to).unwrap().len(), copied.unwrap());
        let copy = Connection::open(&to).unwrap();
        let pairs = count(&copy, "pairs");
        assert_eq!(pairs, count(&copy, "mirror"));
        assert!(before <= pairs, "{pairs} after {before}");
        before = pairs;
    }
    assert!(500 < before, "nothing was written meanwhile");
    assert!(before <= count(&db, "pairs"));
}

#[test]
fn a_copy_is_private_and_all_of_it_is_one_file_that_a_daemon_takes() {
    let (dir, db) = running();
    write_pair(&db, 1);
    let to = dir.path().join("copies/copy.db");
    fs::create_dir(to.parent().unwrap()).unwrap();
    backup(&dir.path().join("assistant.db"), &to).unwrap();
    assert_eq!(names(to.parent().unwrap()), ["copy.db"]);
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = open::open(&to, WallMs(2)).unwrap();
    assert_eq!(count(&copy, "pairs"), 1);
}

#[test]
fn a_database_that_nobody_has_open_is_copied_and_no_file_is_made_beside_it() {
    let (dir, db) = running();
    write_pair(&db, 1);
    drop(db);
    let before = fs::read(dir.path().join("assistant.db")).unwrap();
    backup(&dir.path().join("assistant.db"), &dir.path().join("copy.db")).unwrap();
    assert_eq!(names(dir.path()), ["assistant.db", "copy.db"]);
    assert_eq!(fs::read(dir.path().join("assistant.db")).unwrap(), before);
}

#[test]
fn what_was_left_of_a_killed_copy_is_in_nobodys_way() {
    let (dir, _db) = running();
    fs::write(dir.path().join(".copy.db.part"), "half a database").unwrap();
    backup(&dir.path().join("assistant.db"), &dir.path().join("copy.db")).unwrap();
    assert!(!names(dir.path()).contains(&".copy.db.part".to_owned()));
}

#[test]
fn a_name_that_is_taken_or_has_no_directory_is_refused() {
    let (dir, _db) = running();
    fs::write(dir.path().join("taken.db"), "mine").unwrap();
    assert_eq!(refused(&dir, "taken.db"), "write ~/taken.db: it exists already");
    assert_eq!(fs::read(dir.path().join("taken.db")).unwrap(), b"mine");
    std::os::unix::fs::symlink("/nowhere", dir.path().join("link.db")).unwrap();
    assert_eq!(refused(&dir, "link.db"), "write ~/link.db: it exists already");
    assert_eq!(refused(&dir, "none/copy.db"), "write ~/none/copy.db: its directory is not there");
}

#[test]
fn a_database_that_is_missing_damaged_or_of_tomorrow_is_not_copied() {
    let (dir, db) = running();
    for number in 0..200 {
        write_pair(&db, number);
    }
    drop(db);
    let path = dir.path().join("assistant.db");
    let whole = fs::read(&path).unwrap();
    let middle = whole.len() / 8192 * 4096;
    let damaged = [&whole[..middle], &[0xa5; 4096], &whole[middle + 4096..]].concat();
    fs::write(&path, damaged).unwrap();
    let said = refused(&dir, "copy.db");
    let begins = "copy the database to ~/copy.db: its pages are damaged: ";
    assert!(said.starts_with(begins), "{said}");
    fs::write(&path, whole).unwrap();
    Connection::open(&path).unwrap().execute("UPDATE meta SET value = 9", []).unwrap();
    assert!(refused(&dir, "copy.db").contains("written by a newer version"));
    fs::remove_file(&path).unwrap();
    for beside in ["-wal", "-shm"] {
        drop(fs::remove_file(dir.path().join(format!("assistant.db{beside}"))));
    }
    assert_eq!(refused(&dir, "copy.db"), "copy ~/assistant.db: there is no database yet");
}

#[test]
fn a_full_disk_is_called_so_whoever_says_it() {
    let path = Path::new("/there/copy.db");
    let full = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(13), None);
    let expected = "write /there/copy.db: the disk is full";
    assert_eq!(sql_error(path, full).to_string(), expected);
    assert_eq!(io_error(path, io::ErrorKind::StorageFull.into()).to_string(), expected);
}
