//! `cargo xtask stress`: tiers 1 and 2 again and again behind a closed gate, while another process
//! burns every core. A test that needs a quiet machine shows itself here.
//!
//! A failure does not end it: what is asked is how many there are. What a failing run left stays
//! below `target/harness/stress/`, and the account is written to `target/harness/stress.json`.

mod account;
mod burn;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt;
use harness::report::{Machine, Report};
use harness::tier::Tier;
use jiff::Timestamp;

use self::account::{Account, Doubt, Flake, RunAccount, TierAccount};
pub(crate) use self::burn::{Fire, burn};
use crate::tier::build::{self, Executable, Profile};
use crate::tier::places::{Places, remove, remove_file};
use crate::tier::{self, Order, Output, proof};
use crate::workspace::Workspace;

/// Whether the machine is kept busy meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Another process burns every core.
    Burning,
    /// Whatever else runs.
    AsItIs,
}

/// How often each tier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Runs of tier 1.
    pub(crate) tier_1: u32,
    /// Runs of tier 2.
    pub(crate) tier_2: u32,
    /// What else the machine does.
    pub(crate) load: Load,
}

/// The command.
pub(crate) fn run(workspace: &Workspace, plan: Plan) -> anyhow::Result<ExitCode> {
    let path = workspace.target_dir().join("harness/stress.json");
    let room = workspace.target_dir().join("harness/stress");
    remove_file(&path)?;
    remove(&room)?;
    let rounds = [(Tier::InProcess, plan.tier_1), (Tier::RealBinaries, plan.tier_2)];
    if rounds.iter().all(|(_, runs)| *runs == 0) {
        eprintln!("xtask: no run was asked for");
        return Ok(ExitCode::NothingSelected);
    }
    // What is built is of these files, or of later ones that the end will not find again.
    let (commit, tree) = (commit(workspace.root())?, receipt::tree(workspace.root())?);
    let mut built = Vec::new();
    for (tier, runs) in rounds.into_iter().filter(|(_, runs)| 0 < *runs) {
        match build::build(workspace, tier, Profile::Dev) {
            Ok(executables) => built.push((tier, runs, executables)),
            Err(error) => {
                eprintln!("xtask: failed to {error:#}");
                return Ok(ExitCode::BuildFailed);
            }
        }
    }
    let mut account = Account::new(commit, Timestamp::now(), Machine::here(), plan.load);
    let clock = Instant::now();
    // It burns until it is dropped.
    let mut fire = match plan.load {
        Load::Burning => Some(Fire::light()?),
        Load::AsItIs => None,
    };
    for (tier, runs, executables) in &built {
        let mut of_tier = TierAccount::new(*tier);
        for number in 1..=*runs {
            let run = one(workspace, *tier, number, executables, &room)?;
            println!("{tier}, run {number:>2} of {runs}: {}", run.line());
            withdraw(&proof::place(workspace, *tier), &run)?;
            of_tier.add(number, run);
        }
        account.tiers.push(of_tier);
    }
    account.elapsed_s = clock.elapsed().as_secs_f64();
    if fire.as_mut().is_some_and(|fire| !fire.burns()) {
        account.doubts.push(Doubt::WentOut);
    }
    drop(fire);
    if receipt::tree(workspace.root())?.hash != tree.hash {
        account.doubts.push(Doubt::Changed);
    }
    tier::write(&path, &account.to_json())?;
    Ok(conclude(&account, &path))
}

/// Shows what came of it all, and says how the command ends.
fn conclude(account: &Account, path: &Path) -> ExitCode {
    print!("\n{}", account.table());
    println!("written to {}", path.display());
    for doubt in &account.doubts {
        println!("NOT TO BE BELIEVED: {}", doubt.words());
    }
    let failures = account.failures();
    println!("{} passed, {failures} failed", account.passed());
    code(failures, &account.doubts)
}

/// Only runs without a failure, under the load and in the files that they were to be in, are a pass.
fn code(failures: usize, doubts: &[Doubt]) -> ExitCode {
    if 0 < failures || doubts.contains(&Doubt::WentOut) {
        ExitCode::Failed
    } else if doubts.contains(&Doubt::Changed) {
        ExitCode::FileInvalid
    } else {
        ExitCode::Pass
    }
}

/// A receipt says that all of its tier holds, which a run that was not clean denies.
fn withdraw(receipt: &Path, run: &RunAccount) -> anyhow::Result<()> {
    if run.flakes.is_empty() { Ok(()) } else { remove_file(receipt) }
}

/// One run, out of sight. What it left is kept only if something went wrong.
fn one(
    workspace: &Workspace,
    tier: Tier,
    number: u32,
    built: &[Executable],
    room: &Path,
) -> anyhow::Result<RunAccount> {
    let places = Places::at(room.join(format!("tier{}-run-{number}", tier.number())));
    let order = Order::whole(tier, Gate::Closed);
    let output = Output::File(places.output());
    let clock = Instant::now();
    let report = tier::run(workspace, &order, built, &places, &output)?;
    let flakes = flakes(&report);
    let kept = (!flakes.is_empty()).then(|| places.directory().to_path_buf());
    if kept.is_none() {
        remove(places.directory())?;
    }
    Ok(RunAccount {
        elapsed_s: clock.elapsed().as_secs_f64(),
        passed: report.verdict.passed,
        tests: report.cases.len(),
        flakes,
        kept,
    })
}

/// What did not hold at the first try; a run that failed for another reason is one of its own.
fn flakes(report: &Report) -> Vec<Flake> {
    let mut flakes: Vec<Flake> = report
        .cases
        .iter()
        .filter(|case| account::is_flake(case))
        .map(|case| Flake { id: case.id.clone(), outcome: case.outcome.words().to_owned() })
        .collect();
    if flakes.is_empty() && report.verdict.exit_code != ExitCode::Pass {
        let outcome = report.verdict.exit_code.meaning().to_owned();
        flakes.push(Flake { id: report.tier.to_string(), outcome });
    }
    flakes
}

/// The commit that is checked out, marked where files differ from it.
fn commit(root: &Path) -> anyhow::Result<String> {
    let git = |arguments: &[&str]| -> anyhow::Result<String> {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(root);
        let output = command.output().context("run git")?;
        ensure!(output.status.success(), "run git {}: {}", arguments.join(" "), output.status);
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "HEAD"])?;
    let changed = !git(&["status", "--porcelain"])?.is_empty();
    Ok(if changed { format!("{head}, with changes") } else { head })
}

#[cfg(test)]
mod tests;
