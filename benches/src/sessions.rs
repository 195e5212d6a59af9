//! A daemon with a hundred conversations behind it, each of one message and its answer: what memory
//! it has in use when it is idle again. Most of the agents are gone by then, for lack of room.
//!
//! Every sample is the whole story in a home of its own: what is measured grows with what happened.

use harness::bench::probe::Values;
use harness::bench::report::RoleMemory;
use harness::binaries::Programs;

use crate::daemon::{Daemon, Watching, home};
use crate::scenario::{Entry, NoValues, Pace, Place, Scenario, Slowdown, megabytes};

/// The only scenario of this kind.
pub const SESSIONS: Entry = Entry {
    name: "sessions_100",
    metrics: &[MEMORY],
    warm_ups: 0,
    open: |place| Ok(Box::new(Sessions::of(place))),
};

const MEMORY: &str = "daemon.rss_100_sessions";

/// Conversations.
const PEOPLE: usize = 100;

/// The same where the figure means nothing: more than there is room for agents.
const A_FEW_PEOPLE: usize = 24;

struct Sessions {
    programs: Programs,
    people: usize,
    memory: Vec<RoleMemory>,
}

impl Sessions {
    fn of(place: &Place) -> Self {
        let people = match place.pace {
            Pace::Measured => PEOPLE,
            Pace::Brief => A_FEW_PEOPLE,
        };
        Self { programs: place.programs.clone(), people, memory: Vec::new() }
    }
}

impl Scenario for Sessions {
    fn sample(&mut self, _: &Slowdown) -> Result<Values, NoValues> {
        let mut daemon = Daemon::start(home(&self.programs, self.people, Watching::On)?)?;
        let people: Vec<usize> = (0..self.people).collect();
        daemon.converse(&people)?;
        daemon.idle()?;
        let rss_bytes = daemon.rss_bytes()?;
        self.memory = daemon.memory("100 sessions")?;
        daemon.stop()?;
        Ok(Values::from([(MEMORY.to_owned(), megabytes(rss_bytes))]))
    }

    fn roles(&self) -> Vec<RoleMemory> {
        self.memory.clone()
    }
}
