//! What a look through a database says, and what it leaves.

use std::fs;

use super::*;

const NOW: WallMs = WallMs(1_700_000_000_000);

fn made(version: i64) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assistant.db");
    let db = open::open(&path, NOW).unwrap();
    schema::set_meta(&db, "schema_version", version).unwrap();
    drop(db);
    (dir, path)
}

#[test]
fn a_look_at_a_database_in_place_changes_nothing() {
    let (dir, path) = made(schema::SCHEMA_VERSION);
    let before = fs::read(&path).unwrap();
    assert_eq!(check_in_place(&path).unwrap(), Some(Schema::OF_THIS_PROGRAM));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(check_in_place(&dir.path().join("none.db")).unwrap(), None);
}

#[test]
fn a_database_of_tomorrow_that_this_program_can_read_stays_of_tomorrow() {
    let tomorrow = schema::SCHEMA_VERSION + 1;
    let (dir, path) = made(tomorrow);
    let found = check_open(&path, NOW).unwrap();
    assert_eq!(found, Schema { version: tomorrow, min_reader: schema::MIN_READER });
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_database_to_be_opened_has_to_be_there() {
    let (dir, _path) = made(schema::SCHEMA_VERSION);
    let none = dir.path().join("none.db");
    assert!(matches!(check_open(&none, NOW), Err(OpenError::Io { .. })));
    assert!(!none.exists());
}

#[test]
fn a_damaged_page_is_found_however_large_the_database_is() {
    let (_dir, path) = made(schema::SCHEMA_VERSION);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE filler (text TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO filler SELECT hex(randomblob(600)) FROM n",
    )
    .unwrap();
    db.close().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    assert!(2 << 20 < bytes.len());
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    assert!(matches!(check_in_place(&path), Err(OpenError::Damaged { .. })));
    assert!(matches!(check_open(&path, NOW), Err(OpenError::Damaged { .. })));
}
