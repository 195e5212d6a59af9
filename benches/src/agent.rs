//! What an agent costs: to start, to ask, to interrupt, to end, and to take up again.
//!
//! ```text
//!  agent        our client ──> fake-claude                              our own part
//!  agent_real   our client ──> claude ──> fake-messages-api             the whole
//!               by hand ─────> claude ──> (the same)                    what of it is not ours
//!  agent_starts our client | by hand ──> tap ──> claude                 the same of a start
//! ```
//!
//! One sample is one life of an agent and the beginning of its next one (`course`). Each agent has
//! to end as soon as its input is closed: one that had to be signalled is trouble, and not a value.
//! Absent: the daemon around the client, whose part is measured from outside.

mod api;
mod by_hand;
mod course;
mod loopback;
mod real;
mod starts;
pub mod tap;

use std::error::Error;
use std::time::Duration;

use claude_assistant::measured::{Agent, EndedBy, Host, Settings};
use harness::bench::probe::Values;
use tempfile::TempDir;

use self::course::{Asked, DISCONNECT, Driven, FIRST_RESPONSE, FULL_QUERY, INTERRUPT, Runner};
pub use self::real::AGENT_REAL;
pub use self::starts::AGENT_STARTS;
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown};

/// Our client over the stand-in of the program.
pub const AGENT: Entry = Entry {
    name: "agent",
    metrics: &[
        "agent.connect",
        "agent.first_response",
        "agent.full_query",
        "agent.disconnect",
        "agent.resume_connect",
        "agent.interrupt",
    ],
    warm_ups: 2,
    open: |place| Ok(Box::new(OverStandIn::open(place)?)),
};

/// Questions and interrupts in one sample, whose median is its value. Each takes a millisecond or
/// two, so that a single one would say more about the machine than about us.
const ROUNDS: usize = 5;

/// How the stand-in is told what to hold up.
const HOLDS: &str = "FAKE_CLAUDE_HOLDS";

struct OverStandIn {
    host: Host,
    settings: Settings,
    /// Of the agents; removed with it.
    _dir: TempDir,
}

impl OverStandIn {
    fn open(place: &Place) -> Result<Self, NoValues> {
        let program = place.programs.fake_claude().map_err(trouble)?;
        let dir = tempfile::tempdir().map_err(trouble)?;
        let settings = Settings::new(&program, dir.path()).map_err(trouble)?;
        let settings = settings.variable("FAKE_CLAUDE_STRICT", "1");
        Ok(Self { host: Host::new().map_err(trouble)?, settings, _dir: dir })
    }
}

impl Scenario for OverStandIn {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        // The stand-in is what is held up, and our client waits for it.
        let connect = |step: &str, settings: &Settings| {
            let settings = settings.clone().variable(HOLDS, &holds(slowdown, step));
            self.host.connect(&settings).map_err(trouble)
        };
        let mut ours = Runner::new(&self.settings, &connect, &|_| {});
        for stage in course::stages(1, ROUNDS) {
            ours.take(stage)?;
        }
        Ok(course::values(&ours.times, ""))
    }
}

/// What an agent that is started for `step` holds up, so that each step takes as much longer as it
/// should. A whole question is held up at its first block already.
fn holds(slowdown: &Slowdown, step: &str) -> String {
    let micros = |step: &str| slowdown.delay(&course::metric(step, "")).as_micros();
    let assistant = micros(FIRST_RESPONSE);
    let result = micros(FULL_QUERY).saturating_sub(assistant);
    let (interrupt, exit) = (micros(INTERRUPT), micros(DISCONNECT));
    let initialize = micros(step);
    format!(
        "initialize={initialize},assistant={assistant},result={result},interrupt={interrupt},\
         exit={exit}"
    )
}

impl Driven for Agent {
    fn query(&mut self, text: &str) -> Result<Asked, NoValues> {
        let turn = Self::query(self, text).map_err(trouble)?;
        Ok(Asked { first_message: turn.first_message_after, result: turn.result_after })
    }

    fn begin(&mut self, text: &str) -> Result<(), NoValues> {
        Self::begin(self, text).map_err(trouble)
    }

    fn interrupt(&mut self) -> Result<Duration, NoValues> {
        Self::interrupt(self).map_err(trouble)
    }

    fn session_id(&self) -> String {
        Self::session_id(self).to_owned()
    }

    fn disconnect(self) -> Result<Duration, NoValues> {
        let closed = Self::disconnect(self);
        match closed.ended_by {
            EndedBy::InputClosed => Ok(closed.after),
            by => Err(failed(format!("end an agent in order: {by:?}, {}", closed.exit))),
        }
    }
}

/// Why there are no values, in the words of whoever knows.
fn trouble(error: impl Error + Send + Sync + 'static) -> NoValues {
    NoValues::Failed(error.into())
}

fn failed(why: impl Into<String>) -> NoValues {
    NoValues::Failed(why.into().into())
}

#[cfg(test)]
mod tests;
