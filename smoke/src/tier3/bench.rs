//! What is measured of our client with the real agent program does its work.

use crate::case::Definition;
use crate::probe::{OF_THE_REAL_AGENT, each_once};

pub(super) const CASES: &[Definition] =
    &[Definition::real("tier3::bench::the_real_agent_does_its_scenarios", 90, |case| {
        each_once(case, OF_THE_REAL_AGENT)
    })];
