//! One run of one tier: started, read back, and judged.
//!
//! ```text
//! clear the places ─> start nextest, cargo or a runner ─> read back ─> judge ─> report.json, junit.xml
//! ```
//!
//! Whatever happens, a run ends with a report: a runner that dies without one is a failed case of
//! its own. Absent: compiling ([`build`] does it, as a step before), and what is done with a report
//! afterwards.

pub(crate) mod build;
mod in_process;
pub(crate) mod places;
pub(crate) mod proof;
mod runner;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context;
use clap::ValueEnum;
use harness::gate::{GATE_VARIABLE, Gate};
use harness::render::{self, Colour};
use harness::report::{CaseReport, Outcome, Report, Selection};
use harness::tier::Tier;
use harness::verdict::judge;
use harness::{environment, files};

use self::build::{Executable, Profile};
use self::places::Places;
pub(crate) use self::runner::read_back;
use crate::workspace::Workspace;

/// Which API the real agent program talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Api {
    /// The stand-in on this machine: no network, no cost.
    #[default]
    Loopback,
    /// The real one, which costs money.
    Live,
}

impl Api {
    /// As runners and receipts spell it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Live => "live",
        }
    }
}

/// What to run, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// Which tier.
    pub(crate) tier: Tier,
    /// Which cases of it.
    pub(crate) selection: Selection,
    /// How strictly.
    pub(crate) gate: Gate,
    /// How the programs under check are compiled.
    pub(crate) profile: Profile,
    /// What the real agent program talks to.
    pub(crate) api: Api,
    /// What a live run may cost at most.
    pub(crate) budget: Option<String>,
    /// The home of the running daemon, where the tests of tier 4 are to look at another than the
    /// user's own.
    pub(crate) home: Option<PathBuf>,
}

impl Order {
    /// All of a tier, as everybody runs it.
    pub(crate) fn whole(tier: Tier, gate: Gate) -> Self {
        Self {
            tier,
            selection: Selection::default(),
            gate,
            profile: Profile::Dev,
            api: Api::Loopback,
            budget: None,
            home: None,
        }
    }

    /// Tells a runner what was ordered and where to write, by environment variables.
    fn tell(&self, command: &mut Command, workspace: &Workspace, places: &Places) {
        command.env(environment::REPORT, places.report());
        command.env(environment::LINES, places.lines());
        command.env(environment::LOGS, places.logs());
        command.env(environment::QUARANTINE, quarantine_file(workspace));
        set(command, GATE_VARIABLE, (self.gate == Gate::Closed).then_some("closed"));
        if self.tier == Tier::RealAgent {
            command.env(environment::API, self.api.word());
            set(command, environment::BUDGET, self.budget.as_deref());
        }
        if let Some(home) = &self.home {
            command.env(environment::HOME, home);
        }
    }
}

/// What variables begin with that make tests do less than they say, or other than they say: the
/// runners' own, the choice of a single contract, and the settings of proptest, nextest and insta.
const MEANT_FOR_OTHERS: [&str; 5] = ["HARNESS_", "CONTRACT_", "PROPTEST_", "NEXTEST_", "INSTA_"];

/// Keeps the tests of tier 1 from what is `set` for somebody else: some of them start runners
/// themselves, and a run with fewer cases of a property, or a single contract, is not the whole tier.
pub(crate) fn tell_nothing(command: &mut Command, set: impl IntoIterator<Item = OsString>) {
    let begins = |name: &OsString| {
        let name = name.as_encoded_bytes();
        MEANT_FOR_OTHERS.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
    };
    for name in set.into_iter().filter(begins) {
        command.env_remove(name);
    }
    // A snapshot that differs is a failure, never a file to be written.
    command.env("INSTA_UPDATE", "no");
}

/// The names of all variables that this process has.
pub(crate) fn set_here() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(name, _)| name)
}

fn set(command: &mut Command, name: &str, value: Option<impl AsRef<OsStr>>) {
    match value {
        Some(value) => command.env(name, value),
        None => command.env_remove(name),
    };
}

fn quarantine_file(workspace: &Workspace) -> PathBuf {
    workspace.root().join("harness/quarantine.toml")
}

/// Where a run's own output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// To whoever watches, as it comes.
    Terminal,
    /// Into this file.
    File(PathBuf),
}

impl Output {
    /// Runs a command to its end. It gets the terminal itself, so that it can draw progress there.
    fn run(&self, mut command: Command) -> anyhow::Result<ExitStatus> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null());
        if let Self::File(path) = self {
            let file = create(path)?;
            command.stderr(file.try_clone().context("share a file with a program")?);
            command.stdout(file);
        }
        command.status().with_context(|| format!("run {program}"))
    }
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("create {}", path.display()))
}

/// Runs a tier whose executables were `built`, and returns what `report.json` in `places` says.
pub(crate) fn run(
    workspace: &Workspace,
    order: &Order,
    built: &[Executable],
    places: &Places,
    output: &Output,
) -> anyhow::Result<Report> {
    places.clear()?;
    let report = match order.tier {
        Tier::InProcess => in_process::run(workspace, order, built, output)?,
        Tier::RealBinaries | Tier::RealAgent | Tier::Running => {
            let mut command = Command::new(&build::runner(order.tier, built)?.path);
            command.current_dir(workspace.root());
            order.tell(&mut command, workspace, places);
            runner::run(order, command, places, output)?
        }
    };
    report.write(&places.report())?;
    write(&places.junit(), &render::junit(&report))?;
    Ok(report)
}

/// Writes a rendered report.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    files::replace(path, text.as_bytes()).with_context(|| format!("write {}", path.display()))
}

/// Colour where somebody looks at it.
pub(crate) fn colour() -> Colour {
    let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && io::stdout().is_terminal() { Colour::Ansi } else { Colour::Plain }
}

/// The failed case of a run that did not go as runs go.
fn fallen(tier: Tier, why: String) -> CaseReport {
    CaseReport {
        id: fallen_id(tier),
        tags: Vec::new(),
        outcome: Outcome::Failed,
        elapsed_ms: 0.0,
        wrapper_ms: 0.0,
        tries: 1,
        seed: None,
        log: None,
        message: Some(why),
        repeat: Some(format!("cargo xtask test-tier {}", tier.number())),
        quarantine: None,
    }
}

fn fallen_id(tier: Tier) -> String {
    format!("tier{}::(runner)", tier.number())
}

/// Whether the run itself went wrong, which its runner could not say.
pub(crate) fn has_fallen(report: &Report) -> bool {
    let id = fallen_id(report.tier);
    report.cases.iter().any(|case| case.id == id)
}

/// The same report with one more failed case.
fn with_failure(mut report: Report, why: String) -> Report {
    report.cases.push(fallen(report.tier, why));
    report.verdict = judge(report.gate, &report.cases, &report.problems);
    report
}

/// The text of a file, or an error that names it.
fn text_of(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

#[cfg(test)]
pub(crate) mod tests;
