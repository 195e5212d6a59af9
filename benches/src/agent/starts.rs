//! What our client adds to a start of the real program, to the part of a millisecond.
//!
//! ```text
//!  ours ────┐                                   a start: from the call to the agent that is ready
//!           ├──> tap ──> claude                 the program's own time: as the tap tells it
//!  by hand ─┘     └──> its own time             the driver's part: the one without the other
//! ```
//!
//! Alone, the program takes from 280 to 450 ms to start, in the same minute on the same machine: the
//! difference of two whole starts would have to be taken hundreds of times to tell whether it is 10 ms. So
//! of each start what the program took is left out, and ours is held against that of a hand.
//!
//! What our client makes the program do, or takes from it by computing beside it, is in the program's own
//! time, and not seen here: `agent_real` holds whole starts against each other, as far as they tell.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use claude_assistant::measured::{Host, Settings};
use harness::bench::probe::Values;

use super::by_hand::ByHand;
use super::course::{CONNECT, Driven, QUESTION, RESUME_CONNECT, Times, metric, values_over};
use super::loopback::{First, Loopback, program};
use super::{failed, tap, trouble};
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown};

/// How much longer the starts of our client take than those of a hand.
pub const AGENT_STARTS: Entry = Entry {
    name: "agent_starts",
    metrics: &METRICS,
    // Both sides begin cold.
    warm_ups: 1,
    open: |place| Ok(Box::new(Starts::open(place)?)),
};

const METRICS: [&str; 2] = ["agent.connect.real.added", "agent.resume_connect.real.added"];

/// What those end with that say how much longer our part takes than that of a hand.
const ADDED: &str = ".real.added";

struct Starts {
    host: Host,
    loopback: Loopback,
    own_time: PathBuf,
    first: First,
}

impl Starts {
    fn open(place: &Place) -> Result<Self, NoValues> {
        let program = program(place)?;
        let tap = place.programs.agent_tap().map_err(trouble)?;
        let mut loopback = Loopback::with(place, &tap)?;
        let own_time = loopback.dir().join("own-time");
        loopback.settings = loopback
            .settings
            .variable(tap::PROGRAM, &program.to_string_lossy())
            .variable(tap::OWN_TIME, &own_time.to_string_lossy());
        let host = Host::new().map_err(trouble)?;
        Ok(Self { host, loopback, own_time, first: First::Ours })
    }

    /// A life of two starts: a new conversation with a turn, and the same one resumed. `hold` belongs to
    /// what is timed.
    fn life<A: Driven>(
        &self,
        connect: impl Fn(&Settings) -> Result<A, NoValues>,
        hold: impl Fn(&str),
        times: &mut Times,
    ) -> Result<(), NoValues> {
        let settings = &self.loopback.settings;
        let start = |step: &str, settings: &Settings| {
            let began = Instant::now();
            let agent = connect(settings)?;
            hold(step);
            let took = began.elapsed();
            Ok::<_, NoValues>((agent, self.without_the_program(took)?))
        };
        let (mut agent, took) = start(CONNECT, settings)?;
        times.entry(CONNECT).or_default().push(took);
        agent.query(QUESTION)?;
        let conversation = agent.session_id();
        agent.disconnect()?;
        let (agent, took) = start(RESUME_CONNECT, &settings.clone().resuming(&conversation))?;
        times.entry(RESUME_CONNECT).or_default().push(took);
        agent.disconnect()?;
        Ok(())
    }

    fn without_the_program(&self, took: Duration) -> Result<Duration, NoValues> {
        let own = tap::told(&fs::read_to_string(&self.own_time).map_err(trouble)?);
        // The next start has to tell its own.
        fs::remove_file(&self.own_time).map_err(trouble)?;
        let rest = own.and_then(|own| took.checked_sub(own));
        rest.ok_or_else(|| failed("tell what of a start was the program's"))
    }
}

impl Scenario for Starts {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let (mut ours, mut by_hand) = (Times::new(), Times::new());
        let mut we = || {
            let connect = |settings: &Settings| self.host.connect(settings).map_err(trouble);
            self.life(connect, |step| slowdown.hold(&metric(step, ADDED)), &mut ours)
        };
        let mut hand = || self.life(ByHand::connect, |_| {}, &mut by_hand);
        match self.first {
            First::Ours => {
                we()?;
                hand()?;
            }
            First::ByHand => {
                hand()?;
                we()?;
            }
        }
        self.first = self.first.other();
        Ok(values_over(&ours, &by_hand, ADDED))
    }
}
