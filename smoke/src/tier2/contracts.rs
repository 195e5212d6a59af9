//! The contracts of the agent program, kept by its stand-in over real pipes: a family in each case.
//! What breaks is named by its number.

use crate::case::{Case, Definition};
use crate::contracts::{FAMILIES, over_fake};

/// How long a family may take, on a machine under load.
const LIMIT_S: u64 = 60;

const CASES: &[Definition] = &[
    Definition::fake("tier2::contract::c01_to_c12", LIMIT_S, |case| family(case, 0))
        .beside_others(),
    Definition::fake("tier2::contract::c13_to_c26", LIMIT_S, |case| family(case, 1))
        .beside_others(),
    Definition::fake("tier2::contract::c27_to_c42", LIMIT_S, |case| family(case, 2))
        .beside_others(),
];

fn family(case: &Case, number: usize) -> anyhow::Result<()> {
    over_fake(case, FAMILIES[number])
}

/// All cases; each of them looks for open files afterwards that were not open before.
pub(super) fn cases() -> &'static [Definition] {
    harness::contract::open_for_good();
    CASES
}

#[cfg(test)]
mod tests {
    use super::CASES;
    use crate::contracts::names_of_families;

    #[test]
    fn every_family_has_its_case() {
        let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names, names_of_families(2));
    }
}
