//! The contracts of the agent program over real pipes: with its stand-in, and with the real one.

pub mod comparison;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, ensure};
use harness::contract::{ALL, Contract, Outcome, Pipes, Recordings, Verdict, run_alone};

use crate::case::Case;

/// How many contracts run side by side on the real program: a start of it keeps one core busy.
pub const REAL_SIDE_BY_SIDE: usize = 2;

/// The same with the stand-in, which mostly waits.
pub const FAKE_SIDE_BY_SIDE: usize = 4;

/// The families that run in one case each; a test checks that they are all of the list.
pub const FAMILIES: [Family; 3] =
    [Family { first: 1, last: 12 }, Family { first: 13, last: 26 }, Family { first: 27, last: 42 }];

/// Contracts that run in one case: those with these numbers and all between them.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The number of the first one.
    pub first: usize,
    /// The number of the last one.
    pub last: usize,
}

impl Family {
    /// The contracts; an error if the list does not have them all.
    pub fn contracts(self) -> anyhow::Result<&'static [Contract]> {
        let Self { first, last } = self;
        let found = first.checked_sub(1).and_then(|before| ALL.get(before..last));
        let found = found.filter(|contracts| !contracts.is_empty());
        found.with_context(|| format!("find the contracts {first} to {last} of {}", ALL.len()))
    }
}

/// The stand-in of the agent program, told to refuse whatever a good host does not say. All of it
/// carries `mark`.
pub fn fake(program: &Path, mark: &str) -> anyhow::Result<Pipes> {
    Pipes::new(program)?.strict_by("FAKE_CLAUDE_STRICT").marked(mark)
}

/// The real agent program, kept from every network but the stand-in of the API. All of it carries
/// `mark`.
pub fn real(program: &Path, api: &str, mark: &str) -> anyhow::Result<Pipes> {
    Pipes::new(program)?.with_api(api).marked(mark)
}

/// Runs contracts, some of them side by side; how each went, in their order.
pub fn run_all(
    contracts: &'static [Contract],
    side_by_side: usize,
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
        let workers: Vec<_> = (0..side_by_side).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join().ok().context("run the contracts without a panic")?;
            outcomes.extend(done?);
        }
        Ok(())
    })?;
    outcomes.sort_by_key(|(outcome, _)| outcome.contract);
    Ok(outcomes)
}

/// What the real program said when it was recorded.
fn recordings() -> Recordings {
    Recordings::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fakes/recordings/contracts"))
}

/// Fails unless every one of the contracts was kept, and `name` said what was recorded.
fn judge(wanted: &[Contract], name: &str, outcomes: &[Outcome]) -> anyhow::Result<()> {
    let ran: Vec<&str> = outcomes.iter().map(|outcome| outcome.contract).collect();
    let ids: Vec<&str> = wanted.iter().map(|contract| contract.id).collect();
    ensure!(!ids.is_empty() && ran == ids, "run the contracts {ids:?}: {ran:?} ran");
    let is_kept = |outcome: &&Outcome| outcome.verdict == Verdict::Kept;
    let others: Vec<String> =
        outcomes.iter().filter(|outcome| !is_kept(outcome)).map(ToString::to_string).collect();
    ensure!(others.is_empty(), "keep {} contracts:\n{}", others.len(), others.join("\n"));
    let mut found = Vec::new();
    for (contract, outcome) in wanted.iter().zip(outcomes) {
        found.extend(recordings().drift(contract, (name, outcome))?);
    }
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    ensure!(found.is_empty(), "say what was recorded:\n{}", found.join("\n"));
    Ok(())
}

/// The body of a case with the stand-in: a family of contracts.
pub fn over_fake(case: &Case, family: Family) -> anyhow::Result<()> {
    let program = case.programs.fake_claude()?;
    let contracts = family.contracts()?;
    let mark = case.sandbox.mark();
    let ran = run_all(contracts, FAKE_SIDE_BY_SIDE, || fake(&program, &mark))?;
    let outcomes: Vec<Outcome> = ran.into_iter().map(|(outcome, _)| outcome).collect();
    judge(contracts, "fake", &outcomes)
}

/// The body of a case with the real program: a family of contracts.
pub fn over_real(case: &Case, family: Family) -> anyhow::Result<()> {
    let api = case.api.as_ref().context("find the stand-in of the API")?;
    let program = case.programs.claude()?;
    let contracts = family.contracts()?;
    let mark = case.sandbox.mark();
    let ran = run_all(contracts, REAL_SIDE_BY_SIDE, || real(&program, api.url(), &mark))?;
    let outcomes: Vec<Outcome> = ran.into_iter().map(|(outcome, _)| outcome).collect();
    judge(contracts, "real", &outcomes)
}

/// How the cases of all families are called in a tier.
#[cfg(test)]
pub(crate) fn names_of_families(tier: u8) -> Vec<String> {
    let name = |family: &Family| {
        format!("tier{tier}::contract::c{:02}_to_c{:02}", family.first, family.last)
    };
    FAMILIES.iter().map(name).collect()
}

#[cfg(test)]
mod tests;
