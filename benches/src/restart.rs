//! From asking an idle daemon to end to its successor being ready in the same home: for so long
//! nothing is delivered.
//!
//! The daemon has written history, and agents that live, which it ends first. The next sample goes on
//! with the successor.

use std::time::Instant;

use harness::bench::probe::Values;

use crate::daemon::{Daemon, Trouble, Watching, ask_to_end, home};
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown, ms, while_looking};

/// The only scenario of this kind.
pub const RESTART: Entry =
    Entry { name: "restart", metrics: &[GAP], warm_ups: 1, open: |place| open(place) };

const GAP: &str = "restart.gap";

/// Who writes before each restart, and so has an agent.
const PEOPLE: [usize; 3] = [0, 1, 2];

struct Restart {
    /// There is none after a sample that went wrong.
    daemon: Option<Daemon>,
}

fn open(place: &Place) -> Result<Box<dyn Scenario>, NoValues> {
    let daemon = Daemon::start(home(&place.programs, PEOPLE.len(), Watching::On)?)?;
    Ok(Box::new(Restart { daemon: Some(daemon) }))
}

impl Scenario for Restart {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let mut daemon = self.daemon.take().ok_or(Trouble::NoHome)?;
        daemon.converse(&PEOPLE)?;
        daemon.idle()?;
        let pid = daemon.pid();
        let ask = || {
            let began = Instant::now();
            slowdown.hold(GAP);
            ask_to_end(pid)?;
            Ok(began)
        };
        let (began, (ended, successor)) = while_looking(ask, || {
            let home = daemon.ended()?;
            let ended = Instant::now();
            Ok::<_, Trouble>((ended, Daemon::start(home)?))
        })?;
        let gap = ended.duration_since(began) + successor.ready_after;
        self.daemon = Some(successor);
        Ok(Values::from([(GAP.to_owned(), ms(gap))]))
    }

    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        if let Some(daemon) = self.daemon {
            daemon.stop()?;
        }
        Ok(())
    }
}
