//! The workflow of the project: `cargo xtask try`, `test`, `test-tier`, `ci`, `tidy`, `claude`.
//!
//! Kept quick to compile: no async runtime, no database. What needs those runs as a process of its
//! own. Every command ends with a number of [`harness::exit_code::ExitCode`].
#![expect(clippy::print_stdout, reason = "a command for the terminal talks to the terminal")]
#![expect(clippy::print_stderr, reason = "a command for the terminal talks to the terminal")]

mod claude;
mod gate;
mod mutants;
mod steps;
mod suite;
mod tally;
mod tidy;
mod try_out;
mod workspace;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use harness::exit_code::ExitCode;

use crate::gate::Gate;
use crate::suite::Selection;
use crate::try_out::AgentChoice;
use crate::workspace::Workspace;

/// The workflow of claude-assistant.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the assistant in a throw-away home and chat with it here.
    Try(TryArguments),
    /// Everything a change has to pass: format, tidy, licences, clippy, docs, and every test.
    Test,
    /// Run the tests of one tier.
    TestTier(TierArguments),
    /// The same as `test`, but a tier that lacks what it runs is a failure and no skip.
    Ci,
    /// Check the rules of the tree that no compiler knows.
    Tidy,
    /// Put faults into the daemon, one after the other, and see that tests notice each.
    Mutants(mutants::Arguments),
    /// The agent program that checks run against.
    #[command(subcommand)]
    Claude(ClaudeCommand),
}

#[derive(Debug, Args)]
struct TryArguments {
    /// Which agent answers; without it the real one if it is installed and logged in.
    #[arg(long, value_enum)]
    agent: Option<AgentChoice>,
    /// Leave the home on disk at the end, and say where.
    #[arg(long)]
    keep: bool,
}

#[derive(Debug, Args)]
struct TierArguments {
    /// 1: unit, property and in-process; 2: the real binaries; 3: the real agent program.
    #[arg(value_parser = clap::value_parser!(u8).range(1..=3))]
    tier: u8,
    /// Only tests with this in their name.
    #[arg(long)]
    only: Option<String>,
    /// A missing precondition is an error and not a skip (as when `CI` is set).
    #[arg(long)]
    gate: bool,
}

#[derive(Debug, Subcommand)]
enum ClaudeCommand {
    /// Fetch the pinned version into `target/`, unless it is there.
    Install,
}

fn main() -> std::process::ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error).into(),
    };
    let code = match run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: failed to {error:#}");
            ExitCode::Failed
        }
    };
    code.into()
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let gate = Gate::from_environment();
    match command {
        Command::Try(arguments) => try_out::run(&workspace, arguments.agent, arguments.keep),
        Command::Test => suite::test(&workspace, gate),
        Command::TestTier(arguments) => {
            let gate = if arguments.gate { Gate::Closed } else { gate };
            let selection = Selection { tier: arguments.tier, only: arguments.only };
            suite::test_tier(&workspace, &selection, gate)
        }
        Command::Ci => suite::test(&workspace, Gate::Closed),
        Command::Tidy => tidy::run(&workspace),
        Command::Mutants(arguments) => mutants::run(&workspace, &arguments),
        Command::Claude(ClaudeCommand::Install) => claude::run(gate),
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to tell if the terminal is gone.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::Pass,
        _ => ExitCode::BadUsage,
    }
}
