use std::io;

use rusqlite::ffi;
use rustix::io::Errno;

use super::*;
use crate::store::StoreError;

#[track_caller]
fn check(error: impl Into<anyhow::Error>, code: Code) {
    let error = error.into().context("begin a generation");
    let line = exit::line_of(&error);
    let weighed = weighed(error);
    assert_eq!((exit::code_of(&weighed), exit::line_of(&weighed)), (code, line));
}

fn sql(code: i32) -> StoreError {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
}

#[test]
fn trouble_of_the_machine_is_not_held_against_the_program() {
    for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED, ffi::SQLITE_IOERR] {
        check(sql(code), Code::Busy);
    }
    for errno in [Errno::NOSPC, Errno::MFILE, Errno::AGAIN, Errno::NOMEM, Errno::IO, Errno::ROFS] {
        check(io::Error::from(errno), Code::Busy);
    }
}

#[test]
fn whatever_else_is_wrong_keeps_its_code() {
    check(sql(ffi::SQLITE_CONSTRAINT), Code::Failed);
    check(StoreError::Closed, Code::Failed);
    check(io::Error::from(Errno::NOENT), Code::Failed);
    check(io::Error::from(Errno::ACCESS), Code::Denied);
}
