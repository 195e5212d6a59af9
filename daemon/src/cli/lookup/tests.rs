//! What cannot be read is never said to be typed wrongly: whoever asks could take it for a program
//! that does not know the command.

use std::{fs, io};

use rusqlite::ffi;

use super::*;
use crate::config::Home;

fn refused(code: i32) -> StoreError {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
}

#[test]
fn a_database_that_cannot_be_used_is_a_failure_and_nothing_mistyped() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    let database = home.database();
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    fs::write(&database, "no database at all, and longer than its header would be".repeat(20))
        .unwrap();
    let place = Place { home, user_home: None };
    assert_eq!(view(&place).unwrap_err().code, Code::Failed);
    fs::remove_file(&database).unwrap();
    fs::create_dir(&database).unwrap();
    assert_eq!(view(&place).unwrap_err().code, Code::Failed);
    assert_eq!(Failure::from(refused(ffi::SQLITE_CORRUPT)).code, Code::Failed);
    assert_eq!(Failure::from(StoreError::Missing { table: "attempts" }).code, Code::Failed);
}

#[test]
fn trouble_of_the_machine_may_be_over_later() {
    for code in [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED, ffi::SQLITE_IOERR, ffi::SQLITE_NOMEM] {
        assert_eq!(Failure::from(refused(code)).code, Code::Busy, "{code}");
        let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        let path = "assistant.db".into();
        assert_eq!(unread(&OpenError::Sql { path, source }).code, Code::Busy, "{code}");
    }
    let denied = |kind: io::ErrorKind| {
        unread(&OpenError::Io { path: "assistant.db".into(), source: kind.into() }).code
    };
    assert_eq!(denied(io::ErrorKind::PermissionDenied), Code::Denied);
    assert_eq!(denied(io::ErrorKind::StorageFull), Code::Busy);
    assert_eq!(denied(io::ErrorKind::NotADirectory), Code::Failed);
}
