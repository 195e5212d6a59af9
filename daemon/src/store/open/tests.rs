//! What is refused is left byte for byte as it was; what is opened is private and durable.

use std::collections::BTreeMap;

use rusqlite::params;
use tempfile::TempDir;

use super::*;

const NOW: WallMs = WallMs(1_700_000_000_000);

fn database(dir: &TempDir) -> PathBuf {
    dir.path().join("assistant.db")
}

/// Every file of a directory with its bytes.
fn files(dir: &TempDir) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir.path()).unwrap().map(Result::unwrap);
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

/// Opening fails and changes nothing. Returns the message.
#[track_caller]
fn refused(dir: &TempDir) -> String {
    let before = files(dir);
    let error = open(&database(dir), NOW).expect_err("it was opened");
    assert!(files(dir) == before, "something was touched: {:?}", files(dir).keys());
    let message = error.to_string();
    assert!(!message.contains('\n'), "{message}");
    message.replace(dir.path().to_str().unwrap(), "~")
}

/// A database of today with something in it, closed.
fn made() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&database(&dir), NOW).unwrap();
    db.execute("INSERT INTO cursors VALUES ('test', '1', 0)", []).unwrap();
    drop(db);
    dir
}

/// A database whose last writes stand in the log only, as after a kill.
fn made_and_killed(write: impl FnOnce(&Connection)) -> TempDir {
    let made = made();
    let db = open(&database(&made), NOW).unwrap();
    write(&db);
    let killed = tempfile::tempdir().unwrap();
    for (name, bytes) in files(&made) {
        // The index of the log is of no use to another process, and may be missing.
        if !name.ends_with("-shm") {
            fs::write(killed.path().join(name), bytes).unwrap();
        }
    }
    assert!(has_log(&database(&killed)));
    killed
}

/// The cache is as small as the database needs it.
/// Incidents: 89.
#[test]
fn a_new_database_is_made_private_and_with_the_safe_settings() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&database(&dir), NOW).unwrap();
    let read = |pragma: &str| -> i64 {
        db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(db.query_row("PRAGMA journal_mode", [], |row| row.get(0)), Ok("wal".to_owned()));
    assert_eq!(read("synchronous"), 2);
    for on in ["fullfsync", "checkpoint_fullfsync", "foreign_keys"] {
        assert_eq!(read(on), 1, "{on}");
    }
    assert_eq!(read("busy_timeout"), 5000);
    assert_eq!(read("cache_size"), -2048);
    for (name, mode) in [("", 0o600), ("-wal", 0o600), ("-shm", 0o600)] {
        let found = fs::metadata(beside(&database(&dir), name)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, mode, "{name}");
    }
    assert_eq!(schema::meta(&db, "schema_version"), Ok(Some(SCHEMA_VERSION)));
    assert_eq!(schema::meta(&db, "created_at_ms"), Ok(Some(NOW.0)));
    assert_eq!(schema::meta(&db, "generation"), Ok(Some(0)));
}

#[test]
fn a_database_that_others_could_read_is_made_private() {
    let dir = made();
    fs::set_permissions(database(&dir), Permissions::from_mode(0o644)).unwrap();
    let _db = open(&database(&dir), NOW).unwrap();
    assert_eq!(fs::metadata(database(&dir)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_is_no_database_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(database(&dir), "not a database, but long enough to have a header ".repeat(40))
        .unwrap();
    assert_eq!(refused(&dir), "open ~/assistant.db: not an SQLite database");
    fs::write(database(&dir), "short").unwrap();
    assert_eq!(refused(&dir), "open ~/assistant.db: not an SQLite database");
}

#[test]
fn a_directory_in_its_place_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(database(&dir)).unwrap();
    let error = open(&database(&dir), NOW).unwrap_err().to_string();
    assert!(error.ends_with("assistant.db: not a regular file"), "{error}");
}

#[test]
fn a_missing_directory_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let error = open(&dir.path().join("nowhere/assistant.db"), NOW).unwrap_err().to_string();
    assert!(error.contains("nowhere/assistant.db: No such file or directory"), "{error}");
}

#[test]
fn a_truncated_database_is_refused_untouched() {
    let dir = made();
    let bytes = fs::read(database(&dir)).unwrap();
    fs::write(database(&dir), &bytes[..bytes.len() / 2]).unwrap();
    let message = refused(&dir);
    assert!(message.starts_with("open ~/assistant.db: the database is damaged: "), "{message}");
}

#[test]
fn a_damaged_page_is_refused_untouched() {
    let dir = made();
    let mut bytes = fs::read(database(&dir)).unwrap();
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 4096].fill(0xa5);
    fs::write(database(&dir), bytes).unwrap();
    let message = refused(&dir);
    assert!(message.starts_with("open ~/assistant.db: the database is damaged: "), "{message}");
}

#[test]
fn another_programs_database_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let db = Connection::open(database(&dir)).unwrap();
    db.execute_batch("CREATE TABLE message (text TEXT)").unwrap();
    drop(db);
    assert_eq!(refused(&dir), "open ~/assistant.db: the database is not the assistant's");
}

#[test]
fn a_database_of_a_newer_version_is_refused_untouched() {
    let dir = made();
    let db = open(&database(&dir), NOW).unwrap();
    schema::set_meta(&db, "min_reader", SCHEMA_VERSION + 1).unwrap();
    drop(db);
    assert_eq!(
        refused(&dir),
        "open ~/assistant.db: written by a newer version (needs a reader of schema 2, this is 1)"
    );
}

#[test]
fn a_newer_version_that_was_killed_is_seen_in_its_log_and_refused_untouched() {
    let dir = made_and_killed(|db| {
        schema::set_meta(db, "min_reader", SCHEMA_VERSION + 1).unwrap();
    });
    assert!(refused(&dir).contains("written by a newer version"));
}

#[test]
fn a_log_without_its_database_is_refused_untouched() {
    let dir = made_and_killed(|db| {
        db.execute("INSERT INTO cursors VALUES ('signal', '2', 0)", []).unwrap();
    });
    fs::remove_file(database(&dir)).unwrap();
    let message = refused(&dir);
    assert!(message.contains("~/assistant.db-wal is there without it"), "{message}");
    fs::write(database(&dir), "").unwrap();
    refused(&dir);
}

#[test]
fn a_newer_version_that_lets_us_read_opens_and_stays_newer() {
    let dir = made();
    let db = open(&database(&dir), NOW).unwrap();
    db.execute_batch("ALTER TABLE cursors ADD COLUMN later TEXT").unwrap();
    schema::set_meta(&db, "schema_version", SCHEMA_VERSION + 1).unwrap();
    drop(db);
    let db = open(&database(&dir), NOW).unwrap();
    assert_eq!(schema::meta(&db, "schema_version"), Ok(Some(SCHEMA_VERSION + 1)));
}

#[test]
fn a_reader_refuses_what_the_writer_refuses() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(database(&dir), "short").unwrap();
    assert!(matches!(open_for_reading(&database(&dir)), Err(OpenError::NotADatabase { .. })));
    let dir = made();
    let db = open(&database(&dir), NOW).unwrap();
    schema::set_meta(&db, "min_reader", SCHEMA_VERSION + 1).unwrap();
    assert!(matches!(open_for_reading(&database(&dir)), Err(OpenError::Newer { .. })));
    drop(db);
    assert!(matches!(open_for_reading(&database(&dir)), Err(OpenError::Newer { .. })));
}

/// Looking at the database, however often, adds nothing to it.
/// Incidents: 96.
#[test]
fn a_reader_without_a_writer_leaves_no_file_behind() {
    let dir = made();
    let before = files(&dir);
    let db = open_for_reading(&database(&dir)).unwrap().unwrap();
    let cursors: i64 = db.query_row("SELECT count(*) FROM cursors", [], |row| row.get(0)).unwrap();
    drop(db);
    assert_eq!(cursors, 1);
    assert!(files(&dir) == before);
}

#[test]
fn a_reader_sees_what_a_killed_writer_left_in_the_log_and_changes_neither() {
    let dir = made_and_killed(|db| {
        db.execute("INSERT INTO cursors VALUES ('signal', '2', 0)", []).unwrap();
    });
    let before = files(&dir);
    let db = open_for_reading(&database(&dir)).unwrap().unwrap();
    let cursors: i64 = db.query_row("SELECT count(*) FROM cursors", [], |row| row.get(0)).unwrap();
    drop(db);
    assert_eq!(cursors, 2);
    let after = files(&dir);
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
}

/// A crash right after the file was made must not keep every later start from going on.
/// Incidents: K8.
#[test]
fn an_empty_file_becomes_a_database() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(database(&dir), "").unwrap();
    assert!(open_for_reading(&database(&dir)).unwrap().is_none());
    assert!(open(&database(&dir), NOW).is_ok());
}

#[test]
fn a_first_start_that_was_cut_short_is_taken_up() {
    let dir = tempfile::tempdir().unwrap();
    create(&database(&dir)).unwrap();
    let db = Connection::open(database(&dir)).unwrap();
    prepare(&db).unwrap();
    drop(db);
    assert!(fs::metadata(database(&dir)).unwrap().len() > 0);
    let db = open(&database(&dir), NOW).unwrap();
    assert_eq!(schema::meta(&db, "schema_version"), Ok(Some(SCHEMA_VERSION)));
}

#[test]
fn what_stands_in_the_log_only_is_there_after_opening() {
    let dir = made_and_killed(|db| {
        db.execute("INSERT INTO cursors VALUES (?1, '2', 0)", params!["signal"]).unwrap();
    });
    let db = open(&database(&dir), NOW).unwrap();
    let cursors: i64 = db.query_row("SELECT count(*) FROM cursors", [], |row| row.get(0)).unwrap();
    assert_eq!(cursors, 2);
}

#[test]
fn an_odd_path_is_opened_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("a b?c#d%20é");
    fs::create_dir(&odd).unwrap();
    let path = odd.join("assistant.db");
    drop(open(&path, NOW).unwrap());
    assert!(open(&path, NOW).is_ok());
    assert!(open_for_reading(&path).unwrap().is_some());
}
