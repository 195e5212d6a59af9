//! Reading the `JUnit` file that nextest writes, as cases of tier 1.
//!
//! nextest names a suite after the binary that was run: `harness` for the unit tests of a library,
//! `harness::it` for an integration test, `harness::bin/name` for a program. It writes an ended test
//! as one `<testcase>`, and what went wrong in it as
//!
//! | element | meant here |
//! |---|---|
//! | none | passed |
//! | `<failure type="test timeout">` | timed out |
//! | `<failure>`, `<error>` | failed (a failed assertion is a panic: the two cannot be told apart) |
//! | `<error>` or `<failure>` whose type tells of leaked handles of a test that held | leaked |
//! | `<flakyFailure>`, `<flakyError>` | flaky, with the number of tries |
//! | `<rerunFailure>`, `<rerunError>` | failed on every try |
//!
//! A leak is seen only where nextest is told to fail it (`leak-timeout`, `result = "fail"`): one that
//! it tolerates is not in the file. Tests that were not selected or are ignored are not in it either.

use std::time::Duration;

use quick_junit::{FlakyOrRerun, NonSuccessKind, TestCase, TestCaseStatus, TestRerun};

use crate::report::{CaseReport, Outcome};

/// Why a `JUnit` file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read the JUnit file: {0}")]
pub struct JunitError(#[from] quick_junit::DeserializeError);

/// The cases of tier 1 that nextest's `JUnit` file `xml` tells of, in its order.
///
/// The id of a case is `tier1::<binary>::<test>`, such as `tier1::harness::it::a_test`; no gate, no
/// quarantine and no seed is known here.
pub fn read(xml: &str) -> Result<Vec<CaseReport>, JunitError> {
    let report = quick_junit::Report::deserialize_from_str(xml)?;
    let suites = report.test_suites.iter();
    Ok(suites
        .flat_map(|suite| suite.test_cases.iter().map(|test| case(suite.name.as_str(), test)))
        .collect())
}

fn case(binary: &str, test: &TestCase) -> CaseReport {
    let (outcome, message) = outcome(&test.status);
    let earlier = earlier_tries(&test.status);
    let took = earlier.iter().filter_map(|run| run.time).chain(test.time).sum::<Duration>();
    CaseReport {
        id: format!("tier1::{binary}::{}", test.name.as_str()),
        tags: Vec::new(),
        outcome,
        elapsed_ms: took.as_secs_f64() * 1000.0,
        wrapper_ms: 0.0,
        tries: u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1),
        seed: None,
        log: None,
        message,
        repeat: (outcome != Outcome::Passed).then(|| repeat(binary, test.name.as_str())),
        quarantine: None,
    }
}

fn outcome(status: &TestCaseStatus) -> (Outcome, Option<String>) {
    match status {
        TestCaseStatus::Success { flaky_runs } => match flaky_runs.last() {
            None => (Outcome::Passed, None),
            Some(run) => (Outcome::Flaky, told(&[&run.description, &run.message, &run.ty])),
        },
        TestCaseStatus::Skipped { message, ty, description } => {
            (Outcome::Skipped, told(&[description, message, ty]))
        }
        TestCaseStatus::NonSuccess { kind, message, ty, description, reruns } => {
            let held_at_last = reruns.kind == FlakyOrRerun::Flaky && !reruns.runs.is_empty();
            let outcome = if held_at_last {
                Outcome::Flaky
            } else {
                failure(*kind, ty.as_deref().unwrap_or_default())
            };
            (outcome, told(&[description, message, ty]))
        }
    }
}

/// Which failure nextest means by the `type` of an element.
fn failure(kind: NonSuccessKind, ty: &str) -> Outcome {
    if ty == "test timeout" {
        Outcome::TimedOut
    } else if kind == NonSuccessKind::Error && ty.contains("exited with code 0, but leaked") {
        Outcome::Leaked
    } else {
        Outcome::Failed
    }
}

/// The first of these that says anything, the most telling first.
fn told(texts: &[&Option<quick_junit::XmlString>]) -> Option<String> {
    let mut texts = texts.iter().filter_map(|text| text.as_deref());
    texts.find(|text| !text.trim().is_empty()).map(|text| text.trim_end().to_owned())
}

fn earlier_tries(status: &TestCaseStatus) -> &[TestRerun] {
    match status {
        TestCaseStatus::Success { flaky_runs } => flaky_runs,
        TestCaseStatus::NonSuccess { reruns, .. } => &reruns.runs,
        TestCaseStatus::Skipped { .. } => &[],
    }
}

/// The command that runs this one test again.
fn repeat(binary: &str, test: &str) -> String {
    let package = binary.split("::").next().unwrap_or(binary);
    format!("cargo nextest run --locked -p {package} -E 'binary_id(={binary}) and test(={test})'")
}

#[cfg(test)]
mod tests;
