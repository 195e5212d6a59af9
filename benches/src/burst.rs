//! Very many files at once, to several conversations: how long until all are routed, and for how
//! long within that none was.
//!
//! The moments are those that the daemon wrote down, in whole milliseconds, against tens of them.
//! Agents answer the first messages while the last are being routed, as they would. Their answers to
//! all of them take ten times as long as what is measured, and nothing of it depends on them: so each
//! sample has a home of its own, whose daemon is ended once it has routed everything.

use harness::bench::probe::Values;
use harness::binaries::Programs;

use crate::daemon::{Daemon, Moment, Trouble, Watching, home, last_and_gap};
use crate::scenario::{Entry, NoValues, Scenario, Slowdown};

/// The only scenario of bursts.
pub const BURST: Entry = Entry {
    name: "burst",
    metrics: &[TOTAL, GAP],
    warm_ups: 1,
    open: |place| Ok(Box::new(Burst { programs: place.programs.clone() })),
};

const TOTAL: &str = "daemon.burst_500";
const GAP: &str = "daemon.burst_500.gap";

/// Files of one burst.
const FILES: usize = 500;

/// Who writes them, each as many as the next.
const PEOPLE: [usize; 5] = [0, 1, 2, 3, 4];

struct Burst {
    programs: Programs,
}

impl Scenario for Burst {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let mut daemon = Daemon::start(home(&self.programs, PEOPLE.len(), Watching::On)?)?;
        // Everybody has an agent, so that routing is measured and no starting.
        daemon.converse(&PEOPLE)?;
        let drafts = daemon.draft(FILES, &PEOPLE)?;
        let before = daemon.rows()?;
        let began = Moment::now();
        slowdown.hold(TOTAL);
        slowdown.hold(GAP);
        drafts.appear()?;
        daemon.routed(before, FILES)?;
        let routed = daemon.routed_at_ms(before)?;
        daemon.kill()?;
        if routed.len() != FILES {
            let what = format!("find {FILES} messages in the inbox: there are {}", routed.len());
            return Err(Trouble::Unexpected { what }.into());
        }
        let (total, gap) = last_and_gap(&routed, began);
        Ok(Values::from([(TOTAL.to_owned(), total), (GAP.to_owned(), gap)]))
    }
}
