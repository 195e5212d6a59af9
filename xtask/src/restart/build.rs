//! The slot of a commit: there already, or built.
//!
//! ```text
//! checkout of the exact commit ─cargo, release─> programs ─copy─> slots/.<name>.tmp ─rename─> slots/<name>
//! ```
//!
//! An interrupted build leaves a directory that nobody takes for a slot, and that the next one
//! removes.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use harness::exit_code::ExitCode;
use harness::receipt::sha256;
use harness::restart::machine::Blame;
use jiff::Timestamp;

use super::home::{Home, PROGRAM, QUESTION_MAX, words};
use super::lock::{Holder, Lock};
use super::room;
use super::slots::{self, Manifest, Slots};
use super::time::Time;
use super::trouble::{Result, Trouble};
use super::views::Version;
use crate::checkout::Checkout;
use crate::running::{Ended, run, written};
use crate::workspace::{Workspace, cargo};

/// What cargo builds as programs.
const PROGRAMS: &[&str] = &[
    "build",
    "--release",
    "--locked",
    "--package",
    "claude-assistant",
    "--package",
    "fakes",
    "--package",
    "benches",
    "--package",
    "xtask",
    "--bins",
    MESSAGES,
    "--color=never",
];

/// What cargo builds as runners of cases.
const RUNNERS: &[&str] = &[
    "test",
    "--no-run",
    "--release",
    "--locked",
    "--package",
    "smoke",
    "--test",
    "tier2",
    "--test",
    "tier3",
    "--test",
    "tier4",
    MESSAGES,
    "--color=never",
];

const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// How many of cargo's last lines are told of a build that failed.
const LINES_SHOWN: usize = 30;

/// What a slot cannot do without: the runners, and whatever they look for beside themselves.
const NEEDED: [&str; 11] = [
    PROGRAM,
    "fake-claude",
    "fake-messages-api",
    "bench-probe",
    "agent-tap",
    "contract-suite",
    "restart-proof",
    "xtask",
    "tier2",
    "tier3",
    "tier4",
];

/// The file of the program that asks, on Linux, whatever lies at its path by then.
const RUNNING: &str = "/proc/self/exe";

/// Where commits are built, below the build directory.
#[derive(Debug, Clone)]
pub(super) struct Yard {
    place: PathBuf,
}

impl Yard {
    pub(super) fn of(workspace: &Workspace) -> Self {
        Self { place: workspace.target_dir().join("restart") }
    }

    /// Takes it for this restart alone: restarts of two homes build and test in the same files. A copy
    /// of this program lies there from then on.
    pub(super) fn lock(&self, holder: &Holder) -> Result<Lock> {
        let lock = Lock::take(&self.place.join("lock"), holder).map_err(|trouble| {
            let place = self.place.display();
            let code = trouble.code();
            let why = format!("the build directory {place} cannot be had: {trouble}");
            Trouble::Refused { code, why, blame: Blame::Nobody }
        })?;
        self.keep_program().map_err(|error| {
            Trouble::with(ExitCode::PreconditionMissing, format!("failed to {error:#}"))
        })?;
        Ok(lock)
    }

    /// This very program: any `cargo xtask` in a changed tree replaces the file that it was started
    /// from, and what is started an hour later would be another, or none.
    pub(super) fn program(&self) -> PathBuf {
        self.place.join("xtask")
    }

    fn keep_program(&self) -> anyhow::Result<()> {
        let running = Path::new(RUNNING);
        // Where the system does not lend its file, what lies at its path is still the same.
        let from = if running.exists() { running.to_path_buf() } else { std::env::current_exe()? };
        let making = self.place.join(".xtask.tmp");
        copy(&from, &making)?;
        let kept = self.program();
        fs::rename(&making, &kept).with_context(|| format!("make {}", kept.display()))
    }

    /// The build directory of all of them.
    pub(super) fn target(&self) -> PathBuf {
        self.place.join("build")
    }

    /// The files of a commit.
    pub(super) fn checkout(&self, workspace: &Workspace, commit: &str) -> anyhow::Result<Checkout> {
        Checkout::of(workspace.root(), &self.place, commit)
    }

    /// Where what a program says is kept.
    pub(super) fn log(&self, name: &str) -> anyhow::Result<PathBuf> {
        let logs = self.place.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("make {}", logs.display()))?;
        Ok(logs.join(format!("{name}.log")))
    }
}

/// Builds the slot of a commit; its name.
pub(super) fn build(
    workspace: &Workspace,
    home: &Home,
    commit: &str,
    time: Time<'_>,
) -> Result<String> {
    let yard = Yard::of(workspace);
    let checkout = yard.checkout(workspace, commit)?;
    let mut programs = cargo_builds(&yard, &checkout, ("programs", PROGRAMS), time)?;
    programs.extend(cargo_builds(&yard, &checkout, ("runners", RUNNERS), time)?);
    let slots = Slots::at(home.slots());
    slots.sweep()?;
    let manifest = Manifest {
        commit: Some(commit.to_owned()),
        ..Manifest::new(&slots::name_of(commit, Timestamp::now()), Timestamp::now())
    };
    fill(home, &slots, &programs, manifest)
}

/// One run of cargo; the executables that it made.
fn cargo_builds(
    yard: &Yard,
    checkout: &Checkout,
    what: (&str, &[&str]),
    time: Time<'_>,
) -> Result<Vec<(String, PathBuf)>> {
    let (name, arguments) = what;
    let log = yard.log(name)?;
    let mut command = cargo();
    command.args(arguments).current_dir(checkout.root()).env("CARGO_TARGET_DIR", yard.target());
    match run(command, &log, time.left(), time.interrupt())? {
        Ended::With(0) => Ok(executables(&written(&log))),
        Ended::With(_) => {
            let said = written(&log);
            let failed = Trouble::with(ExitCode::BuildFailed, last_words(&said));
            Err(room::or_full(&yard.target(), &said, failed))
        }
        Ended::TooLate => Err(Trouble::Late),
        Ended::Interrupted => Err(Trouble::Interrupted),
    }
}

/// The programs and runners in cargo's messages, each with the name of its target.
fn executables(messages: &str) -> Vec<(String, PathBuf)> {
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let kind = message["target"]["kind"][0].as_str()?;
        let path = PathBuf::from(message["executable"].as_str()?);
        let name = message["target"]["name"].as_str()?.to_owned();
        ["bin", "test"].contains(&kind).then_some((name, path))
    };
    messages.lines().filter_map(executable).collect()
}

fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}

/// Copies the programs into a slot of their own.
fn fill(
    home: &Home,
    slots: &Slots,
    programs: &[(String, PathBuf)],
    mut manifest: Manifest,
) -> Result<String> {
    let name = manifest.name.clone();
    let making = slots.unfinished(&name);
    let bin = making.join("bin");
    private_directory(slots.directory())?;
    private_directory(&making)?;
    private_directory(&bin)?;
    for (program, path) in programs {
        let to = bin.join(program);
        copy(path, &to)?;
        manifest.programs.insert(program.clone(), sha256(&to).context("know what was built")?);
    }
    for needed in NEEDED {
        if !manifest.programs.contains_key(needed) {
            let why = format!("the commit builds no {needed}");
            return Err(Trouble::with(ExitCode::BuildFailed, why));
        }
    }
    let version: Version =
        home.ask(&bin.join(PROGRAM), &words(["version", "--json"]), QUESTION_MAX)?;
    (manifest.version, manifest.schema) = (version.version, version.schema);
    slots::write(&making.join("manifest.json"), &manifest)?;
    slots::sync(&bin)?;
    slots::sync(&making)?;
    let whole = slots.of(&name);
    fs::rename(&making, &whole).with_context(|| format!("make {}", whole.display()))?;
    slots::sync(slots.directory())?;
    Ok(name)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    let of_the_owner = fs::Permissions::from_mode(0o700);
    fs::set_permissions(to, of_the_owner)
        .and_then(|()| File::open(to)?.sync_all())
        .with_context(|| format!("write {}", to.display()))
}

fn private_directory(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)))
        .with_context(|| format!("make {}", path.display()))?;
    ensure!(path.is_dir(), "make {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests;
