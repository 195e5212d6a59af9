//! The contracts of the agent program, kept by the stand-in in memory and by the recordings of the
//! real program, and broken by every mutant of the stand-in.

mod drift;
mod fault;
mod layer;
mod memory;
mod mutants;
mod words;

use std::path::Path;

use harness::contract::{
    ALL, Capability, Contract, Recording, Recordings, Replay, Starter, Verdict, run,
};

use layer::Mutated;
use memory::InMemory;

/// Limits a run to one contract: `cargo xtask contract run --on memory --only C07` sets it.
const ONLY: &str = "CONTRACT_ONLY";

/// All contracts, or the one that was asked for.
fn selected() -> Vec<&'static Contract> {
    let Ok(only) = std::env::var(ONLY) else { return ALL.iter().collect() };
    vec![Contract::find(&only).expect("no contract has that number")]
}

/// Runs every contract, each with a starter of its own; the numbers of those that were skipped.
/// Fails with all that were broken.
async fn kept<S: Starter>(starter: impl Fn(&Contract) -> S) -> Vec<&'static str> {
    let (mut broken, mut skipped) = (Vec::new(), Vec::new());
    for contract in selected() {
        let outcome = run(contract, &mut starter(contract)).await;
        match &outcome.verdict {
            Verdict::Kept => {}
            Verdict::Broken(_) => broken.push(outcome.to_string()),
            Verdict::Skipped(_) => skipped.push(outcome.contract),
        }
    }
    assert!(broken.is_empty(), "{} contracts:\n{}", broken.len(), broken.join("\n"));
    skipped
}

/// What the real program said.
fn recordings() -> Recordings {
    Recordings::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/contracts"))
}

/// The numbers of the contracts that need this.
fn in_need_of(capability: Capability) -> Vec<&'static str> {
    let need = selected().into_iter().filter(|contract| contract.needs.contains(&capability));
    need.map(|contract| contract.id).collect()
}

#[tokio::test(start_paused = true)]
async fn the_stand_in_in_memory_keeps_every_contract_but_that_of_a_signal() {
    let skipped = kept(|_| InMemory::new(&[Capability::Terminate])).await;
    assert_eq!(skipped, in_need_of(Capability::Terminate));
}

#[tokio::test(start_paused = true)]
async fn the_recordings_keep_every_contract_but_those_of_bytes() {
    let skipped = kept(|contract| {
        let recording = recordings().of(contract).expect("every recording is there and is read");
        Replay::new(recording.unwrap_or_else(|| Recording::empty(contract)))
    })
    .await;
    assert_eq!(skipped, in_need_of(Capability::Bytes));
}

#[tokio::test(start_paused = true)]
async fn a_layer_without_faults_changes_nothing() {
    assert_eq!(kept(|_| Mutated::new(&[])).await, in_need_of(Capability::Terminate));
}

#[test]
fn every_contract_that_runs_in_memory_kills_a_mutant() {
    let killers: Vec<&str> =
        mutants::all().iter().flat_map(|mutant| mutant.killed_by.iter().copied()).collect();
    let shown = ALL.iter().filter(|c| !c.needs.contains(&Capability::Terminate));
    let idle: Vec<&str> = shown.map(|c| c.id).filter(|id| !killers.contains(id)).collect();
    assert!(idle.is_empty(), "contracts without a mutant: {idle:?}");
}

#[tokio::test(start_paused = true)]
async fn every_mutant_is_killed_by_its_contracts() {
    let mut alive = Vec::new();
    for mutant in mutants::all() {
        assert!(!mutant.killed_by.is_empty(), "{} has contracts that kill it", mutant.name);
        for id in mutant.killed_by {
            let contract = Contract::find(id).expect("the list names contracts that exist");
            let outcome = run(contract, &mut Mutated::new(&mutant.faults)).await;
            if !matches!(outcome.verdict, Verdict::Broken(_)) {
                alive.push(format!("{}: {outcome}", mutant.name));
            }
        }
    }
    assert!(alive.is_empty(), "{} mutants live:\n{}", alive.len(), alive.join("\n"));
}
