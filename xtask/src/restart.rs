//! `cargo xtask safe-restart`: a new build takes the place of the daemon that answers people, or
//! nothing changes.
//!
//! ```text
//! harness::restart::machine ──action──> here ──verbs of the daemon's program──> daemon, launcher
//!            ^                           │
//!            └──────── what came ────────┘                  ──> state/restart/reports/<id>/
//! ```
//!
//! What is done next is decided by the machine; below here each action is carried out, one file for a
//! group of them. Absent: sockets and the database, which the daemon's program knows, and signals to any
//! process but those that are started here: the launcher stops and starts daemons.

mod arguments;
mod build;
mod cases;
mod gate;
mod home;
mod leave;
mod lock;
mod looks;
mod measure;
mod passage;
mod preflight;
mod prepare;
mod progress;
mod room;
mod runner;
mod select;
mod slots;
mod stuck;
mod target;
mod time;
mod trouble;
mod verify;
mod views;

use std::path::Path;

use anyhow::Context;
use harness::exit_code::ExitCode;
use harness::restart::machine::Restart;
use harness::restart::render;
use jiff::Timestamp;

pub(crate) use self::arguments::{Arguments, SlotArguments, StatusArguments};
use self::home::Home;
use self::runner::Runner;
use self::target::{Target, fresh_id, is_id, target};
use self::time::Time;
use self::trouble::{Result, Trouble};
use crate::running::Interrupt;
use crate::tier;
use crate::workspace::Workspace;

/// The lock of restarts, below the home.
const LOCK: &str = "run/restart.lock";

/// What an action works with.
#[derive(Clone, Copy)]
struct Means<'a> {
    workspace: &'a Workspace,
    time: Time<'a>,
    /// Where runs of cases leave what they leave.
    runs: &'a Path,
}

/// `cargo xtask slots`.
pub(crate) fn slots(arguments: &SlotArguments) -> ExitCode {
    answered(looks::slots(arguments))
}

/// `cargo xtask restart-status`.
pub(crate) fn status(arguments: &StatusArguments) -> ExitCode {
    answered(looks::status(arguments))
}

/// `cargo xtask safe-restart`.
pub(crate) fn safe_restart(
    workspace: &Workspace,
    arguments: &Arguments,
) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::listen().context("listen to signals")?;
    Ok(answered(run(workspace, arguments, &interrupt)))
}

/// A refusal is an answer.
fn answered(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|trouble| {
        eprintln!("xtask: {trouble}");
        trouble.failure().code.unwrap_or(ExitCode::Failed)
    })
}

/// All of it, to the report and the verdict.
fn run(workspace: &Workspace, arguments: &Arguments, interrupt: &Interrupt) -> Result<ExitCode> {
    let missing = |error: anyhow::Error| {
        Trouble::with(ExitCode::PreconditionMissing, format!("failed to {error:#}"))
    };
    if let Some(copy) = &arguments.json {
        // What an earlier restart left there is none of this one's, however soon it ends.
        tier::places::remove_file(copy).map_err(missing)?;
    }
    let flags = arguments
        .words()
        .read()
        .map_err(|error| Trouble::with(ExitCode::BadUsage, format!("failed to {error}")))?;
    let home = Home::find(arguments.home.as_deref()).map_err(missing)?;
    let target = target(workspace, arguments)?;
    let id = arguments.request.clone().unwrap_or_else(fresh_id);
    if !is_id(&id) {
        let why = format!("{id:?} is no id of a restart");
        return Err(Trouble::with(ExitCode::BadUsage, why));
    }
    let started_at = Timestamp::now();
    let mut runner = Runner::new(workspace, home, id, target, interrupt);
    runner.flags = flags.clone();
    if arguments.request.is_some() {
        runner.who = "a request from inside";
    }
    let restart = runner.drive(Restart::new(flags));
    let report = leave::report(&runner, &restart, started_at);
    let left = leave::write(&runner.home, &report, arguments.json.as_deref());
    // What became of the daemon is more than what became of the report.
    for error in &left.troubles {
        eprintln!("xtask: failed to {error:#}");
    }
    print!("\n{}", render::terminal(&report, tier::colour()));
    for place in &left.places {
        println!("report: {}", place.display());
    }
    println!("{}", report.verdict.says.lines().next().unwrap_or_default());
    Ok(report.verdict.exit_code)
}

#[cfg(test)]
mod tests;
