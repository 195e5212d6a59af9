//! `cargo xtask contract`: what the agent program promises, on whatever plays it.
//!
//! The work is done by the program `contract-suite`, which is built and started here; only the
//! stand-in in memory is a test, because it needs a clock that stands still.

mod sdk;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use harness::exit_code::ExitCode;

use crate::workspace::Workspace;

/// What to do with the contracts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the contracts.
    Run {
        /// What has to keep them.
        #[arg(long, value_enum, default_value = "fake")]
        on: Side,
        /// Only the contract with this number, as C07.
        #[arg(long)]
        only: Option<String>,
    },
    /// Compare what two implementations say, contract by contract; drift is a failure.
    Diff {
        /// One of them.
        #[arg(value_enum)]
        one: Spoken,
        /// The other one.
        #[arg(value_enum)]
        other: Spoken,
        /// Only the contract with this number, as C07.
        #[arg(long)]
        only: Option<String>,
    },
    /// Record the real program into fakes/recordings/contracts/.
    Record {
        /// Only the contract with this number, as C07.
        #[arg(long)]
        only: Option<String>,
    },
    /// Drive the stand-in with the published SDK, which is fetched from `PyPI` (about 440 MB).
    Sdk,
}

/// What can run the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// The stand-in in memory, under a paused clock.
    Memory,
    /// The stand-in over pipes.
    Fake,
    /// The recordings.
    Recording,
    /// The real program, with the stand-in of the API.
    Real,
}

/// What can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spoken {
    /// The stand-in over pipes.
    Fake,
    /// The recordings.
    Recording,
    /// The real program, with the stand-in of the API.
    Real,
}

impl Spoken {
    const fn word(self) -> &'static str {
        match self {
            Self::Fake => "fake",
            Self::Recording => "recording",
            Self::Real => "real",
        }
    }
}

/// The command.
pub(crate) fn run(workspace: &Workspace, command: &Command) -> anyhow::Result<ExitCode> {
    let suite =
        |words: &[&str], only: Option<&str>, real: bool| suite(workspace, words, only, real);
    match command {
        Command::Run { on: Side::Memory, only } => memory(workspace, only.as_deref()),
        Command::Run { on, only } => {
            let word = match on {
                Side::Recording => "recording",
                Side::Real => "real",
                Side::Memory | Side::Fake => "fake",
            };
            suite(&["run", "--on", word], only.as_deref(), *on == Side::Real)
        }
        Command::Diff { one, other, only } => {
            let real = [one, other].contains(&&Spoken::Real);
            suite(&["diff", one.word(), other.word()], only.as_deref(), real)
        }
        Command::Record { only } => suite(&["record"], only.as_deref(), true),
        Command::Sdk => sdk::run(workspace),
    }
}

/// Builds and starts `contract-suite`.
fn suite(
    workspace: &Workspace,
    words: &[&str],
    only: Option<&str>,
    needs_claude: bool,
) -> anyhow::Result<ExitCode> {
    if needs_claude && let Err(missing) = workspace.programs().claude() {
        eprintln!("MISSING: failed to {missing}");
        return Ok(ExitCode::PreconditionMissing);
    }
    if !build(workspace, &["--package", "smoke", "--package", "fakes", "--bins"])? {
        return Ok(ExitCode::BuildFailed);
    }
    let program = workspace.programs().profile_dir().join("contract-suite");
    let mut command = std::process::Command::new(&program);
    command.args(words).current_dir(workspace.root());
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    let status = command.status().with_context(|| format!("run {}", program.display()))?;
    Ok(status.code().and_then(ExitCode::from_number).unwrap_or(ExitCode::Failed))
}

/// Builds for the command; cargo shows its own progress.
fn build(workspace: &Workspace, what: &[&str]) -> anyhow::Result<bool> {
    let mut cargo = workspace.cargo(&["build", "--locked", "--quiet"]);
    Ok(cargo.args(what).status().context("run cargo build")?.success())
}

/// Runs the test of the stand-in in memory.
fn memory(workspace: &Workspace, only: Option<&str>) -> anyhow::Result<ExitCode> {
    let mut cargo = workspace.cargo(&["test", "--locked", "--package", "fakes", "--test", "it"]);
    cargo.args(["--", "contracts::the_stand_in"]);
    if let Some(only) = only {
        cargo.env("CONTRACT_ONLY", only);
    }
    let status = cargo.status().context("run cargo test")?;
    Ok(if status.success() { ExitCode::Pass } else { ExitCode::Failed })
}
