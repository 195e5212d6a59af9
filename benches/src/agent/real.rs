//! The real program on a loopback stand-in of its API: over our client, and driven by hand.
//!
//! Both go over the same course side by side, in turns the one and the other first, so that what the
//! machine does meanwhile falls on both. Their difference is what our client adds. Of a start that shows
//! little, as the program itself takes now 100 ms longer and now 100 ms less: `starts` looks closer.

use claude_assistant::measured::{Host, Settings};
use harness::bench::probe::Values;

use super::by_hand::ByHand;
use super::course::{self, Runner};
use super::loopback::{First, Loopback};
use super::trouble;
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown};

/// Our client over the real program, and how much longer it takes than a hand.
pub const AGENT_REAL: Entry = Entry {
    name: "agent_real",
    metrics: &[
        "agent.connect.real",
        "agent.first_response.real",
        "agent.full_query.real",
        "agent.disconnect.real",
        "agent.resume_connect.real",
        "agent.interrupt.real",
        "agent.connect.real.over",
        "agent.first_response.real.over",
        "agent.full_query.real.over",
        "agent.disconnect.real.over",
        "agent.resume_connect.real.over",
        "agent.interrupt.real.over",
    ],
    // A sample is as long as a launch can afford, and both sides of it begin equally cold.
    warm_ups: 0,
    open: |place| Ok(Box::new(OverProgram::open(place)?)),
};

/// Agents of each side in one sample, whose steps are compared pair by pair. A life has an odd number
/// of stages, so that who goes first in one of them goes second in it next time: with an even number of
/// lives that is nobody's advantage.
const LIVES: usize = 2;

/// Questions and interrupts in each life.
const ROUNDS: usize = 8;

/// What metrics of it end with.
const REAL: &str = ".real";

/// What those end with that say how much longer it takes than by hand.
const OVER: &str = ".real.over";

struct OverProgram {
    host: Host,
    loopback: Loopback,
    first: First,
}

impl OverProgram {
    fn open(place: &Place) -> Result<Self, NoValues> {
        let loopback = Loopback::open(place)?;
        Ok(Self { host: Host::new().map_err(trouble)?, loopback, first: First::Ours })
    }
}

impl Scenario for OverProgram {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let connect = |_: &str, settings: &Settings| self.host.connect(settings).map_err(trouble);
        let by_hand = |_: &str, settings: &Settings| ByHand::connect(settings);
        // Nobody can hold up the real program, so the hold is added to our side, and lengthens the
        // difference too. It does not show that we look in time: `agent` does, with the same client.
        let hold = |step: &str| slowdown.hold(&course::metric(step, REAL));
        let mut ours = Runner::new(&self.loopback.settings, &connect, &hold);
        let mut by_hand = Runner::new(&self.loopback.settings, &by_hand, &|_| {});
        for stage in course::stages(LIVES, ROUNDS) {
            match self.first {
                First::Ours => {
                    ours.take(stage)?;
                    by_hand.take(stage)?;
                }
                First::ByHand => {
                    by_hand.take(stage)?;
                    ours.take(stage)?;
                }
            }
            self.first = self.first.other();
        }
        let mut values = course::values_over(&ours.times, &by_hand.times, OVER);
        values.extend(course::values(&ours.times, REAL));
        Ok(values)
    }
}
