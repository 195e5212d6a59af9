//! A receipt in a line, and reports that cannot be rendered.

use std::fs;

use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt::{Receipt, Stale};
use harness::report::Outcome;
use harness::tier::Tier;
use jiff::{SignedDuration, Timestamp};

use super::{Format, Found, Stored, line, read, rendered, report};
use crate::tier::proof::tests::wanted;
use crate::tier::tests::{case, report as report_of};

/// What a measuring run without any metric leaves.
const MEASURED: &str = r#"{
    "schema": "harness.report.v1", "kind": "bench", "mode": "quick",
    "started_at": "2026-03-01T12:00:00Z", "elapsed_ms": 1000, "repeat": "cargo xtask bench-check",
    "machine": {"id": "a", "os": "linux", "arch": "x86_64", "cores": 2, "cpu": "b"},
    "head": {"commit": "c0ffee", "clean": true}, "base": null, "base_missing": null,
    "load": {"looks": 0, "loaded": 0, "limit": 0.1, "median": 0.0, "worst": 0.0},
    "controls": [], "metrics": [], "bare": [], "roles": [], "trends": {}, "tiers": [],
    "quarantine": [], "verdict": {"exit_code": 33, "held": 0, "failed": 0, "inconclusive": 0,
    "unmeasured": 0, "reasons": []}}"#;

#[track_caller]
fn check(found: &Found, expected: &str) {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(65);
    assert_eq!(line(Tier::RealBinaries, now, found), expected);
}

#[test]
fn a_receipt_is_a_line_that_says_whether_it_holds() {
    let report = report_of(Gate::Closed, vec![case("tier2::a", Outcome::Passed)]);
    let receipt = || Box::new(Receipt::of(&report, wanted(), Timestamp::UNIX_EPOCH));
    let valid = "tier 2  valid, 1 h 05 min old (1 passed, 0 failed)";
    check(&Found::Receipt(receipt(), Ok(())), valid);
    let stale = "tier 2  stale, 1 h 05 min old (1 passed, 0 failed): the work tree has changed";
    check(&Found::Receipt(receipt(), Err(Stale::Tree)), stale);
    check(&Found::Nothing, "tier 2  none");
    check(&Found::Unreadable("read it".to_owned()), "tier 2  stale: failed to read it");
}

#[test]
fn a_report_is_rendered_in_every_format() {
    let report = report_of(Gate::Closed, vec![case("tier2::a", Outcome::Passed)]);
    let stored = Stored::Tier(Box::new(report));
    let shown = |format| rendered(&stored, format);
    assert!(shown(Format::Terminal).unwrap().ends_with("1 passed, 0 failed\n"));
    assert!(shown(Format::Junit).unwrap().starts_with("<?xml"));
    assert!(shown(Format::Markdown).unwrap().contains("tier 2"));
    assert_eq!(shown(Format::Html), None);
}

#[test]
fn the_page_of_a_tier_is_asked_for_in_vain() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("report.json");
    report_of(Gate::Closed, Vec::new()).write(&path).unwrap();
    assert_eq!(report(&path, Format::Markdown), ExitCode::Pass);
    assert_eq!(report(&path, Format::Html), ExitCode::BadUsage);
}

#[test]
fn a_report_of_a_measuring_run_is_known_by_its_kind() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("report.json");
    fs::write(&path, MEASURED).unwrap();
    let stored = read(&path).unwrap();
    let shown = |format| rendered(&stored, format).unwrap();
    let totals = "0 held, 0 failed, 0 inconclusive, 0 unmeasured\n";
    assert!(shown(Format::Terminal).ends_with(totals));
    assert!(shown(Format::Junit).starts_with("<?xml"));
    assert!(shown(Format::Markdown).starts_with("<!-- "));
    assert!(shown(Format::Html).starts_with("<!DOCTYPE html>"));
    // Half of one is not shown as something else.
    fs::write(&path, r#"{"schema": "harness.report.v1", "kind": "bench"}"#).unwrap();
    assert_eq!(report(&path, Format::Terminal), ExitCode::FileInvalid);
}

#[test]
fn a_file_that_is_no_report_is_told_apart_from_one_that_is_not_there() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("report.json");
    assert_eq!(report(&path, Format::Terminal), ExitCode::PreconditionMissing);
    fs::write(&path, "{}").unwrap();
    assert_eq!(report(&path, Format::Terminal), ExitCode::FileInvalid);
}
