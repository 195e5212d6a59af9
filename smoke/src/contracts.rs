//! The contracts of the agent program over real pipes: with its stand-in, and with the real one.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, ensure};
use harness::contract::{ALL, Contract, Outcome, Pipes, Verdict, run_alone};

use crate::case::Case;

/// How many contracts run side by side: a start of the real program keeps one core busy.
const SIDE_BY_SIDE: usize = 2;

/// Contracts that run in one case: those with these numbers and all between them.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The number of the first one.
    pub first: usize,
    /// The number of the last one.
    pub last: usize,
}

impl Family {
    /// The contracts.
    pub fn contracts(self) -> &'static [Contract] {
        ALL.get(self.first - 1..self.last).unwrap_or_default()
    }
}

/// The stand-in of the agent program, told to refuse whatever a good host does not say.
pub fn fake(program: &Path) -> anyhow::Result<Pipes> {
    Ok(Pipes::new(program)?.strict_by("FAKE_CLAUDE_STRICT"))
}

/// The real agent program, kept from every network but the stand-in of the API.
pub fn real(program: &Path, api: &str) -> anyhow::Result<Pipes> {
    Ok(Pipes::new(program)?.with_api(api))
}

/// Runs contracts, some of them side by side; how each went, in their order.
pub fn run_all(
    contracts: &'static [Contract],
    starter: impl Fn() -> anyhow::Result<Pipes> + Sync,
) -> anyhow::Result<Vec<(Outcome, Pipes)>> {
    let waiting = Mutex::new(contracts.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> anyhow::Result<Vec<(Outcome, Pipes)>> {
        let mut done = Vec::new();
        while let Some(contract) = next() {
            let mut pipes = starter()?;
            done.push((run_alone(contract, &mut pipes), pipes));
        }
        Ok(done)
    };
    let mut outcomes = Vec::new();
    thread::scope(|scope| -> anyhow::Result<()> {
        let workers: Vec<_> = (0..SIDE_BY_SIDE).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join().ok().context("run the contracts without a panic")?;
            outcomes.extend(done?);
        }
        Ok(())
    })?;
    outcomes.sort_by_key(|(outcome, _)| outcome.contract);
    Ok(outcomes)
}

/// Fails with every contract that was broken.
fn judge(outcomes: &[(Outcome, Pipes)]) -> anyhow::Result<()> {
    let is_broken = |outcome: &Outcome| matches!(outcome.verdict, Verdict::Broken(_));
    let broken = outcomes.iter().map(|(outcome, _)| outcome).filter(|outcome| is_broken(outcome));
    let broken: Vec<String> = broken.map(ToString::to_string).collect();
    ensure!(broken.is_empty(), "keep {} contracts:\n{}", broken.len(), broken.join("\n"));
    Ok(())
}

/// The body of a case with the stand-in: one contract.
pub fn over_fake(case: &Case, id: &str) -> anyhow::Result<()> {
    let contract = Contract::find(id).with_context(|| format!("find the contract {id}"))?;
    let mut pipes = fake(&case.programs.fake_claude()?)?;
    let outcome = run_alone(contract, &mut pipes);
    judge(&[(outcome, pipes)])
}

/// The body of a case with the real program: a family of contracts.
pub fn over_real(case: &Case, family: Family) -> anyhow::Result<()> {
    let api = case.api.as_ref().context("find the stand-in of the API")?;
    let program = case.programs.claude()?;
    judge(&run_all(family.contracts(), || real(&program, api.url()))?)
}
