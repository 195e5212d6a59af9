//! The gate measures: with a stand-in for the program that does.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use harness::bench::policy::Policy;
use harness::bench::report::KIND;
use harness::report::SCHEMA;
use serde_json::json;

use super::*;
use crate::checkout::tests::begin;
use crate::restart::time::Time;
use crate::running::Interrupt;
use crate::workspace::Workspace;

/// What one run leaves: a metric that stands like this.
fn left(standing: &str) -> String {
    let policy = Policy::parse(include_str!("../../../../../baselines/metrics.toml")).unwrap();
    let lost = policy.find("inbox.lost").unwrap();
    let report = json!({
        "schema": SCHEMA, "kind": KIND, "mode": "run", "started_at": "2026-03-10T12:00:00Z",
        "elapsed_ms": 1, "repeat": "", "base": null, "base_missing": null,
        "machine": {"id": "x", "os": "linux", "arch": "x86_64", "cores": 2, "cpu": ""},
        "head": {"commit": "c0ffee", "clean": true},
        "load": {"looks": 1, "loaded": 0, "limit": 0.25, "median": 0.0, "worst": 0.0},
        "metrics": [{"policy": lost, "standing": standing, "head": null, "absolute": null,
            "relative": null, "reasons": []}],
        "controls": [], "bare": [], "roles": [], "trends": {}, "tiers": [], "quarantine": [],
        "verdict": {"exit_code": 0, "held": 1, "failed": 0, "inconclusive": 0, "unmeasured": 0,
            "reasons": []},
    });
    report.to_string()
}

/// What came of measuring the first commit of a repository with this program; what that was asked.
fn measured(program: &str) -> (Result<Remarks>, String) {
    let (repository, room) = begin();
    let workspace = Workspace::at(repository.path());
    let yard = Yard::of(&workspace);
    let place = yard.program();
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    let asked = room.path().join("asked");
    let text =
        format!("#!/bin/sh\necho \"$@\" >> {}\nfor last; do :; done\n{program}\n", asked.display());
    fs::write(&place, text).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
    let never = Interrupt::never();
    let time = Time::from_now(Duration::from_mins(1), &never);
    let means = Means { workspace: &workspace, time, runs: room.path() };
    let slots = Slots::at(room.path().to_path_buf());
    let selection = Selection { tiers: <_>::default(), measured: true, says: Vec::new() };
    let trial = Trial {
        means,
        slots: &slots,
        selection: &selection,
        running: None,
        speed: Speed::Remarked,
    };
    let commit = ask(repository.path(), &["rev-parse", "HEAD"]).unwrap();
    let mut remarks = Remarks::default();
    let ended = trial.measure(&yard, &commit, &mut remarks).map(|()| remarks);
    let asked = fs::read_to_string(asked).unwrap().replace(&commit, "COMMIT");
    (ended, asked.replace(&repository.path().display().to_string(), ""))
}

/// A program that leaves this report.
fn leaves(standing: &str) -> String {
    format!("cat > \"$last\" <<'end'\n{}\nend", left(standing))
}

#[test]
fn a_commit_of_which_nobody_knows_what_runs_is_measured_by_its_promises() {
    let (ended, asked) = measured(&leaves("pass"));
    let remarks = ended.unwrap();
    assert_eq!(asked, "bench run COMMIT --json /target/restart/logs/bench-report.json\n");
    let remark = "remark: it was measured against what is promised alone: \
                  nobody knows the commit of the slot that runs";
    assert_eq!(remarks.says, [remark, "1 metrics hold"]);
    assert_eq!(remarks.weight, Weight::Remarkable);
}

#[test]
fn what_the_report_says_counts_and_not_how_the_program_ended() {
    let code = |program: &str| measured(program).0.unwrap_err().code();
    assert_eq!(code(&leaves("broken")), Some(ExitCode::InvariantBroken));
    assert_eq!(code(&leaves("fail")), Some(ExitCode::Failed));
    assert_eq!(measured(&format!("{}\nexit 31", leaves("pass"))).0.unwrap().says.len(), 2);
}

#[test]
fn a_program_that_leaves_no_report_says_why_in_its_last_line() {
    let (ended, _) = measured("echo 'interrupted: nothing is said of this build'; exit 30");
    let trouble = ended.unwrap_err();
    assert_eq!(trouble.code(), Some(ExitCode::Inconclusive));
    let said = "nothing was measured: interrupted: nothing is said of this build";
    assert_eq!(trouble.to_string(), said);
    let full = measured("echo 'write the report: No space left on device'; exit 20").0.unwrap_err();
    assert_eq!(full.code(), Some(ExitCode::PreconditionMissing));
}

#[test]
fn a_program_that_found_another_at_work_is_started_again() {
    let first = "[ -e \"$0.again\" ] || { touch \"$0.again\"; exit 50; }";
    let (ended, asked) = measured(&format!("{first}\n{}", leaves("pass")));
    let says = ended.unwrap().says;
    assert_eq!(says[0], "another run in this build directory was waited for");
    assert_eq!(asked.lines().count(), 2);
}
