//! For what reads `JUnit`: a build server, an editor. One case per step.
//!
//! | outcome | element |
//! |---|---|
//! | passed, remarked | none; a remark is in `<system-out>` |
//! | failed | `<failure>` |
//! | not begun | `<skipped>` |
//!
//! Where the restart is no pass and no step is to blame, it is a case itself, `restart::(run)`.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::digest;
use crate::exit_code::ExitCode;
use crate::render::digest::{brief, one_line, plain};
use crate::restart::report::{Outcome, Report, StepReport};

/// The name of the only suite.
const SUITE: &str = "restart";

/// The report as the text of a `junit.xml`.
pub fn junit(report: &Report) -> String {
    let took = Duration::from_millis(report.elapsed_ms);
    let mut suite = TestSuite::new(SUITE);
    suite.set_time(took);
    suite.extra.insert("timestamp".into(), report.started_at.to_string().into());
    suite.add_property(("exit_code", report.verdict.exit_code.number().to_string().as_str()));
    suite.add_property(("repeat", one_line(&report.repeat).as_str()));
    for (name, value) in digest::facts(report) {
        suite.add_property((name, value.as_str()));
    }
    suite.add_test_cases(report.steps.iter().map(element));
    suite.add_test_cases(run_itself(report));
    let mut document = Document::new("harness");
    document.set_time(took);
    document.add_test_suite(suite);
    document.to_string().expect("XML is written to memory, of text without forbidden characters")
}

fn element(step: &StepReport) -> TestCase {
    let says = plain(&step.says.join("\n"));
    let mut status = match step.outcome {
        Outcome::Passed | Outcome::Remarked => TestCaseStatus::success(),
        Outcome::Skipped => TestCaseStatus::skipped(),
        Outcome::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    if step.outcome == Outcome::Failed {
        let why = step.says.last().map_or("it said nothing", String::as_str);
        status.set_type("failed").set_message(brief(why)).set_description(says.as_str());
    }
    let mut element = TestCase::new(format!("{SUITE}::{}", digest::name(step)), status);
    element.set_classname(SUITE);
    element.set_time(Duration::from_millis(step.elapsed_ms));
    if step.outcome != Outcome::Failed && !says.is_empty() {
        element.set_system_out(says);
    }
    element
}

/// What stands for the restart, where no step tells that it is no pass.
fn run_itself(report: &Report) -> Option<TestCase> {
    let code = report.verdict.exit_code;
    let is_told = report.steps.iter().any(|step| step.outcome == Outcome::Failed);
    if code == ExitCode::Pass || is_told {
        return None;
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(format!("exit code {}", code.number()));
    status.set_message(brief(&report.verdict.says));
    status.set_description(plain(&report.verdict.reasons.join("\n")));
    let mut element = TestCase::new(format!("{SUITE}::(run)"), status);
    element.set_classname(SUITE);
    Some(element)
}
