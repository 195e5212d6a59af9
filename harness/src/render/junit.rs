//! For what reads `JUnit`: a build server, an editor.
//!
//! | standing | element |
//! |---|---|
//! | passed | none; on a later try `<flakyFailure>`, with something left behind `<system-err>` |
//! | failed | `<failure>` |
//! | failed for lack of a precondition | `<error>` |
//! | skipped, quarantined | `<skipped>` with the reason |
//!
//! Where the run is no pass and no case is to blame, it is a case itself, `tierN::(run)`: `<error>`
//! with the reasons, or `<skipped>` where nothing was tried. So a build server, which knows cases
//! alone, is green only where the exit code is 0. Problems of the run are in the `<system-err>` of
//! the suite too, its circumstances in properties.

use std::time::Duration;

use quick_junit::{FlakyOrRerun, NonSuccessKind, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::digest::{self, Row};
use crate::exit_code::ExitCode;
use crate::report::{Outcome, Report};
use crate::verdict::Standing;

/// The report as the text of a `junit.xml`.
pub fn junit(report: &Report) -> String {
    let name = format!("tier{}", report.tier.number());
    let took = Duration::from_millis(report.elapsed_ms);
    let mut suite = TestSuite::new(name.as_str());
    suite.set_time(took);
    suite.extra.insert("timestamp".into(), report.started_at.to_string().into());
    suite.add_property(("gate", digest::gate_words(report.gate)));
    suite.add_property(("exit_code", report.verdict.exit_code.number().to_string().as_str()));
    for end in &report.ends {
        let real = if end.real { "real" } else { "fake" };
        let (integration, what) = (digest::one_line(&end.integration), digest::one_line(&end.what));
        suite.add_property((format!("end.{integration}"), format!("{real}, {what}")));
    }
    if !report.problems.is_empty() {
        suite.set_system_err(digest::plain(&report.problems.join("\n")));
    }
    let standing = |case| Standing::of(report.gate, case);
    suite.add_test_cases(
        report.cases.iter().map(|case| element(&name, &Row { case, standing: standing(case) })),
    );
    suite.add_test_cases(run_itself(&name, report));
    let mut document = quick_junit::Report::new("harness");
    document.set_time(took);
    document.add_test_suite(suite);
    document.to_string().expect("XML is written to memory, of text without forbidden characters")
}

/// What stands for the run, where no case tells that it is no pass.
fn run_itself(suite: &str, report: &Report) -> Option<TestCase> {
    let verdict = &report.verdict;
    let mut cases = report.cases.iter();
    let is_told = cases.any(|case| matches!(Standing::of(report.gate, case), Standing::Failed(_)));
    if verdict.exit_code == ExitCode::Pass || is_told {
        return None;
    }
    let mut status = match verdict.exit_code {
        ExitCode::Skipped => TestCaseStatus::skipped(),
        _ => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let meaning = verdict.exit_code.meaning();
    let reason = verdict.reasons.first().map_or(meaning, String::as_str);
    status.set_type(format!("exit code {}", verdict.exit_code.number()));
    status.set_message(digest::brief(reason));
    status.set_description(digest::plain(&verdict.reasons.join("\n")));
    let mut element = TestCase::new(format!("{suite}::(run)"), status);
    element.set_classname(suite);
    Some(element)
}

fn element(suite: &str, row: &Row<'_>) -> TestCase {
    let case = row.case;
    let mut element = TestCase::new(digest::one_line(&case.id), status(row));
    element.set_classname(suite);
    element.set_time(duration(case.elapsed_ms));
    if row.standing == Standing::Passed && case.outcome == Outcome::Leaked {
        element.set_system_err(format!("leaked: {}", digest::plain(&row.why())));
    }
    let facts = [
        ("seed", case.seed.map(|seed| seed.to_string())),
        ("log", case.log.as_ref().map(|log| digest::one_line(&log.to_string_lossy()))),
        ("repeat", case.repeat.as_deref().map(digest::one_line)),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            element.add_property((name, value.as_str()));
        }
    }
    element
}

fn status(row: &Row<'_>) -> TestCaseStatus {
    let case = row.case;
    match row.standing {
        Standing::Passed => {
            let mut status = TestCaseStatus::success();
            if case.outcome == Outcome::Flaky {
                status.add_reruns(earlier_tries(row));
            }
            status
        }
        Standing::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_type(case.outcome.words()).set_message(row.note());
            status
        }
        Standing::Quarantined => {
            let mut status = TestCaseStatus::skipped();
            status.set_type(format!("quarantined, {}", case.outcome)).set_message(row.note());
            status.set_description(digest::plain(&row.why()));
            status
        }
        Standing::Failed(code) => failed(row, code),
    }
}

fn failed(row: &Row<'_>, code: ExitCode) -> TestCaseStatus {
    let case = row.case;
    let kind = match code {
        ExitCode::PreconditionMissing => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let ty = match code {
        ExitCode::FileInvalid => "expired quarantine",
        _ => case.outcome.words(),
    };
    status.set_type(ty).set_message(row.note()).set_description(digest::plain(&row.why()));
    if case.outcome == Outcome::Flaky {
        status.set_rerun_kind(FlakyOrRerun::Flaky).add_reruns(earlier_tries(row));
    }
    status
}

/// The tries before the last one, of which only the message of one is known.
fn earlier_tries(row: &Row<'_>) -> impl Iterator<Item = TestRerun> {
    let earlier = row.case.tries.saturating_sub(1).clamp(1, TRIES_MAX);
    (0..earlier).map(|_| {
        let mut run = TestRerun::new(NonSuccessKind::Failure);
        run.set_type(row.case.outcome.words()).set_description(digest::plain(&row.why()));
        run
    })
}

/// How many earlier tries are written at most: a number out of a file is not trusted with memory.
const TRIES_MAX: u32 = 10;

/// A time that came out of a file, or none where it makes no sense.
fn duration(elapsed_ms: f64) -> Duration {
    Duration::try_from_secs_f64(elapsed_ms / 1000.0).unwrap_or_default()
}
