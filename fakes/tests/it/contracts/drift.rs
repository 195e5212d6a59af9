//! What the stand-in says has the shape of what the real program said: a contract looks at the
//! fields that it is about, the comparison at every field that a host reads.

use harness::contract::{
    ALL, Capability, Contract, Entry, Outcome, Verdict, compared_fields, is_of, run,
};
use serde_json::Value;

use super::memory::InMemory;
use super::{recordings, selected};

/// Every contract that both the stand-in in memory and a recording can show, as the stand-in
/// keeps it.
async fn shown(contracts: &[&'static Contract]) -> Vec<(&'static Contract, Outcome)> {
    let mut shown = Vec::new();
    for &contract in contracts {
        let outcome = run(contract, &mut InMemory::new(&[Capability::Terminate])).await;
        let recorded = recordings().of(contract).expect("the recording is read").is_some();
        if recorded && outcome.verdict == Verdict::Kept {
            shown.push((contract, outcome));
        }
    }
    shown
}

/// The differences from the recording, in words.
fn drift(contract: &Contract, outcome: &Outcome) -> Vec<String> {
    let found = recordings().drift(contract, ("the stand-in", outcome));
    found.expect("the recording is read").iter().map(ToString::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn the_stand_in_in_memory_says_what_the_recordings_say() {
    let contracts = selected();
    let shown = shown(&contracts).await;
    let cannot = |needs: &[Capability]| {
        needs.contains(&Capability::Terminate) || needs.contains(&Capability::Bytes)
    };
    let compared: Vec<&str> = shown.iter().map(|(contract, _)| contract.id).collect();
    let wanted = contracts.iter().filter(|contract| !cannot(contract.needs));
    assert_eq!(compared, wanted.map(|contract| contract.id).collect::<Vec<_>>());
    let found: Vec<String> =
        shown.iter().flat_map(|(contract, outcome)| drift(contract, outcome)).collect();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

/// Takes a field out of every line of a kind; whether it was in one.
fn take_out(outcome: &mut Outcome, beginning: &str, field: &str) -> bool {
    let (parent, key) = field.rsplit_once('/').expect("a field is a JSON pointer");
    let mut taken = false;
    for line in &mut outcome.transcript.lines {
        let Entry::Out(value) = &mut line.entry else { continue };
        if is_of(beginning, value)
            && let Some(Value::Object(fields)) = value.pointer_mut(parent)
        {
            taken |= fields.remove(key).is_some();
        }
    }
    taken
}

#[tokio::test(start_paused = true)]
async fn a_field_that_goes_missing_is_drift() {
    let all: Vec<&'static Contract> = ALL.iter().collect();
    let shown = shown(&all).await;
    let (mut unseen, mut unnoticed) = (Vec::new(), Vec::new());
    for (beginning, field) in compared_fields() {
        let mut seen = false;
        for (contract, outcome) in &shown {
            let transcript = outcome.transcript.clone();
            let mut less = Outcome { contract: contract.id, verdict: Verdict::Kept, transcript };
            if take_out(&mut less, beginning, field) {
                seen = true;
                if drift(contract, &less).is_empty() {
                    unnoticed.push(format!("{} {beginning} {field}", contract.id));
                }
            }
        }
        if !seen {
            unseen.push(format!("{beginning} {field}"));
        }
    }
    assert!(unnoticed.is_empty(), "missing, and no drift:\n{}", unnoticed.join("\n"));
    assert!(unseen.is_empty(), "compared, and never said:\n{}", unseen.join("\n"));
}
