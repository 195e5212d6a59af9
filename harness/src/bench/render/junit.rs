//! For what reads `JUnit`: a build server, an editor. One case per metric.
//!
//! | standing | element |
//! |---|---|
//! | pass, new, warn | none; a remark is in `<system-out>` |
//! | fail, broken | `<failure>` |
//! | inconclusive | `<error>`: nothing was found to be wrong, and it is no pass either |
//! | any of these, advisory | none; what it would have been is in `<system-out>` |
//! | awaits, unasked, skipped | `<skipped>` |
//!
//! Where the run is no pass and no metric is to blame, it is a case itself, `bench::(run)`. Values
//! are properties, in the unit of the policy and with all their digits.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{digest, figures};
use crate::bench::report::{BenchReport, MetricReport, Standing};
use crate::exit_code::ExitCode;
use crate::render::digest::{brief, one_line, plain};

/// The name of the only suite.
const SUITE: &str = "bench";

/// The report as the text of a `junit.xml`.
pub fn junit(report: &BenchReport) -> String {
    let took = std::time::Duration::from_millis(report.elapsed_ms);
    let mut suite = TestSuite::new(SUITE);
    suite.set_time(took);
    suite.extra.insert("timestamp".into(), report.started_at.to_string().into());
    let base = report.base.as_ref().map_or_else(String::new, |base| one_line(&base.commit));
    let facts = [
        ("exit_code", report.verdict.exit_code.number().to_string()),
        ("machine", one_line(&report.machine.id)),
        ("head", one_line(&report.head.commit)),
        ("base", base),
        ("load", digest::load(&report.load)),
        ("repeat", one_line(&report.repeat)),
    ];
    for (name, value) in facts {
        suite.add_property((name, value.as_str()));
    }
    suite.add_test_cases(report.metrics.iter().map(element));
    suite.add_test_cases(run_itself(report));
    let mut document = Report::new("harness");
    document.set_time(took);
    document.add_test_suite(suite);
    document.to_string().expect("XML is written to memory, of text without forbidden characters")
}

fn element(row: &MetricReport) -> TestCase {
    let mut element = TestCase::new(one_line(&row.policy.id), status(row));
    element.set_classname(SUITE);
    let advisory = digest::is_advisory(row);
    if advisory || row.standing == Standing::Warn {
        let advisory = if advisory { "advisory, " } else { "" };
        element.set_system_out(format!("{advisory}{}: {}", digest::word(row.standing), why(row)));
    }
    for (name, value) in values(row) {
        element.add_property((name, value.as_str()));
    }
    element
}

fn status(row: &MetricReport) -> TestCaseStatus {
    let unsuccessful = |kind| {
        if digest::is_advisory(row) {
            TestCaseStatus::success()
        } else {
            TestCaseStatus::non_success(kind)
        }
    };
    let mut status = match row.standing {
        Standing::Pass | Standing::New | Standing::Warn => TestCaseStatus::success(),
        Standing::Awaits | Standing::Unasked | Standing::Skipped => TestCaseStatus::skipped(),
        Standing::Inconclusive => unsuccessful(NonSuccessKind::Error),
        Standing::Fail | Standing::Broken => unsuccessful(NonSuccessKind::Failure),
    };
    if !matches!(status, TestCaseStatus::Success { .. }) {
        status.set_type(digest::word(row.standing)).set_message(brief(&why(row)));
        status.set_description(plain(&why(row)));
    }
    status
}

/// Every reason, and the numbers behind them.
fn why(row: &MetricReport) -> String {
    let measured = digest::value(row)
        .map(|value| format!("{value}; its limit is {}", figures::limit(&row.policy)));
    let against = row
        .relative
        .as_ref()
        .map(|relative| format!("{}, {}", digest::against_base(row), digest::grounds(relative)));
    let reasons = row.reasons.iter().cloned().chain(measured).chain(against);
    plain(&reasons.collect::<Vec<_>>().join("\n"))
}

/// The numbers, for machines.
fn values(row: &MetricReport) -> Vec<(&'static str, String)> {
    let policy = &row.policy;
    let mut values = vec![
        ("standing", digest::word(row.standing).to_owned()),
        ("unit", policy.unit.symbol().to_owned()),
        ("failing_line", policy.failing_line().to_string()),
    ];
    if let Some(head) = &row.head {
        let (estimate, samples) = (&head.estimate, head.samples);
        values.push(("value", estimate.value.to_string()));
        values.push(("low", estimate.low.to_string()));
        values.push(("high", estimate.high.to_string()));
        values.push(("samples", samples.to_string()));
    }
    if let Some(relative) = &row.relative {
        values.push(("base", relative.base.estimate.value.to_string()));
        values.push(("ratio", relative.ratio.value.to_string()));
        values.push(("ratio_low", relative.ratio.low.to_string()));
        values.push(("ratio_high", relative.ratio.high.to_string()));
    }
    values
}

/// What stands for the run, where no metric tells that it is no pass.
fn run_itself(report: &BenchReport) -> Option<TestCase> {
    let code = report.verdict.exit_code;
    let mut blamed = report.metrics.iter().map(status);
    let is_told = blamed.any(|status| matches!(status, TestCaseStatus::NonSuccess { .. }));
    if code == ExitCode::Pass || is_told {
        return None;
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    let reasons = &report.verdict.reasons;
    status.set_type(format!("exit code {}", code.number()));
    status.set_message(brief(reasons.first().map_or(code.meaning(), String::as_str)));
    status.set_description(plain(&reasons.join("\n")));
    let mut element = TestCase::new(format!("{SUITE}::(run)"), status);
    element.set_classname(SUITE);
    Some(element)
}
