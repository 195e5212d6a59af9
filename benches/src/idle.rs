//! What a daemon takes of the processor while nobody writes. It is told of new files, and looks for
//! some every now and then all the same.

use std::time::{Duration, Instant};

use harness::bench::probe::Values;
use harness::wait::wait_for_every;

use crate::daemon::{Daemon, Watching, home};
use crate::scenario::{Entry, NoValues, Pace, Place, Scenario, Slowdown, ms};

/// The only scenario of this kind.
pub const CPU_IDLE: Entry =
    Entry { name: "cpu_idle", metrics: &[CPU], warm_ups: 0, open: |place| open(place) };

const CPU: &str = "daemon.cpu_idle";

/// How long it is watched: long against whatever it does at times.
const WATCHED: Duration = Duration::from_secs(30);

/// The same where the figure means nothing.
const WATCHED_BRIEFLY: Duration = Duration::from_millis(200);

struct Idle {
    daemon: Daemon,
    watched: Duration,
}

fn open(place: &Place) -> Result<Box<dyn Scenario>, NoValues> {
    let daemon = Daemon::start(home(&place.programs, 1, Watching::On)?)?;
    daemon.idle()?;
    let watched = match place.pace {
        Pace::Measured => WATCHED,
        Pace::Brief => WATCHED_BRIEFLY,
    };
    Ok(Box::new(Idle { daemon, watched }))
}

impl Scenario for Idle {
    fn sample(&mut self, _: &Slowdown) -> Result<Values, NoValues> {
        let (before, began) = (self.daemon.cpu_time()?, Instant::now());
        // Nothing is looked for: this waits.
        let _nothing: Option<()> = wait_for_every(self.watched, self.watched, || None);
        let (taken, watched) = (self.daemon.cpu_time()?.saturating_sub(before), began.elapsed());
        let minutes = watched.as_secs_f64() / 60.0;
        Ok(Values::from([(CPU.to_owned(), ms(taken) / minutes)]))
    }

    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        self.daemon.stop()?;
        Ok(())
    }
}
