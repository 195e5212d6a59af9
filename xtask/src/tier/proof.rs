//! Receipts of whole runs: what a run is about, whether an earlier one still proves it, and the
//! receipt of a new one.
//!
//! A receipt is taken away before its tier runs again, and when a part of the tier is not clean: it must
//! never say more than the last thing that was seen. Programs are named by their path below
//! the build directory, so that a list of receipts can look at them without building anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use harness::binaries::Programs;
use harness::exit_code::ExitCode;
use harness::receipt::{self, Receipt, Wanted, sha256};
use harness::report::{CaseReport, Machine, Outcome, Report};
use harness::tier::Tier;
use jiff::{SignedDuration, Timestamp};

use super::Order;
use super::build::{Executable, runner};
use crate::workspace::Workspace;

/// Where the receipt of a tier lies.
pub(crate) fn place(workspace: &Workspace, tier: Tier) -> PathBuf {
    receipt::path(workspace.target_dir(), tier)
}

/// What a run would be about, as things are now. `found` is what lay there before anything was built:
/// where files have changed since, nobody knows which of them are in the programs.
pub(crate) fn subject(
    workspace: &Workspace,
    order: &Order,
    built: &[Executable],
    found: &Wanted,
) -> anyhow::Result<Wanted> {
    let programs = programs(order.tier, built)?;
    let now = Wanted {
        binaries: hashes(workspace.target_dir(), &programs)?,
        api: api(order),
        ..anywhere(workspace, order.tier)?
    };
    let same = now.tree.hash == found.tree.hash && now.lockfile == found.lockfile;
    ensure!(same, "know what was built: files changed meanwhile");
    Ok(now)
}

/// The same without the programs.
pub(crate) fn anywhere(workspace: &Workspace, tier: Tier) -> anyhow::Result<Wanted> {
    Ok(Wanted {
        tier,
        tree: receipt::tree(workspace.root())?,
        lockfile: sha256(&workspace.root().join("Cargo.lock"))?,
        binaries: BTreeMap::new(),
        api: None,
        machine: Machine::here(),
    })
}

/// Which API is meant, in the tier where that is a choice.
fn api(order: &Order) -> Option<String> {
    (order.tier == Tier::RealAgent).then(|| order.api.word().to_owned())
}

/// Every program that a receipt of a run names.
fn programs(tier: Tier, built: &[Executable]) -> anyhow::Result<Vec<PathBuf>> {
    // A program that tests of tier 1 start lies where other tiers put theirs, built with other
    // features: it is vouched for by the tree that cargo builds it from just before a run.
    let runners = built.iter().filter(|executable| executable.runs_tests);
    let mut paths: Vec<PathBuf> = runners.map(|executable| executable.path.clone()).collect();
    if tier == Tier::InProcess {
        return Ok(paths);
    }
    let beside = Programs::beside(&runner(tier, built)?.path).context("find the programs")?;
    paths.extend([beside.daemon()?, beside.fake_claude()?, beside.fake_messages_api()?]);
    if tier == Tier::RealAgent {
        paths.push(beside.claude()?);
    }
    Ok(paths)
}

/// Hashes by the path below `target_dir`; a path elsewhere keeps its own name.
fn hashes(target_dir: &Path, programs: &[PathBuf]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut hashes = BTreeMap::new();
    for path in programs {
        let name = path.strip_prefix(target_dir).unwrap_or(path).display().to_string();
        hashes.insert(name, sha256(path)?);
    }
    Ok(hashes)
}

/// The programs that a receipt names, as they lie there now. One that is gone is left out.
pub(crate) fn hashes_now(target_dir: &Path, receipt: &Receipt) -> BTreeMap<String, String> {
    let names = receipt.subject.binaries.keys();
    names.filter_map(|name| Some((name.clone(), sha256(&target_dir.join(name)).ok()?))).collect()
}

/// The receipt at `path` if it proves what is wanted; else why the tier has to run.
pub(crate) fn valid(path: &Path, now: Timestamp, wanted: &Wanted) -> Result<Receipt, String> {
    let found = Receipt::read(path).map_err(|error| format!("failed to {error}"))?;
    let receipt = found.ok_or_else(|| "there is no receipt".to_owned())?;
    match receipt.is_valid(now, wanted) {
        Ok(()) => Ok(receipt),
        Err(stale) => Err(stale.to_string()),
    }
}

/// What is to be done with the receipt after a run.
#[derive(Debug, PartialEq)]
pub(crate) enum Ending {
    /// Nothing was proved, and nothing disproved.
    Leave,
    /// There must be none.
    Withdraw,
    /// There must be none: the files that were tested are not those that lie there now.
    Changed,
    /// This one is to be written.
    Write(Box<Receipt>),
}

/// Decides that by what was there before the run and what is after it.
pub(crate) fn ending(
    report: &Report,
    before: Option<Wanted>,
    after: Option<&Wanted>,
    now: Timestamp,
) -> Ending {
    let whole = report.selection.is_everything();
    match before {
        _ if !whole && disproves(report) => Ending::Withdraw,
        _ if !whole => Ending::Leave,
        None => Ending::Withdraw,
        Some(before) if Some(&before) != after => Ending::Changed,
        Some(before) => Ending::Write(Box::new(Receipt::of(report, before, now))),
    }
}

/// Whether a run of a part of a tier casts doubt on an earlier one of all of it: whatever is not
/// clean does, behind an open gate too. A filter that means no test does not.
fn disproves(report: &Report) -> bool {
    let clean = |case: &CaseReport| matches!(case.outcome, Outcome::Passed | Outcome::Skipped);
    match report.verdict.exit_code {
        ExitCode::Pass => !report.cases.iter().all(clean),
        ExitCode::NothingSelected => false,
        _ => true,
    }
}

/// How old something is, in words.
pub(crate) fn age(age: SignedDuration) -> String {
    let minutes = age.as_mins();
    match minutes {
        ..0 => "from the future".to_owned(),
        0 => format!("{} s", age.as_secs()),
        1..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
pub(crate) mod tests;
