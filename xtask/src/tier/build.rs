//! What has to be compiled for a tier, and where cargo puts it.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use harness::tier::Tier;
use serde_json::Value;

use crate::workspace::Workspace;

/// How the programs under check are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Profile {
    /// Quick to compile, with every assertion.
    #[default]
    Dev,
    /// As they are installed.
    Release,
}

/// One executable that cargo built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Executable {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// The name that nextest gives it (`fakes`, `fakes::it`, `fakes::bin/fake-claude`).
    pub(crate) binary: String,
    /// The name of its target.
    target: String,
    /// Whether it is a runner of tests, and not a program that tests start.
    pub(crate) runs_tests: bool,
}

#[cfg(test)]
impl Executable {
    /// A runner at `path` that nextest calls `binary`.
    pub(crate) fn runner(path: &str, binary: &str) -> Self {
        let target = binary.rsplit("::").next().unwrap_or(binary).to_owned();
        Self { path: path.into(), binary: binary.to_owned(), target, runs_tests: true }
    }
}

impl Profile {
    /// What tells cargo.
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}

/// The arguments of cargo that build the daemon and the stand-ins.
fn programs_arguments(profile: Profile) -> Vec<&'static str> {
    [crate::workspace::BUILD_PROGRAMS, profile.arguments()].concat()
}

/// Which test executables a tier has, as arguments of cargo (and of nextest).
pub(super) fn selection_arguments(tier: Tier, profile: Profile) -> Vec<&'static str> {
    let targets: &[&str] = match tier {
        Tier::InProcess => &["--workspace", "--lib", "--bins", "--tests"],
        Tier::RealBinaries => &["--workspace", "--test", "tier2"],
        Tier::RealAgent => &["--workspace", "--test", "tier3"],
        Tier::Running => &["--workspace", "--test", "tier4"],
    };
    [&["--locked"], targets, profile.arguments()].concat()
}

/// Compiles the test executables of a tier and the programs that they start, and says where the
/// former lie (and the programs, where cargo needs them for a test). What cargo says goes to the
/// terminal.
///
/// Programs are built anew for each tier: what another command left in their place can differ, by
/// the features that it asked for.
pub(crate) fn build(
    workspace: &Workspace,
    tier: Tier,
    profile: Profile,
) -> anyhow::Result<Vec<Executable>> {
    if tier != Tier::InProcess {
        let status =
            workspace.cargo(&programs_arguments(profile)).status().context("run cargo build")?;
        ensure!(status.success(), "build the programs: {status}");
    }
    let mut arguments = vec!["test", "--no-run", "--message-format=json-render-diagnostics"];
    arguments.extend(selection_arguments(tier, profile));
    let output = workspace
        .cargo(&arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("run cargo to build the tests")?;
    ensure!(output.status.success(), "build the tests of {tier}: {}", output.status);
    let built = executables(&String::from_utf8_lossy(&output.stdout));
    let has_runner = built.iter().any(|executable| executable.runs_tests);
    ensure!(has_runner, "find the tests of {tier} in what cargo said");
    Ok(built)
}

/// The runner of a tier among what was built for it.
pub(super) fn runner(tier: Tier, built: &[Executable]) -> anyhow::Result<&Executable> {
    let name = format!("tier{}", tier.number());
    built
        .iter()
        .find(|executable| executable.runs_tests && executable.target == name)
        .with_context(|| format!("find the runner {name} in what cargo said"))
}

/// Every executable in cargo's JSON messages, in the order of their paths.
fn executables(messages: &str) -> Vec<Executable> {
    let mut found: Vec<Executable> = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter_map(|message| executable(&message))
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn executable(message: &Value) -> Option<Executable> {
    let path = PathBuf::from(message["executable"].as_str()?);
    let package = package_of(message["package_id"].as_str()?);
    let target = message["target"]["name"].as_str()?;
    let binary = match message["target"]["kind"][0].as_str()? {
        "test" => format!("{package}::{target}"),
        "lib" | "rlib" | "proc-macro" => package.to_owned(),
        kind => format!("{package}::{kind}/{target}"),
    };
    // A runner without libtest is no unit test of its target to cargo, but stands among the tests.
    let runs_tests = message["profile"]["test"] == true || message["target"]["kind"][0] == "test";
    Some(Executable { path, binary, target: target.to_owned(), runs_tests })
}

/// The name in a package id: `path+file:///w/fakes#0.1.0`, `path+file:///w/daemon#assistant@0.1.0`.
fn package_of(id: &str) -> &str {
    let (place, version) = id.split_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(place),
    }
}

#[cfg(test)]
mod tests;
