//! Agents that come and go: what each of them leaves behind.
//!
//! ```text
//!  a cycle (warm-up) ─ count ─ 5 x (connect, query, disconnect) ─ count again
//! ```
//!
//! Live bytes are those of this process, by its allocator, and resident memory as the system counts it, by
//! page; tasks those of the agents' runtime;
//! children whatever descends from this process; an agent that had to be signalled counts as one. Absent: memory of the agents, which is looked at
//! where a whole daemon runs.

use std::time::Duration;

use claude_assistant::measured::{EndedBy, Host, Settings};
use harness::bench::probe::Values;
use harness::processes::{Snapshot, rss_bytes};
use harness::wait::wait_until;
use tempfile::TempDir;

use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown};

/// Five agents, one after the other.
pub const CYCLES: Entry = Entry {
    name: "cycles",
    metrics: &[GROWTH, SLOPE, ORPHANS],
    // What is made once and kept (buffers of the runtime, tables) is made by the first of them.
    warm_ups: 1,
    open: |place| Ok(Box::new(Cycles::open(place)?)),
};

const GROWTH: &str = "memory.growth_5_cycles";

const SLOPE: &str = "memory.rss_slope";

const ORPHANS: &str = "tasks.orphans";

const COUNT: usize = 5;

/// How long children may take to be gone behind the last disconnect.
const GONE_MAX: Duration = Duration::from_secs(1);

struct Cycles {
    host: Host,
    settings: Settings,
    live_bytes: fn() -> usize,
    /// Of the agents; removed with it.
    _dir: TempDir,
}

impl Cycles {
    fn open(place: &Place) -> Result<Self, NoValues> {
        let live_bytes = place
            .live_bytes
            .ok_or_else(|| NoValues::Missing("an allocator that counts".to_owned()))?;
        let program = place.programs.fake_claude().map_err(trouble)?;
        let dir = tempfile::tempdir().map_err(trouble)?;
        let settings = Settings::new(&program, dir.path()).map_err(trouble)?;
        Ok(Self { host: Host::new().map_err(trouble)?, settings, live_bytes, _dir: dir })
    }

    /// How many agents it left: one that had to be signalled would have stayed.
    fn cycle(&self) -> Result<usize, NoValues> {
        let mut agent = self.host.connect(&self.settings).map_err(trouble)?;
        agent.query("good morning").map_err(trouble)?;
        let closed = agent.disconnect();
        match closed.ended_by {
            EndedBy::InputClosed => Ok(0),
            EndedBy::Term | EndedBy::Kill => Ok(1),
            EndedBy::Itself => {
                let why = format!("end an agent in order: it was gone before ({})", closed.exit);
                Err(NoValues::Failed(why.into()))
            }
        }
    }

    fn children_left(before: usize) -> usize {
        let left = || children().saturating_sub(before);
        // The look after the wait says what is left, gone in time or not.
        let _gone = wait_until(GONE_MAX, || left() == 0);
        left()
    }
}

impl Scenario for Cycles {
    fn sample(&mut self, _: &Slowdown) -> Result<Values, NoValues> {
        let mut stayed = self.cycle()?;
        let (tasks, children_before) = (self.host.alive_tasks(), children());
        let (bytes, resident_before) = ((self.live_bytes)(), resident()?);
        for _ in 0..COUNT {
            stayed += self.cycle()?;
        }
        let tasks_left = self.host.tasks_left(tasks);
        let grown = (self.live_bytes)().saturating_sub(bytes);
        let spread = resident()?.saturating_sub(resident_before);
        let orphans = stayed + tasks_left + Self::children_left(children_before);
        Ok(Values::from([
            (GROWTH.to_owned(), number(grown) / 1000.0),
            (SLOPE.to_owned(), number(spread) / 1000.0 / number(COUNT)),
            (ORPHANS.to_owned(), number(orphans)),
        ]))
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> Result<usize, NoValues> {
    let bytes = rss_bytes(std::process::id());
    let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| NoValues::Missing("a system that tells resident memory".to_owned()))
}

fn children() -> usize {
    Snapshot::take().descendants(std::process::id()).len()
}

/// As a value: exact for all that fits this process.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

fn trouble(error: impl std::error::Error + Send + Sync + 'static) -> NoValues {
    NoValues::Failed(error.into())
}
