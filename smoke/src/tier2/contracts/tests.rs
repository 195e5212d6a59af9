//! The table of cases is written by hand; this keeps it in step with the contracts.

use harness::contract::ALL;

use super::CASES;

#[test]
fn every_contract_has_its_case() {
    let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    let wanted: Vec<String> = ALL
        .iter()
        .map(|contract| {
            format!("tier2::contract::{}_{}", contract.id.to_lowercase(), contract.title)
        })
        .collect();
    assert_eq!(names, wanted);
}
