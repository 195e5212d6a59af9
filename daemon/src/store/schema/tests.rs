//! Migrations go forward only, once each.

use super::*;

#[test]
fn each_version_is_one_step() {
    assert_eq!(i64::try_from(MIGRATIONS.len()), Ok(SCHEMA_VERSION));
}

#[test]
fn a_database_of_today_is_left_as_it_is() {
    let mut db = Connection::open_in_memory().unwrap();
    migrate(&mut db, WallMs(1)).unwrap();
    set_meta(&db, "generation", 7).unwrap();
    let changes = db.total_changes();
    migrate(&mut db, WallMs(2)).unwrap();
    assert_eq!(db.total_changes(), changes);
    assert_eq!(meta(&db, "created_at_ms"), Ok(Some(1)));
}

#[test]
fn a_migration_that_fails_leaves_nothing_half_made() {
    let mut db = Connection::open_in_memory().unwrap();
    // Room for the first few tables only.
    db.pragma_update(None, "max_page_count", 6).unwrap();
    assert!(migrate(&mut db, WallMs(1)).is_err());
    assert!(is_blank(&db).unwrap());
}
