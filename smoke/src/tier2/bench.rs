//! What is measured of the daemon does its work, in a build that nobody measures.

use crate::case::Definition;
use crate::probe::{OF_ITS_PARTS, OF_THE_DAEMON, each_once};

pub(super) const CASES: &[Definition] = &[
    Definition::fake("tier2::bench::the_daemon_does_its_scenarios", 90, |case| {
        each_once(case, OF_THE_DAEMON)
    }),
    Definition::fake("tier2::bench::its_parts_do_their_scenarios", 60, |case| {
        each_once(case, OF_ITS_PARTS)
    }),
];
