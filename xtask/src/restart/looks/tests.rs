use super::super::tests::stage::{NEW, OLD, Stage};
use super::*;

fn slots_verb(stage: &Stage, verb: SlotVerb) -> Result<ExitCode> {
    slots(&SlotArguments { home: Some(stage.home()), verb })
}

fn code(result: Result<ExitCode>) -> Option<ExitCode> {
    result.map_or_else(|trouble| trouble.failure().code.or(Some(ExitCode::Failed)), Some)
}

#[test]
fn a_home_that_is_nowhere_is_a_missing_precondition() {
    let nowhere = Some("/nowhere/at/all".into());
    let list = SlotArguments { home: nowhere.clone(), verb: SlotVerb::List };
    assert_eq!(code(slots(&list)), Some(ExitCode::PreconditionMissing));
    let look = StatusArguments { home: nowhere };
    assert_eq!(code(status(&look)), Some(ExitCode::PreconditionMissing));
}

#[test]
fn what_the_launcher_does_not_want_is_a_failure_and_no_launcher_a_missing_precondition() {
    let stage = Stage::new();
    stage.world("fails-launcher-mark-bad", "it runs\n");
    let bad = || SlotVerb::MarkBad { slot: NEW.to_owned(), why: "it leaks".to_owned() };
    assert_eq!(code(slots_verb(&stage, bad())), Some(ExitCode::Failed));
    fs::remove_file(stage.home().join("launcher/claude-assistant")).unwrap();
    assert_eq!(code(slots_verb(&stage, bad())), Some(ExitCode::PreconditionMissing));
}

#[test]
fn what_a_restart_that_is_pending_needs_is_not_pruned() {
    let stage = Stage::new();
    for index in 0..6 {
        stage.lay(&format!("20260311T00000{index}Z-cccccccccccc"));
    }
    let pending = stage.home().join("state/restart/pending.json");
    fs::create_dir_all(pending.parent().unwrap()).unwrap();
    let text =
        format!(r#"{{"format":1,"id":"r1763870470001-0000","target":"{NEW}","previous":"{OLD}"}}"#);
    fs::write(&pending, text).unwrap();
    stage.leave_copies();
    // No launcher runs; another slot does.
    fs::remove_file(stage.home().join("slots/current")).unwrap();
    let running = "20260311T000005Z-cccccccccccc";
    std::os::unix::fs::symlink(running, stage.home().join("slots/current")).unwrap();
    assert_eq!(code(slots_verb(&stage, SlotVerb::Prune)), Some(ExitCode::Pass));
    let left = Slots::at(stage.home().join("slots")).all().unwrap();
    let left: Vec<&str> = left.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(left.len(), 5);
    assert!(left.contains(&OLD) && left.contains(&NEW) && left.contains(&running), "{left:?}");
    // The second alone is one too many: the first is what the launcher falls back on.
    assert!(!stage.copies().contains(&"r1763870470002-0000.db".to_owned()));
    assert_eq!(stage.copies().len(), 5, "{:?}", stage.copies());
}

#[test]
fn the_last_restart_is_one_that_was_begun_and_says_where_it_failed() {
    let stage = Stage::new();
    let home = Home::find(Some(&stage.home())).unwrap();
    stage.world("unfit", "");
    let (_, mut report) = stage.restart(&[]);
    let keep = |report: &Report| report.write(&home.report(&report.id).join("report.json"));
    report.id = "r9000000000001-0000".to_owned();
    report.scope = Scope::DryRun;
    keep(&report).unwrap();
    report.id = "r9000000000002-0000".to_owned();
    report.scope = Scope::Whole;
    report.verdict.exit_code = ExitCode::Locked;
    keep(&report).unwrap();
    let last = last_report(&home).unwrap().unwrap();
    assert_eq!(last.verdict.exit_code, ExitCode::CandidateFailed);
    let lines = told(&last);
    assert_eq!(lines[1], "      failed at 5 candidate: see the answer: none came within 20 s");
    assert_eq!(lines[2..], [format!("      {NEW} is unproven: neither good nor bad")]);
}

#[test]
fn a_list_of_slots_says_which_check_has_said_no() {
    let stage = Stage::new();
    let mut manifest = Slots::at(stage.home().join("slots")).manifest(NEW).unwrap();
    assert!(line(&manifest, None, None).contains("tier 1, tier 2 passed at "));
    manifest.refused.tiers.insert(harness::tier::Tier::RealAgent);
    manifest.refused.measured = true;
    assert!(line(&manifest, None, None).ends_with(", tier 3 and what is measured said no"));
}
