//! How the command ends.

use std::collections::BTreeMap;

use harness::exit_code::ExitCode;
use harness::report::Machine;

use super::row::{Pair, Row, Verdict};
use super::{Comparison, ROUNDS_MIN, SCHEMA, code, read};

/// A comparison in which we take half of everything, and a tenth where that is promised.
pub(super) fn comparison() -> Comparison {
    let pair =
        |row: Row| Pair { sdk: 300.0, ours: if row.promised().is_some() { 30.0 } else { 150.0 } };
    let rows = Row::ALL.iter().filter_map(|row| row.compare(&[vec![pair(*row)]], 1)).collect();
    Comparison {
        schema: SCHEMA.to_owned(),
        date: jiff::civil::date(2026, 11, 22),
        commit: "0123456789abcdef".to_owned(),
        clean: true,
        machine: Machine { os: "linux".to_owned(), arch: "x86_64".to_owned(), cores: 2 },
        hosts: ("sdk 1".to_owned(), "ours 1".to_owned()),
        claude: "2".to_owned(),
        seed: 1,
        rounds: 12,
        elapsed_s: 1.0,
        rows,
        growth: Pair { sdk: 0.5, ours: 0.0 },
        others: Some(0.125),
        pairs: BTreeMap::from([(Row::Connect, vec![vec![pair(Row::Connect)]])]),
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Comparison), wanted: ExitCode) {
    let mut found = comparison();
    change(&mut found);
    assert_eq!(code(&found), wanted);
}

#[test]
fn a_whole_table_with_no_row_worse_is_a_pass() {
    check(|_| {}, ExitCode::Pass);
    check(|found| found.rows[0].verdict = Verdict::NoDifference, ExitCode::Pass);
}

#[test]
fn a_row_that_is_worse_or_not_enough_better_fails() {
    check(|found| found.rows[0].verdict = Verdict::Worse, ExitCode::Failed);
    check(|found| found.rows[4].verdict = Verdict::TooLittle, ExitCode::Failed);
}

#[test]
fn a_table_without_a_row_fails() {
    check(|found| found.rows.truncate(10), ExitCode::Failed);
    check(|found| found.rows.clear(), ExitCode::Failed);
}

#[test]
fn too_few_rounds_say_nothing_neither_good_nor_bad() {
    check(|found| found.rounds = ROUNDS_MIN, ExitCode::Pass);
    check(|found| found.rounds = ROUNDS_MIN - 1, ExitCode::Inconclusive);
    let worse = |found: &mut Comparison| {
        found.rounds = ROUNDS_MIN - 1;
        found.rows[0].verdict = Verdict::Worse;
    };
    check(worse, ExitCode::Inconclusive);
}

/// A file with this inside, read.
fn reading(text: &str) -> anyhow::Result<Comparison> {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("peers.json");
    std::fs::write(&path, text).unwrap();
    read(&path)
}

#[test]
fn what_was_stored_is_read_again() {
    let found = reading(&serde_json::to_string(&comparison()).unwrap()).unwrap();
    assert_eq!(found.rows, comparison().rows);
    assert_eq!(found.pairs, comparison().pairs);
    assert!(read(std::path::Path::new("/nonexistent/peers.json")).is_err());
}

#[test]
fn figures_of_another_kind_are_not_read() {
    let mut other = serde_json::to_value(comparison()).unwrap();
    let refused = |text: &serde_json::Value| reading(&text.to_string()).unwrap_err().to_string();
    other["schema"] = "harness.peers.v2".into();
    assert!(refused(&other).ends_with(": it is harness.peers.v2 and not harness.peers.v1"));
    other.as_object_mut().unwrap().remove("schema");
    assert!(refused(&other).ends_with(": it is of no kind and not harness.peers.v1"));
}
