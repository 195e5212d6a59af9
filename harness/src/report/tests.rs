use jiff::Timestamp;

use super::{CaseReport, Machine, Outcome, Report, ReportError, SCHEMA, Selection, Verdict};
use crate::exit_code::ExitCode;
use crate::gate::Gate;
use crate::tier::Tier;

fn report() -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        tier: Tier::RealBinaries,
        gate: Gate::Closed,
        started_at: Timestamp::UNIX_EPOCH,
        elapsed_ms: 12,
        selection: Selection::default(),
        machine: Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 },
        ends: Vec::new(),
        cases: vec![CaseReport {
            id: "tier2::messages::a_reply_comes_back".into(),
            tags: Vec::new(),
            outcome: Outcome::Passed,
            elapsed_ms: 11.5,
            wrapper_ms: 0.25,
            tries: 1,
            seed: Some(u64::MAX),
            log: None,
            message: None,
            repeat: None,
            quarantine: None,
        }],
        problems: Vec::new(),
        verdict: Verdict {
            exit_code: ExitCode::Pass,
            passed: 1,
            failed: 0,
            skipped: 0,
            quarantined: 0,
            reasons: Vec::new(),
        },
    }
}

#[test]
fn a_report_reads_back_as_it_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/report.json");
    report().write(&path).unwrap();
    assert_eq!(Report::read(&path).unwrap(), report());
}

#[test]
fn another_version_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    Report { schema: "harness.report.v9".into(), ..report() }.write(&path).unwrap();
    let error = Report::read(&path).unwrap_err();
    assert!(matches!(&error, ReportError::Schema { found, .. } if found == "harness.report.v9"));
    assert!(error.to_string().contains("harness.report.v9"), "{error}");
}
