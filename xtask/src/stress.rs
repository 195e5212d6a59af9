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
use harness::report::{Machine, Report};
use harness::tier::Tier;
use jiff::Timestamp;

use self::account::{Account, Flake, RunAccount, TierAccount};
pub(crate) use self::burn::burn;
use crate::tier::build::{self, Executable, Profile};
use crate::tier::places::{Places, remove};
use crate::tier::{self, Order, Output};
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
    remove(&path)?;
    remove(&room)?;
    let rounds = [(Tier::InProcess, plan.tier_1), (Tier::RealBinaries, plan.tier_2)];
    if rounds.iter().all(|(_, runs)| *runs == 0) {
        eprintln!("xtask: no run was asked for");
        return Ok(ExitCode::NothingSelected);
    }
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
    let machine = Machine::here();
    let mut account = Account::new(commit(workspace.root())?, Timestamp::now(), machine, plan.load);
    let clock = Instant::now();
    // It burns until it is dropped.
    let fire = match plan.load {
        Load::Burning => Some(burn::Fire::light()?),
        Load::AsItIs => None,
    };
    for (tier, runs, executables) in &built {
        let mut of_tier = TierAccount::new(*tier);
        for number in 1..=*runs {
            let run = one(workspace, *tier, number, executables, &room)?;
            println!("{tier}, run {number:>2} of {runs}: {}", run.line());
            of_tier.add(number, run);
        }
        account.tiers.push(of_tier);
    }
    drop(fire);
    account.elapsed_s = clock.elapsed().as_secs_f64();
    tier::write(&path, &account.to_json())?;
    print!("\n{}", account.table());
    println!("written to {}", path.display());
    let failures = account.failures();
    println!("{} passed, {failures} failed", account.passed());
    Ok(if failures == 0 { ExitCode::Pass } else { ExitCode::Failed })
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
