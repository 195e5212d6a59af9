//! One fault on the bench: built, and held against its own test first, then against more of them.
//!
//! ```text
//! apply ─> build ─> its own test ─> tier 1 of the package ─> tier 2 ─> survived
//!            │            └──────────────┴────────────────────┴─ a test failed, or hung: killed
//!            └ does not compile: the entry is invalid. That is never a kill
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use harness::exit_code::ExitCode;
use serde::{Deserialize, Serialize};

use super::copy::Copy;
use super::list::{Killer, Mutant, Package};
use super::running::{Ended, Interrupt, Program, executable_of, run, written};
use crate::tally::{self, Tally};

/// A build of everything from nothing, on a machine that does much else.
const BUILD_MAX: Duration = Duration::from_mins(30);

/// One test, or those of all faults on the unmutated tree. Nextest ends one that hangs after 30 s.
const NAMED_MAX: Duration = Duration::from_mins(5);

/// All of a tier; a case of tier 2 has a limit of its own, and they are tried one by one.
const TIER_MAX: Duration = Duration::from_mins(20);

/// How nextest ends when a test failed, hung or crashed.
const NEXTEST_FAILED: i32 = 100;

/// How cargo ends when a test failed. It would be the same if it did not compile: that is tried
/// before.
const CARGO_FAILED: i32 = 101;

/// What became of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Tests noticed.
    Killed {
        /// Which.
        by: Stage,
        /// Not by what they saw, but because one did not end.
        timeout: bool,
    },
    /// No test noticed.
    Survived,
    /// It is no program: the entry is invalid.
    NotCompiled,
    /// The tests could not be run, for this reason.
    NotTried {
        /// The reason.
        why: String,
    },
    /// The run was ended.
    Interrupted,
}

/// Tests that a fault is held against, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The one that the list names.
    ItsTest,
    /// All of tier 1 of the package.
    Tier1,
    /// All of tier 2.
    Tier2,
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ItsTest => "its test",
            Self::Tier1 => "tier 1",
            Self::Tier2 => "tier 2",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed { by, timeout: false } => write!(out, "killed by {by}"),
            Self::Killed { by, timeout: true } => write!(out, "killed by {by} (timeout)"),
            Self::Survived => out.write_str("SURVIVED"),
            Self::NotCompiled => out.write_str("DOES NOT COMPILE"),
            Self::NotTried { why } => write!(out, "NOT TRIED: {why}"),
            Self::Interrupted => out.write_str("interrupted"),
        }
    }
}

/// What a run of tests says about a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// All held.
    Held,
    /// One did not hold; or did not end.
    Noticed { timeout: bool },
    /// Nothing was shown.
    Nothing { why: String },
    /// The run was ended.
    Interrupted,
}

/// Where faults are tried.
pub(super) struct Bench<'a> {
    pub(super) copy: &'a Copy,
    /// The build directory.
    pub(super) target: PathBuf,
    /// What programs say, in a file each.
    pub(super) logs: PathBuf,
    pub(super) jobs: Option<u32>,
    pub(super) program: Program,
    pub(super) interrupt: &'a Interrupt,
}

/// Tests to be run.
#[derive(Debug, Clone, Copy)]
enum Tests<'a> {
    /// These of a library.
    Named(Package, &'a [&'a str]),
    /// All of a package.
    All(Package),
}

impl Bench<'_> {
    /// Runs the tests that the list names on the tree as it is: each is there, and holds.
    pub(super) fn check_unmutated(
        &self,
        wanted: &[&Mutant],
    ) -> anyhow::Result<Result<(), ExitCode>> {
        let mut units: BTreeMap<Package, BTreeSet<&str>> = BTreeMap::new();
        let mut cases = BTreeSet::new();
        for mutant in wanted {
            match &mutant.killer {
                Killer::Unit { package, test } => {
                    units.entry(*package).or_default().insert(test);
                }
                Killer::Tier2 { case } => {
                    cases.insert(case.as_str());
                }
            }
        }
        for (package, names) in units {
            let names: Vec<&str> = names.into_iter().collect();
            eprintln!("the tree as it is: {} tests of {} ...", names.len(), package.name());
            let tests = Tests::Named(package, &names);
            if !self.builds(tests, "unmutated")? {
                return Ok(Err(self.failed(ExitCode::BuildFailed, "it does not build")));
            }
            let (finding, said) = self.run_tests(tests, "unmutated")?;
            let missing: Vec<&&str> = names.iter().filter(|name| !said.contains(**name)).collect();
            if finding != Finding::Held || !missing.is_empty() {
                let what = format!("{finding:?}; not seen to run: {missing:?}");
                return Ok(Err(self.failed(ExitCode::Failed, &what)));
            }
        }
        for case in cases {
            eprintln!("the tree as it is: {case} ...");
            let Some(runner) = self.runner("unmutated")? else {
                return Ok(Err(self.failed(ExitCode::BuildFailed, "it does not build")));
            };
            let finding = self.run_cases(&runner, Some(case), "unmutated")?;
            if finding != Finding::Held {
                return Ok(Err(self.failed(ExitCode::Failed, &format!("{finding:?}"))));
            }
        }
        Ok(Ok(()))
    }

    /// Puts a fault in, sees what the tests say, and takes it out again.
    pub(super) fn try_one(&self, mutant: &Mutant) -> anyhow::Result<Verdict> {
        let applied = self.copy.apply(mutant)?;
        let verdict = self.held_against_all(mutant);
        drop(applied);
        verdict
    }

    fn held_against_all(&self, mutant: &Mutant) -> anyhow::Result<Verdict> {
        let name = mutant.name.as_str();
        let mut runner = None;
        for stage in [Stage::ItsTest, Stage::Tier1, Stage::Tier2] {
            let own = (stage == Stage::ItsTest).then_some(&mutant.killer);
            let finding = match (stage, own) {
                (_, Some(Killer::Unit { package, test })) => {
                    self.built_and_run(Tests::Named(*package, &[test]), name)?
                }
                (Stage::Tier1, _) => self.built_and_run(Tests::All(mutant.package()), name)?,
                (_, own) => {
                    let case = own.map(|killer| match killer {
                        Killer::Tier2 { case } | Killer::Unit { test: case, .. } => case.as_str(),
                    });
                    if runner.is_none() {
                        runner = self.runner(name)?;
                    }
                    match &runner {
                        Some(runner) => Some(self.run_cases(runner, case, name)?),
                        None => None,
                    }
                }
            };
            if self.interrupt.came() {
                return Ok(Verdict::Interrupted);
            }
            match finding {
                None => return Ok(Verdict::NotCompiled),
                Some(Finding::Held) => {}
                Some(Finding::Noticed { timeout }) => {
                    return Ok(Verdict::Killed { by: stage, timeout });
                }
                Some(Finding::Nothing { why }) => return Ok(Verdict::NotTried { why }),
                Some(Finding::Interrupted) => return Ok(Verdict::Interrupted),
            }
        }
        Ok(Verdict::Survived)
    }

    /// `None` if it does not compile.
    fn built_and_run(&self, tests: Tests<'_>, name: &str) -> anyhow::Result<Option<Finding>> {
        if !self.builds(tests, name)? {
            return Ok(None);
        }
        Ok(Some(self.run_tests(tests, name)?.0))
    }

    fn builds(&self, tests: Tests<'_>, name: &str) -> anyhow::Result<bool> {
        let mut cargo = self.cargo();
        cargo.args(["test", "--no-run", "--locked", "--package", tests.package().name()]);
        cargo.args(tests.targets());
        self.with_jobs(&mut cargo, "--jobs");
        Ok(self.run(cargo, name, "build", BUILD_MAX)? == Ended::With(0))
    }

    fn run_tests(&self, tests: Tests<'_>, name: &str) -> anyhow::Result<(Finding, String)> {
        let mut cargo = self.cargo();
        match self.program {
            Program::Nextest => cargo.args(["nextest", "run", "--status-level", "pass"]),
            Program::Cargo => cargo.arg("test"),
        };
        cargo.args(["--locked", "--package", tests.package().name()]).args(tests.targets());
        match (self.program, tests) {
            (Program::Nextest, Tests::Named(_, names)) => {
                let exactly: Vec<String> =
                    names.iter().map(|name| format!("test(={name})")).collect();
                cargo.arg("--no-fail-fast").args(["-E", &exactly.join(" | ")]);
                self.with_jobs(&mut cargo, "--test-threads");
            }
            (Program::Nextest, Tests::All(_)) => {
                cargo.arg("--fail-fast");
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
        let said = written(&self.log(name, "tests"));
        let failed = match self.program {
            Program::Nextest => NEXTEST_FAILED,
            Program::Cargo => CARGO_FAILED,
        };
        Ok((finding(ended, &said, &[failed]), said))
    }

    /// The runner of tier 2, with the programs that it starts; `None` if they do not compile.
    fn runner(&self, name: &str) -> anyhow::Result<Option<PathBuf>> {
        let mut programs = self.cargo();
        programs.args(crate::workspace::BUILD_PROGRAMS);
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
        let mut command = Command::new(runner);
        command.current_dir(self.copy.root()).args(only);
        let ended = self.run(command, name, "cases", TIER_MAX)?;
        let noticed =
            [ExitCode::Failed, ExitCode::InvariantBroken].map(|code| code.number().into());
        Ok(finding(ended, &written(&self.log(name, "cases")), &noticed))
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
        command.current_dir(self.copy.root());
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

    fn failed(&self, code: ExitCode, what: &str) -> ExitCode {
        eprintln!("xtask: nothing can be said of faults, as the tree itself fails: {what}");
        for log in fs::read_dir(&self.logs).into_iter().flatten().filter_map(Result::ok) {
            if log.file_name().to_string_lossy().starts_with("unmutated.") {
                eprintln!("  {}", log.path().display());
            }
        }
        code
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
    let mut tally = Tally::default();
    for line in said.lines() {
        tally += tally::of_line(line).unwrap_or_default();
    }
    match ended {
        Ended::Interrupted => Finding::Interrupted,
        Ended::TooLate => Finding::Noticed { timeout: true },
        Ended::With(0) if 0 < tally.passed && tally.failed == 0 => Finding::Held,
        Ended::With(0) => Finding::Nothing { why: "no test ran".to_owned() },
        Ended::With(code) if failed.contains(&code) => {
            // One that nextest has ended because it hung.
            let timeout = said.lines().any(|line| line.trim_start().starts_with("TIMEOUT ["));
            Finding::Noticed { timeout }
        }
        Ended::With(code) => Finding::Nothing { why: format!("the tests ended with {code}") },
    }
}

#[cfg(test)]
mod tests;
