//! The contracts of the agent program, kept by the real one.
//!
//! A start costs half a second of a core, so that each case runs a family of contracts, two at a
//! time; what breaks is named by its number.

use crate::case::{Case, Definition};
use crate::contracts::{FAMILIES, over_real};

/// How long a family may take, on a machine under load.
const LIMIT_S: u64 = 90;

const CASES: &[Definition] = &[
    Definition::real("tier3::contract::c01_to_c12", LIMIT_S, |case| family(case, 0)),
    Definition::real("tier3::contract::c13_to_c26", LIMIT_S, |case| family(case, 1)),
    Definition::real("tier3::contract::c27_to_c42", LIMIT_S, |case| family(case, 2)),
];

fn family(case: &Case, number: usize) -> anyhow::Result<()> {
    over_real(case, FAMILIES[number])
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
        assert_eq!(names, names_of_families(3));
    }
}
