//! The workflow of the project: `cargo xtask try`, `test`, `test-tier`, `stress`, `tidy`, and more.
//!
//! Kept quick to compile: no async runtime, no database. What needs those runs as a process of its
//! own. Every command ends with a number of [`harness::exit_code::ExitCode`].
#![expect(clippy::print_stdout, reason = "a command for the terminal talks to the terminal")]
#![expect(clippy::print_stderr, reason = "a command for the terminal talks to the terminal")]

mod affected;
mod bench;
mod checkout;
mod claude;
mod contract;
mod lock;
mod mutants;
mod peers;
mod proof;
mod restart;
mod running;
mod sdk;
mod steps;
mod stored;
mod stress;
mod suite;
mod tally;
mod tidy;
mod tier;
mod tier_arguments;
mod try_out;
mod workspace;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use harness::exit_code::ExitCode;
use harness::gate::Gate;

use crate::stored::Format;
use crate::stress::{Load, Plan};
use crate::tier_arguments::TierArguments;
use crate::try_out::AgentChoice;
use crate::workspace::Workspace;

/// The workflow of claude-assistant.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
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
    /// Render a stored report again.
    Report(ReportArguments),
    /// List the receipts of whole runs, and whether they still hold.
    Receipts,
    /// Run tiers 1 and 2 again and again while every core is kept busy.
    Stress(StressArguments),
    /// Keep every core busy until the input ends.
    #[command(hide = true)]
    Burn,
    /// The same as `test`, but a tier that lacks what it runs is a failure and no skip.
    Ci,
    /// Check the rules of the tree that no compiler knows.
    Tidy,
    /// Whether this tree keeps what is promised of its speed and memory, and got no worse.
    BenchCheck(bench::CheckArguments),
    /// What this tree takes; more about measuring.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Put a new build in the place of the daemon that runs, or change nothing.
    SafeRestart(restart::Arguments),
    /// The builds that can be run.
    Slots(restart::SlotArguments),
    /// Whether a restart is under way, and what became of the last.
    RestartStatus(restart::StatusArguments),
    /// Which tests a change needs, and why.
    Affected(AffectedArguments),
    /// Put faults into the daemon, one after the other, and see that tests notice each.
    Mutants(mutants::Arguments),
    /// Prove the restart: messages flow all through twenty of them, half into builds that fail; or
    /// through kills at every step.
    RestartProof(proof::Arguments),
    /// The agent program that checks run against.
    #[command(subcommand)]
    Claude(ClaudeCommand),
    /// What the agent program promises: run it, compare implementations, record the real one.
    #[command(subcommand)]
    Contract(contract::Command),
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
struct ReportArguments {
    /// A `report.json`.
    file: PathBuf,
    /// What it is rendered as.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct StressArguments {
    /// How often tier 1 runs.
    #[arg(long, default_value_t = 20, value_name = "RUNS")]
    tier_1: u32,
    /// How often tier 2 runs.
    #[arg(long, default_value_t = 10, value_name = "RUNS")]
    tier_2: u32,
    /// Leave the cores to the tests.
    #[arg(long)]
    no_burn: bool,
}

#[derive(Debug, Args)]
struct AffectedArguments {
    /// What changed since this revision; without it what is not committed, or else the last commit.
    #[arg(long)]
    since: Option<String>,
    /// Run it all, the quickest first.
    #[arg(long)]
    run: bool,
    /// Print the table of all rules.
    #[arg(long, conflicts_with_all = ["since", "run", "write_table"])]
    table: bool,
    /// Write that table into docs/testing.md.
    #[arg(long, conflicts_with_all = ["since", "run"])]
    write_table: bool,
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
        Command::Test => lock::alone(&workspace, || suite::test(&workspace, gate)),
        Command::Ci => lock::alone(&workspace, || suite::test(&workspace, Gate::Closed)),
        Command::TestTier(arguments) => match arguments.request(gate) {
            Ok(request) => lock::alone(&workspace, || suite::test_tier(&workspace, &request)),
            Err(why) => {
                eprintln!("xtask: {why}");
                Ok(ExitCode::BadUsage)
            }
        },
        Command::Report(arguments) => Ok(stored::report(&arguments.file, arguments.format)),
        Command::Receipts => stored::receipts(&workspace),
        Command::Stress(arguments) => {
            lock::alone(&workspace, || stress::run(&workspace, arguments.plan()))
        }
        Command::Burn => {
            stress::burn();
            Ok(ExitCode::Pass)
        }
        Command::Tidy => tidy::run(&workspace),
        Command::Affected(AffectedArguments { table, write_table, .. }) if table || write_table => {
            affected::table(&workspace, write_table)
        }
        Command::Affected(AffectedArguments { since, run, .. }) => {
            let mode = if run { affected::Mode::Run } else { affected::Mode::Show };
            let run = || affected::run(&workspace, since.as_deref(), mode, gate);
            if mode == affected::Mode::Run { lock::alone(&workspace, run) } else { run() }
        }
        Command::SafeRestart(arguments) => restart::safe_restart(&workspace, &arguments),
        Command::Slots(arguments) => Ok(restart::slots(&arguments)),
        Command::RestartStatus(arguments) => Ok(restart::status(&arguments)),
        Command::BenchCheck(arguments) => bench::check(&workspace, arguments),
        Command::Bench(command) => bench::run(&workspace, command),
        Command::Mutants(arguments) => mutants::run(&workspace, &arguments),
        Command::RestartProof(arguments) => {
            lock::alone(&workspace, || proof::run(&workspace, &arguments))
        }
        Command::Claude(ClaudeCommand::Install) => claude::run(gate),
        Command::Contract(command) => {
            lock::alone(&workspace, || contract::run(&workspace, &command))
        }
    }
}

impl StressArguments {
    const fn plan(&self) -> Plan {
        let load = if self.no_burn { Load::AsItIs } else { Load::Burning };
        Plan { tier_1: self.tier_1, tier_2: self.tier_2, load }
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

#[cfg(test)]
mod tests;
