//! The bench: builds what is in the copy, runs tests of it, and reads what they say.
//!
//! Tests are built before they are run, so that the end of a run is the end of tests: what does not
//! compile must never look like a test that failed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use harness::environment;
use harness::exit_code::ExitCode;
use harness::report::{Outcome, Report};

use super::list::Package;
use super::trial::Stage;
use crate::checkout::Checkout;
use crate::running::{Ended, Interrupt, executable_of, run, written};
use crate::tally;
use crate::workspace::BUILD_PROGRAMS;

/// A build of everything from nothing, on a machine that does much else.
const BUILD_MAX: Duration = Duration::from_mins(30);

/// One test, or those of all faults on the unmutated tree. Nextest ends one that hangs after 30 s.
const NAMED_MAX: Duration = Duration::from_mins(5);

/// All of a tier; a case of tier 2 has a limit of its own, and they are tried one by one.
const TIER_MAX: Duration = Duration::from_mins(20);

/// How nextest ends when a test failed, hung or crashed.
const NEXTEST_FAILED: i32 = 100;

/// What nextest says of a test that it has ended.
const TIMEOUT: &str = "TIMEOUT";

/// How cargo ends when a test failed. It would be the same if it did not compile: that is tried
/// before.
const CARGO_FAILED: i32 = 101;

/// What runs tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// A process for each test, and an end to those that hang.
    Nextest,
    /// What every installation has.
    Cargo,
}

/// What a run of tests says about a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// All held.
    Held,
    /// Some did not hold.
    Noticed {
        /// Which; none if the run was ended at its limit, or if their names were not said.
        by: BTreeSet<String>,
        /// Whether all of them did not end, instead of failing.
        timeout: bool,
    },
    /// Nothing was shown.
    Nothing { why: String },
    /// The run was ended.
    Interrupted,
}

/// Findings by step, and by package where a step is of one; `None` is what does not compile.
type WithoutAFault = BTreeMap<(Stage, Option<Package>), Option<Finding>>;

/// Where faults are tried.
pub(super) struct Bench<'a> {
    pub(super) checkout: &'a Checkout,
    /// The build directory.
    pub(super) target: PathBuf,
    /// What programs say, in a file each.
    pub(super) logs: PathBuf,
    pub(super) jobs: Option<u32>,
    pub(super) program: Program,
    pub(super) interrupt: &'a Interrupt,
    /// What all tests of a step, and of a package, found in the tree as it is.
    pub(super) without_a_fault: RefCell<WithoutAFault>,
}

/// Tests to be run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tests<'a> {
    /// These of a library.
    Named(Package, &'a [&'a str]),
    /// All of a package.
    All(Package),
}

impl Bench<'_> {
    /// Builds tests and runs them; `None` if they do not compile.
    pub(super) fn tests(&self, tests: Tests<'_>, name: &str) -> anyhow::Result<Option<Finding>> {
        if self.builds(tests, name)? { self.run_tests(tests, name).map(Some) } else { Ok(None) }
    }

    /// Builds the programs, and runs the cases of tier 2, or only one; `None` if something does not
    /// compile.
    pub(super) fn cases(&self, only: Option<&str>, name: &str) -> anyhow::Result<Option<Finding>> {
        match self.runner(name)? {
            Some(runner) => self.run_cases(&runner, only, name).map(Some),
            None => Ok(None),
        }
    }

    /// What the tests have said.
    pub(super) fn said_by_tests(&self, name: &str) -> String {
        written(&self.log(name, "tests"))
    }

    fn builds(&self, tests: Tests<'_>, name: &str) -> anyhow::Result<bool> {
        let mut cargo = self.cargo();
        cargo.args(["test", "--no-run", "--locked", "--package", tests.package().name()]);
        cargo.args(tests.targets());
        self.with_jobs(&mut cargo, "--jobs");
        Ok(self.run(cargo, name, "build", BUILD_MAX)? == Ended::With(0))
    }

    fn run_tests(&self, tests: Tests<'_>, name: &str) -> anyhow::Result<Finding> {
        let mut cargo = self.cargo();
        match self.program {
            Program::Nextest => cargo.args(["nextest", "run", "--status-level", "pass"]),
            Program::Cargo => cargo.arg("test"),
        };
        // What fails is held against what failed before, so all of it has to be known.
        cargo.arg("--no-fail-fast");
        cargo.args(["--locked", "--package", tests.package().name()]).args(tests.targets());
        match (self.program, tests) {
            (Program::Nextest, Tests::Named(_, names)) => {
                let exactly: Vec<String> =
                    names.iter().map(|name| format!("test(={name})")).collect();
                cargo.args(["-E", &exactly.join(" | ")]);
                self.with_jobs(&mut cargo, "--test-threads");
            }
            (Program::Nextest, Tests::All(_)) => {
                self.with_jobs(&mut cargo, "--test-threads");
            }
            (Program::Cargo, Tests::Named(_, names)) => {
                cargo.args(["--", "--exact"]).args(names);
                self.with_jobs(&mut cargo, "--test-threads");
            }
            (Program::Cargo, Tests::All(_)) => {
                cargo.arg("--");
                self.with_jobs(&mut cargo, "--test-threads");
            }
        }
        let limit = if matches!(tests, Tests::Named(..)) { NAMED_MAX } else { TIER_MAX };
        let ended = self.run(cargo, name, "tests", limit)?;
        let said = self.said_by_tests(name);
        let failed = match self.program {
            Program::Nextest => NEXTEST_FAILED,
            Program::Cargo => CARGO_FAILED,
        };
        Ok(finding(ended, &said, &[failed]))
    }

    /// The runner of tier 2, with the programs that it starts; `None` if they do not compile.
    fn runner(&self, name: &str) -> anyhow::Result<Option<PathBuf>> {
        let mut programs = self.cargo();
        programs.args(BUILD_PROGRAMS);
        self.with_jobs(&mut programs, "--jobs");
        if self.run(programs, name, "build", BUILD_MAX)? != Ended::With(0) {
            return Ok(None);
        }
        let mut runner = self.cargo();
        runner.args(["test", "--no-run", "--locked", "--package", "smoke", "--test", "tier2"]);
        runner.arg("--message-format=json-render-diagnostics");
        self.with_jobs(&mut runner, "--jobs");
        if self.run(runner, name, "build", BUILD_MAX)? != Ended::With(0) {
            return Ok(None);
        }
        let said = written(&self.log(name, "build"));
        executable_of(&said, "tier2").context("find the runner of tier 2").map(Some)
    }

    fn run_cases(&self, runner: &Path, only: Option<&str>, name: &str) -> anyhow::Result<Finding> {
        let path = self.logs.join(format!("{name}.report.json"));
        // One of an earlier run must not speak for this one.
        drop(fs::remove_file(&path));
        let mut command = Command::new(runner);
        command.current_dir(self.checkout.root()).args(only).env(environment::REPORT, &path);
        let ended = self.run(command, name, "cases", TIER_MAX)?;
        Ok(finding_of_cases(ended, Report::read(&path).ok().as_ref()))
    }

    fn run(
        &self,
        command: Command,
        name: &str,
        part: &str,
        limit: Duration,
    ) -> anyhow::Result<Ended> {
        run(command, &self.log(name, part), limit, self.interrupt)
    }

    fn log(&self, name: &str, part: &str) -> PathBuf {
        self.logs.join(format!("{name}.{part}.log"))
    }

    fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.current_dir(self.checkout.root());
        command.env("CARGO_TARGET_DIR", &self.target).env("CARGO_TERM_COLOR", "never");
        // A snapshot that differs is a failure, never a file to be written.
        command.env("INSTA_UPDATE", "no");
        command
    }

    fn with_jobs(&self, command: &mut Command, flag: &str) {
        if let Some(jobs) = self.jobs {
            command.args([flag, &jobs.to_string()]);
        }
    }
}

impl Tests<'_> {
    fn package(self) -> Package {
        match self {
            Self::Named(package, _) | Self::All(package) => package,
        }
    }

    fn targets(self) -> &'static [&'static str] {
        match self {
            Self::Named(..) => &["--lib"],
            Self::All(_) => &["--lib", "--bins", "--tests"],
        }
    }
}

/// What the end of a run of tests means. `failed` are the numbers that say that a test failed.
pub(super) fn finding(ended: Ended, said: &str, failed: &[i32]) -> Finding {
    match ended {
        Ended::Interrupted => Finding::Interrupted,
        Ended::TooLate => Finding::Noticed { by: BTreeSet::new(), timeout: true },
        Ended::With(0) if 0 < passed(said) => Finding::Held,
        Ended::With(0) => Finding::Nothing { why: "no test ran".to_owned() },
        Ended::With(code) if failed.contains(&code) => {
            let failed: Vec<(&str, &str)> = said.lines().filter_map(failed_test).collect();
            // Nextest ends one that hangs.
            let timeout = !failed.is_empty() && failed.iter().all(|(how, _)| *how == TIMEOUT);
            let by = failed.into_iter().map(|(_, name)| name.to_owned()).collect();
            Finding::Noticed { by, timeout }
        }
        Ended::With(code) => Finding::Nothing { why: format!("the tests ended with {code}") },
    }
}

/// How a test failed that this line speaks of, and its name: `FAIL [   0.1s] (2/9) crate a::b` by
/// nextest, `test a::b ... FAILED` by cargo.
fn failed_test(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
    {
        return Some(("FAILED", name));
    }
    let (how, rest) = line.split_once(" [")?;
    let is_bad =
        [TIMEOUT, "FAIL", "ABORT", "SIG", "LEAK-FAIL"].iter().any(|bad| how.starts_with(bad));
    let name = rest.split_once(']')?.1.split_whitespace().next_back()?;
    is_bad.then_some((how, name))
}

/// How many tests passed: nextest names each, and cargo's own runner counts them.
fn passed(said: &str) -> u64 {
    let of_line = |line: &str| match tally::of_line(line) {
        Some(counted) => counted.passed,
        None => u64::from(line.trim_start().starts_with("PASS [")),
    };
    said.lines().map(of_line).sum()
}

/// What the end of a runner of cases means. Its report is what counts, and has to be there.
pub(super) fn finding_of_cases(ended: Ended, report: Option<&Report>) -> Finding {
    match (ended, report) {
        (Ended::Interrupted, _) => Finding::Interrupted,
        (Ended::TooLate, _) => Finding::Noticed { by: BTreeSet::new(), timeout: true },
        (Ended::With(code), None) => {
            Finding::Nothing { why: format!("the runner ended with {code} and left no report") }
        }
        (Ended::With(code), Some(report)) => match ExitCode::from_number(code) {
            Some(ExitCode::Pass) if 0 < report.verdict.passed => Finding::Held,
            Some(ExitCode::Failed | ExitCode::InvariantBroken) => {
                let has_noticed = |bad| {
                    matches!(
                        bad,
                        Outcome::Failed | Outcome::Panicked | Outcome::Broken | Outcome::TimedOut
                    )
                };
                let bad = || report.cases.iter().filter(|case| has_noticed(case.outcome));
                Finding::Noticed {
                    by: bad().map(|case| case.id.clone()).collect(),
                    timeout: bad().all(|case| case.outcome == Outcome::TimedOut),
                }
            }
            _ => Finding::Nothing { why: format!("the runner ended with {code}") },
        },
    }
}

#[cfg(test)]
mod tests;
