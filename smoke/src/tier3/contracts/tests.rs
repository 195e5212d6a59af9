//! The families are written by hand; this keeps them in step with the contracts.

use harness::contract::{ALL, Contract};

use super::{CASES, FAMILIES};

#[test]
fn the_families_are_all_contracts() {
    let run: Vec<&str> = FAMILIES
        .iter()
        .flat_map(|family| family.contracts().expect("the list has them all"))
        .map(|contract: &Contract| contract.id)
        .collect();
    assert_eq!(run, ALL.iter().map(|contract| contract.id).collect::<Vec<_>>());
    let names: Vec<String> = FAMILIES
        .iter()
        .map(|family| format!("tier3::contract::c{:02}_to_c{:02}", family.first, family.last))
        .collect();
    assert_eq!(CASES.iter().map(|case| case.name).collect::<Vec<_>>(), names);
}
