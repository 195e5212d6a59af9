//! How the command ends.

use std::collections::BTreeMap;

use harness::exit_code::ExitCode;
use harness::report::Machine;

use super::row::{Compared, Pair, Row, Verdict};
use super::{Comparison, code, read};

/// A comparison in which we take half of everything, and a tenth where that is promised.
pub(super) fn comparison() -> Comparison {
    let pair =
        |row: Row| Pair { sdk: 300.0, ours: if row.promised().is_some() { 30.0 } else { 150.0 } };
    let rows = Row::ALL.iter().filter_map(|row| row.compare(&[vec![pair(*row)]], 1)).collect();
    Comparison {
        date: jiff::civil::date(2026, 11, 22),
        commit: "0123456789abcdef".to_owned(),
        clean: true,
        machine: Machine { os: "linux".to_owned(), arch: "x86_64".to_owned(), cores: 2 },
        hosts: ("sdk 1".to_owned(), "ours 1".to_owned()),
        claude: "2".to_owned(),
        seed: 1,
        rounds: 1,
        elapsed_s: 1.0,
        rows,
        growth: Pair { sdk: 0.5, ours: 0.0 },
        others: Some(0.125),
        pairs: BTreeMap::from([(Row::Connect, vec![vec![pair(Row::Connect)]])]),
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Vec<Compared>), wanted: ExitCode) {
    let mut rows = comparison().rows;
    change(&mut rows);
    assert_eq!(code(&rows), wanted);
}

#[test]
fn a_whole_table_with_no_row_worse_is_a_pass() {
    check(|_| {}, ExitCode::Pass);
    check(|rows| rows[0].verdict = Verdict::NoDifference, ExitCode::Pass);
}

#[test]
fn a_row_that_is_worse_or_not_enough_better_fails() {
    check(|rows| rows[0].verdict = Verdict::Worse, ExitCode::Failed);
    check(|rows| rows[4].verdict = Verdict::TooLittle, ExitCode::Failed);
}

#[test]
fn a_table_without_a_row_fails() {
    check(|rows| rows.truncate(10), ExitCode::Failed);
    check(Vec::clear, ExitCode::Failed);
}

#[test]
fn what_was_stored_is_read_again() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("peers.json");
    std::fs::write(&path, serde_json::to_string(&comparison()).unwrap()).unwrap();
    let found = read(&path).unwrap();
    assert_eq!(found.rows, comparison().rows);
    assert_eq!(found.pairs, comparison().pairs);
    assert!(read(room.path()).is_err());
}
