//! The command that people look with, and that shows some conversations: from its start to its end.

use std::time::Instant;

use harness::bench::probe::Values;

use crate::daemon::{Daemon, Watching, home};
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown, ms};

/// The only scenario of this kind.
pub const STATUS: Entry =
    Entry { name: "status", metrics: &[TIME], warm_ups: 2, open: |place| open(place) };

const TIME: &str = "cli.status";

/// Conversations to show, all with an agent that lives.
const PEOPLE: usize = 20;

struct Status {
    daemon: Daemon,
}

fn open(place: &Place) -> Result<Box<dyn Scenario>, NoValues> {
    let mut daemon = Daemon::start(home(&place.programs, PEOPLE, Watching::On)?)?;
    let people: Vec<usize> = (0..PEOPLE).collect();
    daemon.converse(&people)?;
    daemon.idle()?;
    Ok(Box::new(Status { daemon }))
}

impl Scenario for Status {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let began = Instant::now();
        // What is timed begins with our own call, and its end is waited for by blocking.
        slowdown.hold(TIME);
        self.daemon.run_status()?;
        Ok(Values::from([(TIME.to_owned(), ms(began.elapsed()))]))
    }

    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        self.daemon.stop()?;
        Ok(())
    }
}
