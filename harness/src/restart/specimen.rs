//! Reports of restarts for tests to look at.

use super::flags::{Flags, Scope};
use super::report::{Outcome, Report, SCHEMA, Seen, Standing, StepReport, Target, Verdict};
use super::step::Step;
use crate::exit_code::ExitCode;

/// A restart that went well.
pub(crate) fn good() -> Report {
    let flags = Flags::default();
    let forward = Step::ALL.into_iter().filter(|step| *step != Step::RollBack);
    let mut steps: Vec<StepReport> = (0_u64..)
        .zip(forward)
        .map(|(index, step)| {
            let deadline_ms =
                u64::try_from(step.limit(&flags).as_millis()).expect("an hour or two");
            StepReport {
                outcome: Outcome::Passed,
                started_ms: index * 1_000,
                elapsed_ms: 940,
                ..StepReport::skipped(step, deadline_ms)
            }
        })
        .collect();
    steps[1].says = vec!["pid 100, generation 7".to_owned()];
    Report {
        schema: SCHEMA.to_owned(),
        id: "r1763870478123-9f3c".to_owned(),
        scope: Scope::Whole,
        started_at: "2026-03-10T12:00:00Z".parse().expect("a time"),
        elapsed_ms: 93_120,
        repeat: "cargo xtask safe-restart --target HEAD".to_owned(),
        target: Target {
            asked: "HEAD".to_owned(),
            commit: Some("be6e8ec1a2b3be6e8ec1a2b3be6e8ec1a2b3be6e".to_owned()),
            slot: Some("20260310T115900Z-be6e8ec1a2b3".to_owned()),
        },
        previous: Some("20260301T080000Z-aaaaaaaaaaaa".to_owned()),
        standing: Some(Standing::Good),
        before: Some(Seen { pid: 100, generation: 7 }),
        after: Some(Seen { pid: 230, generation: 8 }),
        gap_ms: Some(180),
        held_ms: Some(4_200),
        backup: Some("backups/r1763870478123-9f3c.db".into()),
        steps,
        decisions: vec!["the target runs, is marked good, and delivers".to_owned()],
        verdict: Verdict {
            exit_code: ExitCode::Pass,
            says: "pass: the target runs, is marked good, and delivers".to_owned(),
            reasons: Vec::new(),
        },
    }
}

/// One that was gone back from: the target never answered.
pub(crate) fn rolled_back() -> Report {
    let mut report = good();
    let why = "see the answer within 60s: <none> @ all *came*";
    for step in &mut report.steps[11..] {
        step.outcome = Outcome::Skipped;
    }
    report.steps[4].outcome = Outcome::Remarked;
    report.steps[4].says = vec!["remark: daemon.ready: cannot be said".to_owned()];
    report.steps[11].outcome = Outcome::Failed;
    report.steps[11].says = vec![why.to_owned()];
    report.steps.push(StepReport {
        outcome: Outcome::Passed,
        started_ms: 13_000,
        elapsed_ms: 1_500,
        ..StepReport::skipped(Step::RollBack, 240_000)
    });
    report.after = Some(Seen { pid: 260, generation: 9 });
    report.standing = Some(Standing::Bad);
    report.decisions =
        vec![format!("it is gone back to the previous slot, and the target marked bad: {why}")];
    report.verdict = Verdict {
        exit_code: ExitCode::RolledBack,
        says: format!("rolled back: {why}"),
        reasons: vec![why.to_owned()],
    };
    report
}

/// One that ended before anything happened.
pub(crate) fn untouched() -> Report {
    let mut report = good();
    for step in &mut report.steps[3..] {
        *step = StepReport::skipped(step.step, step.deadline_ms);
    }
    report.steps[3].outcome = Outcome::Failed;
    report.steps[3].says = vec!["error[E0308]: mismatched types".to_owned()];
    report.after = report.before;
    report.standing = None;
    (report.gap_ms, report.held_ms, report.backup) = (None, None, None);
    report.decisions = vec!["untouched: pid 100, generation 7 as before".to_owned()];
    report.verdict = Verdict {
        exit_code: ExitCode::BuildFailed,
        says: "build failed: error[E0308]: mismatched types".to_owned(),
        reasons: vec!["error[E0308]: mismatched types".to_owned()],
    };
    report
}
