//! Cargo's own runner, where nextest is not installed: the tests as its lines tell of them.
//!
//! ```text
//!      Running unittests src/lib.rs (target/debug/deps/harness-686a80ce5272934a)
//! test seed::tests::a_seed_repeats ... ok
//! test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
//! ```
//!
//! It tells no times. A test that is counted and not named is a case without a name.

use std::io::{self, BufRead, BufReader, PipeReader, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, ensure};
use harness::report::{CaseReport, Outcome};

use super::super::build::{Executable, selection_arguments};
use super::super::{create, set_here, tell_nothing};
use super::{Order, Output, Test, Wanted, fallen, tell_of_failure};
use crate::tally;
use crate::workspace::Workspace;

/// Every test of the tier.
pub(super) fn list(
    workspace: &Workspace,
    order: &Order,
    built: &[Executable],
) -> anyhow::Result<Vec<Test>> {
    let mut command = cargo_test(workspace, order);
    command.args(["--", "--list", "--format", "terse"]);
    let (status, text) = run_merged(command, io::sink())?;
    ensure!(status.success(), "list the tests with cargo: {status}");
    Ok(listed_tests(&text, built))
}

/// Runs the tests.
pub(super) fn run(
    workspace: &Workspace,
    order: &Order,
    wanted: &Wanted,
    built: &[Executable],
    output: &Output,
) -> anyhow::Result<Vec<CaseReport>> {
    let mut command = cargo_test(workspace, order);
    tell_nothing(&mut command, set_here());
    if let Wanted::Some { selected, .. } = wanted {
        command.args(["--", "--exact"]).args(selected.iter().map(|test| &test.name));
    }
    let (status, text) = match output {
        Output::Terminal => run_merged(command, io::stdout())?,
        Output::File(path) => run_merged(command, create(path)?)?,
    };
    let mut cases = told(&text, built);
    if let Wanted::Some { selected, .. } = wanted {
        // Tests of the same name in other binaries ran with them, and were not asked for.
        cases.retain(|case| {
            case.outcome == Outcome::Failed || selected.iter().any(|test| test.id() == case.id)
        });
    }
    if !status.success() && !tell_of_failure(&cases) {
        cases.push(fallen(order.tier, format!("cargo test ended with {status}")));
    }
    Ok(cases)
}

fn cargo_test(workspace: &Workspace, order: &Order) -> Command {
    let mut arguments = vec!["test", "--no-fail-fast"];
    arguments.extend(selection_arguments(order.tier, order.profile));
    let mut command = workspace.cargo(&arguments);
    command.env("CARGO_TERM_COLOR", "never");
    command
}

/// Runs a command with one pipe for both outputs, so that their lines keep their order; copies what
/// it says, and returns it.
fn run_merged(mut command: Command, to: impl Write) -> anyhow::Result<(ExitStatus, String)> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (from, into) = io::pipe().context("make a pipe")?;
    command.stdin(Stdio::null());
    command.stdout(into.try_clone().context("share a pipe with a program")?).stderr(into);
    let mut child = command.spawn().with_context(|| format!("run {program}"))?;
    // It holds the writing ends; the output would never end.
    drop(command);
    let text = copy(from, to);
    let status = child.wait().with_context(|| format!("wait for {program}"))?;
    Ok((status, text))
}

fn copy(from: PipeReader, mut to: impl Write) -> String {
    let mut from = BufReader::new(from);
    let mut all = Vec::new();
    loop {
        let start = all.len();
        // A pipe that breaks ends the output; the exit status tells the rest.
        if from.read_until(b'\n', &mut all).is_ok_and(|read| 0 < read) {
            // A terminal that is gone does not stop the run.
            drop(to.write_all(&all[start..]));
        } else {
            return String::from_utf8_lossy(&all).into_owned();
        }
    }
}

fn listed_tests(text: &str, built: &[Executable]) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut binary = String::new();
    for line in text.lines() {
        if let Some(running) = begins_binary(line, built) {
            binary = running;
        } else if let Some(name) = line.strip_suffix(": test") {
            tests.push(Test { binary: binary.clone(), name: name.to_owned() });
        }
    }
    tests
}

/// The name of the binary whose tests follow this line.
fn begins_binary(line: &str, built: &[Executable]) -> Option<String> {
    let (_, path) = line.trim_start().strip_prefix("Running ")?.rsplit_once('(')?;
    let file = Path::new(path.strip_suffix(')')?).file_name()?;
    let found = built.iter().find(|executable| executable.path.file_name() == Some(file));
    Some(found.map_or_else(|| file.to_string_lossy().into_owned(), |found| found.binary.clone()))
}

/// The cases that the lines of a run tell of.
fn told(text: &str, built: &[Executable]) -> Vec<CaseReport> {
    let mut cases = Vec::new();
    let mut open: Option<Section> = None;
    for line in text.lines() {
        if let Some(binary) = begins_binary(line, built) {
            cases.extend(
                open.replace(Section { binary, cases: Vec::new() })
                    .map(Section::broke_off)
                    .into_iter()
                    .flatten(),
            );
        } else if let Some(section) = &mut open {
            if let Some((name, outcome)) = ended_test(line) {
                section.add(name, outcome, None);
            } else if let Some(stated) = tally::of_line(line) {
                section.add_unnamed(Outcome::Passed, stated.passed);
                section.add_unnamed(Outcome::Failed, stated.failed);
                cases.extend(open.take().into_iter().flat_map(|section| section.cases));
            }
        }
    }
    cases.extend(open.map(Section::broke_off).into_iter().flatten());
    cases
}

/// The tests of one binary, while its lines are read.
struct Section {
    binary: String,
    cases: Vec<CaseReport>,
}

impl Section {
    fn add(&mut self, name: &str, outcome: Outcome, message: Option<String>) {
        let test = Test { binary: self.binary.clone(), name: name.to_owned() };
        let id = test.id();
        let repeat = format!("cargo xtask test-tier 1 --only {id}");
        self.cases.push(CaseReport {
            id,
            tags: Vec::new(),
            outcome,
            elapsed_ms: 0.0,
            wrapper_ms: 0.0,
            tries: 1,
            seed: None,
            log: None,
            message,
            repeat: (outcome == Outcome::Failed).then_some(repeat),
            quarantine: None,
        });
    }

    /// Adds what was counted beyond the named ones.
    fn add_unnamed(&mut self, outcome: Outcome, stated: u64) {
        let named = self.cases.iter().filter(|case| case.outcome == outcome).count();
        let named = u64::try_from(named).unwrap_or(u64::MAX);
        for number in named..stated {
            self.add(&format!("({outcome}, number {})", number + 1), outcome, None);
        }
    }

    /// The cases of a binary that ended without its result line.
    fn broke_off(mut self) -> Vec<CaseReport> {
        let why = "it ended without saying how its tests went".to_owned();
        self.add("(runner)", Outcome::Failed, Some(why));
        self.cases
    }
}

/// `test seed::tests::a_seed_repeats ... ok`
fn ended_test(line: &str) -> Option<(&str, Outcome)> {
    let (name, said) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    let outcome = match said.split(',').next()? {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        "ignored" => Outcome::Skipped,
        _ => return None,
    };
    Some((name, outcome))
}

#[cfg(test)]
mod tests;
