//! Very many files at once, to several conversations: how long until all are routed, and for how
//! long within that none was.
//!
//! The moments are those that the daemon wrote down, in whole milliseconds, against tens of them.

use harness::bench::probe::Values;

use crate::daemon::{Daemon, Moment, Trouble, Watching, home, last_and_gap};
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown};

/// The only scenario of bursts.
pub const BURST: Entry =
    Entry { name: "burst", metrics: &[TOTAL, GAP], warm_ups: 1, open: |place| open(place) };

const TOTAL: &str = "daemon.burst_500";
const GAP: &str = "daemon.burst_500.gap";

/// Files of one burst.
const FILES: usize = 500;

/// Who writes them, each as many as the next.
const PEOPLE: [usize; 5] = [0, 1, 2, 3, 4];

struct Burst {
    daemon: Daemon,
}

fn open(place: &Place) -> Result<Box<dyn Scenario>, NoValues> {
    let mut daemon = Daemon::start(home(&place.programs, PEOPLE.len(), Watching::On)?)?;
    // Everybody has an agent, so that routing is measured and no starting.
    daemon.converse(&PEOPLE)?;
    Ok(Box::new(Burst { daemon }))
}

impl Scenario for Burst {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let drafts = self.daemon.draft(FILES, &PEOPLE)?;
        let before = self.daemon.rows()?;
        let began = Moment::now();
        slowdown.hold(TOTAL);
        slowdown.hold(GAP);
        drafts.appear()?;
        self.daemon.answered(before, FILES)?;
        let routed = self.daemon.routed_at_ms(before)?;
        if routed.len() != FILES {
            let what = format!("find {FILES} messages in the inbox: there are {}", routed.len());
            return Err(Trouble::Unexpected { what }.into());
        }
        let (total, gap) = last_and_gap(&routed, began);
        Ok(Values::from([(TOTAL.to_owned(), total), (GAP.to_owned(), gap)]))
    }

    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        self.daemon.stop()?;
        Ok(())
    }
}
