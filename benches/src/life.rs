//! A daemon with nothing to do, and then its successor: until it is ready, and what memory it has in
//! use once it says that it has nothing to do.
//!
//! The home stays the same from one sample to the next, as it does in real life; only the first has
//! a database to make.

use std::time::Instant;

use harness::bench::probe::Values;
use harness::bench::report::RoleMemory;
use harness::sandbox::Sandbox;

use crate::daemon::{Daemon, Trouble, Watching, home};
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown, megabytes, ms};

/// The only scenario of this kind.
pub const LIFE: Entry =
    Entry { name: "life", metrics: &[READY, MEMORY], warm_ups: 1, open: |place| open(place) };

const READY: &str = "daemon.ready";
const MEMORY: &str = "daemon.rss_idle";

/// Some people are known, and none of them writes.
const PEOPLE: usize = 40;

struct Life {
    /// There is none after a sample that went wrong.
    home: Option<Sandbox>,
    memory: Vec<RoleMemory>,
}

fn open(place: &Place) -> Result<Box<dyn Scenario>, NoValues> {
    let home = home(&place.programs, PEOPLE, Watching::On)?;
    Ok(Box::new(Life { home: Some(home), memory: Vec::new() }))
}

impl Scenario for Life {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let home = self.home.take().ok_or(Trouble::NoHome)?;
        let began = Instant::now();
        // What is timed begins with our own call, and a thread is blocked on its READY.
        slowdown.hold(READY);
        let held = began.elapsed();
        let daemon = Daemon::start(home)?;
        let ready = held + daemon.ready_after;
        daemon.idle()?;
        let rss_bytes = daemon.rss_bytes()?;
        self.memory = daemon.memory("idle")?;
        self.home = Some(daemon.stop()?);
        Ok(Values::from([(READY.to_owned(), ms(ready)), (MEMORY.to_owned(), megabytes(rss_bytes))]))
    }

    fn roles(&self) -> Vec<RoleMemory> {
        self.memory.clone()
    }
}
