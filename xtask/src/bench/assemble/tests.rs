//! A report from what was found out.

use harness::bench::check::{BaseCount, Check, Rules, Surroundings, counted};
use harness::bench::report::{Build, Standing};
use harness::exit_code::ExitCode;
use tempfile::TempDir;

use super::*;
use crate::bench::drive::Starts;
use crate::bench::launch::Start;
use crate::bench::plan::tests::policy;
use crate::bench::ready::Trees;

fn workspace() -> (TempDir, Workspace) {
    let room = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(room.path());
    (room, workspace)
}

/// A run of nothing but one count of instructions.
fn found(count: f64) -> Found {
    let policy = policy();
    let metric = policy.find("instructions.route").unwrap();
    let start = Start { program: PathBuf::from("probe"), arguments: Vec::new() };
    let trees = Trees { root: PathBuf::new(), target: PathBuf::new() };
    Found {
        mode: Mode::Full,
        started_at: Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_secs(3),
        repeat: "cargo xtask bench-check --seed 1".to_owned(),
        only: None,
        ready: Ready {
            starts: Starts { head: start.clone(), base: None, control: start },
            head: Build { commit: "a".repeat(40), clean: true },
            base: None,
            base_missing: None,
            offered: Vec::new(),
            base_offered: None,
            head_trees: trees,
            base_trees: None,
        },
        guard: Guard::default(),
        findings: Check::new(Rules::full(1), Vec::new()).findings(Surroundings::Quiet),
        instructions: Instructions::Counted(vec![counted(metric, count, &BaseCount::Is(count))]),
        bare: Vec::new(),
        roles: Vec::new(),
        problems: Vec::new(),
        warnings: Warnings::Allowed,
        gate: Gate::Open,
    }
}

fn standing(report: &BenchReport, id: &str) -> Standing {
    report.metrics.iter().find(|it| it.policy.id == id).unwrap().standing
}

#[test]
fn every_metric_of_the_policy_is_there_and_says_what_became_of_it() {
    let (_room, workspace) = workspace();
    let report = report(&workspace, &policy(), found(10.0), Remember::No);
    assert_eq!(report.metrics.len(), policy().metrics.len());
    assert_eq!(standing(&report, "instructions.route"), Standing::Pass);
    assert_eq!(standing(&report, "instructions.frame"), Standing::Skipped);
    assert_eq!(standing(&report, "daemon.ready"), Standing::Unasked);
    assert_eq!(standing(&report, "signal.send"), Standing::Awaits);
    assert_eq!(report.verdict.exit_code, ExitCode::Pass);
    assert_eq!((report.verdict.held, report.verdict.failed), (1, 0));
}

#[test]
fn a_base_that_is_missing_and_a_problem_are_told_by_the_exit_code() {
    let (_room, workspace) = workspace();
    let mut missing = found(10.0);
    missing.ready.base_missing = Some("there is no older commit".to_owned());
    let code = |found| report(&workspace, &policy(), found, Remember::No).verdict.exit_code;
    assert_eq!(code(missing), ExitCode::NoReference);
    let problems = vec!["a scenario without a policy".to_owned()];
    assert_eq!(code(Found { problems, ..found(10.0) }), ExitCode::FileInvalid);
    assert_eq!(code(found(1e12)), ExitCode::Failed);
    let instructions = Instructions::Skipped("valgrind is not installed".to_owned());
    assert_eq!(code(Found { instructions, ..found(10.0) }), ExitCode::PreconditionMissing);
    let nothing = Found { instructions: Instructions::Unasked, ..found(10.0) };
    assert_eq!(code(nothing), ExitCode::NothingSelected);
}

#[test]
fn a_run_is_remembered_once_and_is_part_of_its_own_trends() {
    let (room, workspace) = workspace();
    let report = report(&workspace, &policy(), found(10.0), Remember::Yes);
    assert_eq!(report.trends["instructions.route"].points.len(), 1);
    let path = History::path(&room.path().join(BASELINES), &report.machine.id);
    assert_eq!(History::read(&path).unwrap().lines.len(), 1);
    let again = super::report(&workspace, &policy(), found(10.0), Remember::No);
    assert_eq!(again.trends["instructions.route"].points.len(), 1);
}

#[test]
fn a_part_is_not_remembered_whatever_was_asked_for() {
    let (_room, workspace) = workspace();
    let part = Found { only: Some("route".to_owned()), ..found(10.0) };
    let report = report(&workspace, &policy(), part, Remember::Yes);
    assert!(report.trends.is_empty(), "{:?}", report.trends);
}

#[test]
fn a_closed_gate_lets_nothing_pass_that_was_not_measured() {
    let (_room, workspace) = workspace();
    let code = |found| report(&workspace, &policy(), found, Remember::No).verdict.exit_code;
    let closed = || Found { gate: Gate::Closed, ..found(10.0) };
    assert_eq!(code(closed()), ExitCode::PreconditionMissing);
    assert_eq!(code(Found { only: Some("route".to_owned()), ..closed() }), ExitCode::Pass);
    assert_eq!(code(Found { mode: Mode::Quick, ..closed() }), ExitCode::Pass);
    for mode in [Mode::Run, Mode::Compare] {
        assert_eq!(code(Found { mode, ..closed() }), ExitCode::PreconditionMissing);
        // What a build does not offer is nothing that the machine lacks.
        let whole =
            policy().metrics.iter().map(|it| counted(it, 0.0, &BaseCount::Unasked)).collect();
        let found = Found { mode, instructions: Instructions::Counted(whole), ..closed() };
        assert_eq!(code(found), ExitCode::Pass);
    }
}

#[test]
fn a_history_that_somebody_has_edited_is_a_problem() {
    let (room, workspace) = workspace();
    let path = History::path(&room.path().join(BASELINES), &BenchMachine::here().id);
    put(&path, "no line\n").unwrap();
    let report = report(&workspace, &policy(), found(10.0), Remember::Yes);
    assert_eq!(report.verdict.exit_code, ExitCode::FileInvalid);
    assert_eq!(fs::read_to_string(&path).unwrap(), "no line\n", "nothing is added to it");
}

#[test]
fn a_report_is_written_in_every_form_and_where_it_is_wanted() {
    let (room, workspace) = workspace();
    let report = report(&workspace, &policy(), found(10.0), Remember::No);
    let places = Places::below(workspace.target_dir());
    let copy = room.path().join("copy.html");
    let copies = Copies { html: Some(copy.clone()), ..Copies::none() };
    write(&places, &report, &copies).unwrap();
    for name in ["report.json", "report.md", "junit.xml", "report.html"] {
        assert!(places.report(name).is_file(), "{name}");
    }
    assert_eq!(fs::read(&copy).unwrap(), fs::read(places.report("report.html")).unwrap());
    let read = fs::read(places.report("report.json")).unwrap();
    assert_eq!(serde_json::from_slice::<BenchReport>(&read).unwrap(), report);
    copies.clear().unwrap();
    assert!(!copy.exists());
    clear(&places).unwrap();
    assert!(!places.report("junit.xml").exists() && !places.report("report.html").exists());
}

#[test]
fn entries_of_the_quarantine_are_shown() {
    let (room, workspace) = workspace();
    let text = "[[case]]\nid = \"tier2::a\"\nowner = \"owner\"\nissue = \"1\"\n\
                since = 2026-03-01\nexpires = 2026-03-02\nreason = \"known\"\n";
    put(&room.path().join("harness/quarantine.toml"), text).unwrap();
    let report = report(&workspace, &policy(), found(10.0), Remember::No);
    assert_eq!(report.quarantine[0].id, "tier2::a");
}
