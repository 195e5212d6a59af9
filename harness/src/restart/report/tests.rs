use std::fs;

use serde_json::Value;

use super::*;
use crate::restart::specimen::{good, rolled_back, untouched};

#[test]
fn what_is_written_is_read_again() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("state/report.json");
    for report in [good(), rolled_back(), untouched()] {
        report.write(&path).unwrap();
        assert_eq!(Report::read(&path).unwrap(), report);
    }
}

#[test]
fn the_keys_that_others_read_stay_as_they_are() {
    let json: Value = serde_json::from_str(&rolled_back().to_json()).unwrap();
    assert_eq!(json["schema"], "harness.restart.v1");
    assert_eq!(json["verdict"]["exit_code"], 25);
    assert!(json["verdict"]["says"].as_str().unwrap().starts_with("rolled back: "));
    assert_eq!(json["steps"][0]["number"], 0);
    assert_eq!(json["steps"][6]["name"], "hold and drain");
    assert_eq!(json["steps"][6]["step"], "drain");
    assert_eq!(json["steps"][13]["number"], Value::Null);
    assert_eq!(json["steps"][12]["outcome"], "skipped");
    assert_eq!(json["gap_ms"], 180);
    assert_eq!(json["standing"], "bad");
    assert_eq!(json["after"]["generation"], 9);
}

#[test]
fn a_report_of_another_version_is_refused_with_its_name() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("report.json");
    let text = good().to_json().replace("harness.restart.v1", "harness.restart.v2");
    fs::write(&path, text).unwrap();
    let error = Report::read(&path).unwrap_err().to_string();
    assert!(error.ends_with("it is \"harness.restart.v2\" and not harness.restart.v1"), "{error}");
    fs::write(&path, "{").unwrap();
    assert!(matches!(Report::read(&path), Err(ReportError::Json { .. })));
    assert!(matches!(Report::read(&room.path().join("none")), Err(ReportError::File { .. })));
}
