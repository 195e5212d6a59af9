//! nextest: what it lists, how it is told which tests to run, and the `JUnit` file that it leaves.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, ensure};
use harness::junit;
use harness::report::{CaseReport, Machine};
use serde_json::Value;

use super::super::build::selection_arguments;
use super::super::places::remove_file;
use super::super::{set_here, tell_nothing, text_of};
use super::{Order, Output, Test, Wanted, fallen, tell_of_failure};
use crate::workspace::Workspace;

/// How nextest ends where a test has failed.
const TESTS_FAILED: i32 = 100;
/// How it ends where there was no test to run.
const NO_TESTS: i32 = 4;

/// Tests that run at once, for each core: some of them wait for a child process or a disk, and would
/// keep a core from the others.
const THREADS_PER_CORE: usize = 3;

/// The profile of `.config/nextest.toml` that writes `JUnit`.
const PROFILE: &str = "ci";

/// Every test of the tier.
pub(super) fn list(workspace: &Workspace, order: &Order) -> anyhow::Result<Vec<Test>> {
    let mut arguments = vec!["nextest", "list", "--message-format=json"];
    arguments.extend(selection_arguments(order.tier, order.profile));
    let output = workspace
        .cargo(&arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("run cargo nextest list")?;
    ensure!(output.status.success(), "list the tests with nextest: {}", output.status);
    let listed = serde_json::from_slice(&output.stdout).context("read what nextest listed")?;
    Ok(listed_tests(&listed))
}

fn listed_tests(listed: &Value) -> Vec<Test> {
    let suites = listed["rust-suites"].as_object().into_iter().flatten();
    let mut tests = Vec::new();
    for (binary, suite) in suites {
        let names = suite["testcases"].as_object().into_iter().flatten();
        tests.extend(names.map(|(name, _)| Test { binary: binary.clone(), name: name.clone() }));
    }
    tests
}

/// The filter that selects exactly these tests, in nextest's own language.
fn filter(selected: &[Test]) -> String {
    let mut selected: Vec<&Test> = selected.iter().collect();
    selected.sort();
    let mut filter = String::new();
    for of_binary in selected.chunk_by(|a, b| a.binary == b.binary) {
        let names: Vec<String> =
            of_binary.iter().map(|test| format!("test(={})", test.name)).collect();
        let or = if filter.is_empty() { "" } else { " | " };
        let (binary, names) = (&of_binary[0].binary, names.join(" | "));
        write!(filter, "{or}(binary_id(={binary}) & ({names}))")
            .expect("a string takes every text");
    }
    filter
}

/// Runs the tests.
pub(super) fn run(
    workspace: &Workspace,
    order: &Order,
    wanted: &Wanted,
    output: &Output,
) -> anyhow::Result<Vec<CaseReport>> {
    // It writes where its own configuration says, below the top of the workspace.
    let junit: PathBuf = workspace.root().join("target/nextest").join(PROFILE).join("junit.xml");
    remove_file(&junit)?;
    let mut arguments = vec!["nextest", "run", "--profile", PROFILE, "--no-fail-fast"];
    arguments.extend(selection_arguments(order.tier, order.profile));
    let mut command = workspace.cargo(&arguments);
    command.arg(format!("--test-threads={}", THREADS_PER_CORE * Machine::here().cores));
    if let Wanted::Some { selected, .. } = wanted {
        command.args(["--filterset", &filter(selected)]);
    }
    tell_nothing(&mut command, set_here());
    let status = output.run(command)?;
    let read = text_of(&junit).and_then(|xml| Ok(junit::read(&xml)?));
    Ok(cases(order, status, read))
}

/// What the tests did, by how nextest ended and what it wrote. Where the two do not fit together a
/// failed case says so.
fn cases(
    order: &Order,
    status: ExitStatus,
    read: anyhow::Result<Vec<CaseReport>>,
) -> Vec<CaseReport> {
    let (mut cases, unread) = match read {
        Ok(cases) => (cases, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let why = match (status.code(), unread) {
        (Some(NO_TESTS), _) => None,
        (Some(0 | TESTS_FAILED), Some(error)) => {
            Some(format!("nextest left no report: failed to {error:#}"))
        }
        (Some(TESTS_FAILED), None) if !tell_of_failure(&cases) => {
            Some("nextest says that a test has failed, and its report does not".to_owned())
        }
        (Some(0 | TESTS_FAILED), None) => None,
        _ => Some(format!("nextest ended with {status}")),
    };
    cases.extend(why.map(|why| fallen(order.tier, why)));
    cases
}

#[cfg(test)]
mod tests;
