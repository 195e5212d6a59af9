//! `cargo xtask slots` and `cargo xtask restart-status`: what there is to run, and what became of the
//! last restart.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use harness::exit_code::ExitCode;
use harness::restart::flags::Scope;
use harness::restart::report::{Outcome, Report};

use super::arguments::{SlotArguments, SlotVerb, StatusArguments};
use super::home::{Home, REPORTS, words};
use super::lock;
use super::slots::{Manifest, Slots, is_name};
use super::trouble::{Result, Trouble};
use super::{LOCK, gate, leave};

/// How long the launcher may take to stop one daemon and start another.
const SWITCH_MAX: Duration = Duration::from_mins(4);

/// The command `slots`.
pub(super) fn slots(arguments: &SlotArguments) -> Result<ExitCode> {
    let home = found(arguments.home.as_deref())?;
    let slots = Slots::at(home.slots());
    match &arguments.verb {
        SlotVerb::List => {
            let current = slots.current().ok();
            for manifest in slots.all()? {
                let standing = slots.standing(&manifest.name)?;
                println!("{}", line(&manifest, standing.as_deref(), current.as_deref()));
            }
        }
        SlotVerb::Prune => return alone(&home, "pruning of slots", || prune(&home, &slots)),
        SlotVerb::MarkBad { slot, why } => {
            named(slot)?;
            let verb = words(["launcher", "mark-bad", slot.as_str(), "--why", why.as_str()]);
            launcher(&home, &verb, super::home::QUESTION_MAX)?;
            println!("{slot} is marked bad");
        }
        SlotVerb::Rollback { slot } => {
            let slot = match slot {
                Some(slot) => slot.clone(),
                None => before(&slots)?,
            };
            named(&slot)?;
            return alone(&home, &slot, || {
                let verb = words(["launcher", "roll-back-to", slot.as_str()]);
                launcher(&home, &verb, SWITCH_MAX)?;
                println!("{slot} runs");
                Ok(())
            });
        }
    }
    Ok(ExitCode::Pass)
}

/// Does something while no restart is under way.
fn alone(home: &Home, target: &str, work: impl FnOnce() -> Result<()>) -> Result<ExitCode> {
    let _lock = lock::Lock::take(&home.at(LOCK), &lock::Holder::here("a person", target))?;
    work()?;
    Ok(ExitCode::Pass)
}

/// The home that is meant.
fn found(named: Option<&Path>) -> Result<Home> {
    Home::find(named).map_err(|error| missing(format!("failed to {error:#}")))
}

/// Asks the launcher's own copy of the program for something.
fn launcher(home: &Home, verb: &[OsString], limit: Duration) -> Result<()> {
    let program = home.launcher_program();
    if !program.is_file() {
        return Err(missing(format!(
            "there is no {}: claude-assistant install",
            program.display()
        )));
    }
    home.tell(&program, verb, limit)
}

/// The slot that runs.
fn current(slots: &Slots) -> Result<String> {
    slots
        .current()
        .map_err(|error| missing(format!("no slot runs: claude-assistant install ({error:#})")))
}

fn missing(why: impl Into<String>) -> Trouble {
    Trouble::with(ExitCode::PreconditionMissing, why)
}

fn prune(home: &Home, slots: &Slots) -> Result<()> {
    current(slots)?;
    let pending = leave::pending(home)?;
    let needed = pending.iter().flat_map(|it| [it.target.as_str(), it.previous.as_str()]);
    let needed: Vec<&str> = needed.collect();
    slots.sweep()?;
    for name in slots.prune(&needed)? {
        println!("{name} removed");
    }
    for path in leave::keep(home)? {
        println!("{} removed", path.display());
    }
    Ok(())
}

fn named(slot: &str) -> Result<()> {
    if is_name(slot) {
        return Ok(());
    }
    Err(Trouble::with(ExitCode::BadUsage, format!("{slot:?} is no name of a slot")))
}

/// The newest good slot before the one that runs.
fn before(slots: &Slots) -> Result<String> {
    let current = current(slots)?;
    for manifest in slots.all()?.iter().rev().filter(|it| it.name < current) {
        if slots.standing(&manifest.name)?.as_deref() == Some("good") {
            return Ok(manifest.name.clone());
        }
    }
    let why = format!("there is no good slot before {current}: cargo xtask slots list");
    Err(missing(why))
}

fn line(manifest: &Manifest, standing: Option<&str>, current: Option<&str>) -> String {
    let runs = if current == Some(manifest.name.as_str()) { "*" } else { " " };
    let gate = match (manifest.refused.names(), &manifest.gate) {
        (Some(checks), _) => format!("{checks} said no"),
        (None, Some(gate)) => gate::shown(gate),
        (None, None) => "no gate".to_owned(),
    };
    let commit = manifest.commit.as_deref().unwrap_or("no commit");
    let standing = standing.unwrap_or("-");
    format!("{runs} {:<30} {standing:<5} {} {commit}, {gate}", manifest.name, manifest.version)
}

/// The command `restart-status`.
pub(super) fn status(arguments: &StatusArguments) -> Result<ExitCode> {
    let home = found(arguments.home.as_deref())?;
    match lock::holder(&home.at(LOCK))? {
        lock::Held::By(holder) => println!(
            "under way: {} (pid {}) since {:.0}, to {}",
            holder.who, holder.pid, holder.since, holder.target
        ),
        lock::Held::BySomebody => println!("under way: nobody says whose"),
        lock::Held::ByNobody => println!("no restart is under way"),
    }
    match home.launcher() {
        Ok(launcher) => {
            let pid = launcher.daemon.as_ref().map_or(0, |daemon| daemon.pid);
            println!(
                "launcher {}: {}, slot {}, daemon {pid}",
                launcher.pid,
                launcher.state,
                launcher.slot.as_deref().unwrap_or("none")
            );
            if let Some(pending) = launcher.pending {
                println!("pending: {} to {}, {}", pending.id, pending.target, pending.phase);
            }
        }
        Err(trouble) => println!("launcher: {trouble}"),
    }
    match last_report(&home)? {
        Some(report) => {
            for line in told(&report) {
                println!("{line}");
            }
            println!("      {}", home.report(&report.id).join("report.md").display());
        }
        None => println!("last: none"),
    }
    Ok(ExitCode::Pass)
}

/// How it ended, and where it failed.
fn told(report: &Report) -> Vec<String> {
    let mut lines =
        vec![format!("last: {} at {:.0}: {}", report.id, report.started_at, report.verdict.says)];
    for step in report.steps.iter().filter(|step| step.outcome == Outcome::Failed) {
        let why = step.says.last().and_then(|says| says.lines().next()).unwrap_or_default();
        lines.push(format!("      failed at {} {}: {why}", step.step.label(), step.name));
    }
    if let (Some(slot), Some(standing)) = (&report.target.slot, report.standing) {
        lines.push(format!("      {slot} is {}", standing.words()));
    }
    lines
}

/// The newest report of a restart that was begun: neither of one that was only to be foreseen, nor of
/// one that found another under way.
fn last_report(home: &Home) -> anyhow::Result<Option<Report>> {
    let directory = home.at(REPORTS);
    if !directory.is_dir() {
        return Ok(None);
    }
    let entries =
        fs::read_dir(&directory).with_context(|| format!("read {}", directory.display()))?;
    let mut paths: Vec<_> = entries
        .filter_map(std::result::Result::ok)
        .map(|entry| entry.path().join("report.json"))
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    for path in paths.iter().rev() {
        let report = Report::read(path)?;
        if report.scope == Scope::Whole && report.verdict.exit_code != ExitCode::Locked {
            return Ok(Some(report));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
