//! A receipt in a line, and reports that cannot be rendered.

use std::fs;

use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt::{Receipt, Stale};
use harness::report::Outcome;
use harness::tier::Tier;
use jiff::{SignedDuration, Timestamp};

use super::{Format, Found, line, rendered, report};
use crate::tier::proof::tests::wanted;
use crate::tier::tests::{case, report as report_of};

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
    assert!(rendered(&report, Format::Terminal).ends_with("1 passed, 0 failed\n"));
    assert!(rendered(&report, Format::Junit).starts_with("<?xml"));
    assert!(rendered(&report, Format::Markdown).contains("tier 2"));
}

#[test]
fn a_file_that_is_no_report_is_told_apart_from_one_that_is_not_there() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("report.json");
    assert_eq!(report(&path, Format::Terminal), ExitCode::Failed);
    fs::write(&path, "{}").unwrap();
    assert_eq!(report(&path, Format::Terminal), ExitCode::FileInvalid);
}
