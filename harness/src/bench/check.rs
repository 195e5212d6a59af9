//! A whole measuring run: what to launch next, and what it all says in the end.
//!
//! ```text
//!            ┌──────────── inconclusive: fresh launches, twice the pairs ───────────┐
//!            v                                                                      │
//!  round: every scenario and control ──> judged together (Holm) ── rounds left? ────┘
//!                                              │ no
//!                                              v
//!                          confirm: fresh launches of what fails ──> done
//! ```
//!
//! It is told what was measured and says what it wants: [`Check::next`], then [`Check::took`] or one
//! of its kin. What is said depends on what was measured, not on the order in which it came: launches of
//! all scenarios take turns, so that a bad minute is shared by all instead of spoiling one.
//!
//! Launches of earlier rounds stay in the pool. A pool that grows is looked at once a round, and
//! each look may err with its 5 %: with fresh pools it would be as many looks and less to see. What
//! repeated looks make likelier, an error to the bad side, has to happen again in the fresh launches
//! of the confirmation, which are judged alone.
//!
//! Absent on purpose: processes, time, and the load of the machine. Whoever drives it looks at those.

use super::paired::Pair;
use super::policy::{Family, Importance, Kind, Metric};
use super::probe::Values;
use super::report::{Control, Judgement, MetricReport};
use super::statistics::Draws;
use judging::Sight;
use work::{End, Work};

mod findings;
mod judging;
mod work;

pub use findings::{awaiting, counted, skipped};

/// How many launches of a scenario may be thrown away because the machine was busy, before the
/// scenario is given up: a run has to end, also beside somebody who never stops.
pub const THROWN_AWAY_MAX: usize = 3;
/// How likely one false finding among all blocking metrics may be.
pub const LEVEL: f64 = 0.05;

/// One scenario of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Its name, once in a plan.
    pub scenario: String,
    /// What it measures.
    pub metrics: Vec<Metric>,
    /// How.
    pub how: How,
    /// Pairs of a launch in the first round.
    pub pairs: usize,
    /// Whether it also vouches for the machine, as a control of this family. A relative judgement
    /// of a family without a control is inconclusive.
    pub control_for: Option<Family>,
}

/// How a scenario is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// In pairs with the base.
    Paired,
    /// Alone, in one launch: there is no base, or none is wanted.
    Absolute {
        /// So often.
        samples: usize,
    },
    /// Alone, in one launch: the base does not have the scenario.
    New {
        /// So often.
        samples: usize,
    },
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Launches of a scenario in each round.
    pub launches: usize,
    /// Rounds at most; each takes twice the pairs of the one before.
    pub rounds: usize,
    /// The number that repeats the judgement.
    pub seed: u64,
    /// Draws of each bootstrap.
    pub draws: usize,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This.
    Launch(Order),
    /// Nothing: ask for the findings.
    Done,
}

/// One launch: start the probes, prepare the scenario, take samples, end the probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Of which scenario.
    pub scenario: String,
    /// What for.
    pub purpose: Purpose,
    /// Which builds.
    pub sides: Sides,
    /// How many pairs, or samples where one build is measured alone.
    pub pairs: usize,
    /// Which launch of this scenario and purpose, from 0.
    pub launch: usize,
}

/// What a launch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// To judge the head.
    Measure,
    /// To see what the machine does to a build against itself.
    Control,
    /// To see whether a failure comes again.
    Confirm,
}

/// The builds of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sides {
    /// Base and head.
    BaseAndHead,
    /// An identical copy of the head, in the place of the base, and the head.
    CopyAndHead,
    /// Head.
    HeadAlone,
}

/// What a launch gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// Of two builds, in the order in which they were taken.
    Pairs(Vec<Pair<Values>>),
    /// Of head alone.
    Samples(Vec<Values>),
}

/// How the machine was during a run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surroundings {
    /// Nobody else did much.
    Quiet,
    /// Others did: a time beyond its line says nothing about the build.
    Loaded,
}

/// What a run found.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Every metric of the plan, in its order.
    pub metrics: Vec<MetricReport>,
    /// The controls that gave values.
    pub controls: Vec<Control>,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Check {
    rules: Rules,
    works: Vec<Work>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Rounds,
    Confirming,
    Done,
}

impl Rules {
    /// Those of the gate.
    pub const fn full(seed: u64) -> Self {
        Self { launches: 5, rounds: 3, seed, draws: 2000 }
    }

    /// Those of every day: one round, and the confirmation of what fails in it.
    pub const fn quick(seed: u64) -> Self {
        Self { launches: 3, rounds: 1, ..Self::full(seed) }
    }

    /// The chance of the bootstrap.
    pub const fn chance(&self) -> Draws {
        Draws { seed: self.seed, times: self.draws }
    }

    /// How many times the pairs of the first round this one (from 0) takes.
    pub fn factor(&self, round: usize) -> usize {
        1 << round.min(self.rounds.saturating_sub(1))
    }

    /// The same for a confirmation: as sharp as the last look could have been.
    pub fn confirming_factor(&self) -> usize {
        self.factor(self.rounds)
    }
}

impl Check {
    /// A run that measures this.
    pub fn new(rules: Rules, planned: Vec<Planned>) -> Self {
        let works = planned.into_iter().map(|plan| Work::begin(plan, &rules)).collect();
        let mut check = Self { rules, works, stage: Stage::Rounds };
        check.settle();
        check
    }

    /// What to do next; the same until it is told what became of it.
    pub fn next(&self) -> Step {
        self.orders().into_iter().next().map_or(Step::Done, Step::Launch)
    }

    /// Everything that is known to be left, in its order. There may be more once it is done.
    pub fn orders(&self) -> Vec<Order> {
        let mut orders: Vec<Order> = self.works.iter().flat_map(Work::orders).collect();
        // Stable: within a turn in the order of the plan.
        orders.sort_by_key(|order| order.launch % self.rules.launches.max(1));
        orders
    }

    /// Whether a busy machine is a reason to throw a launch of this scenario away. It is none where
    /// no time is looked at: what was lost stays lost, whoever else computed.
    pub fn minds_load(&self, scenario: &str) -> bool {
        let timed = |work: &Work| work.plan.metrics.iter().any(|it| it.kind == Kind::Latency);
        self.works.iter().any(|work| work.plan.scenario == scenario && timed(work))
    }

    /// The launch gave this. What was not asked for is ignored.
    pub fn took(&mut self, order: &Order, taken: Taken) {
        self.tell(order, |work| work.took(order, taken));
    }

    /// The machine was busy: the launch is thrown away and asked for again, up to
    /// [`THROWN_AWAY_MAX`] times.
    pub fn disturbed(&mut self, order: &Order) {
        self.tell(order, |work| work.disturbed(order));
    }

    /// This machine lacks what the scenario needs.
    pub fn lacks(&mut self, order: &Order, what: String) {
        self.tell(order, |work| work.end(End::Lacks(what)));
    }

    /// The scenario went wrong on the side of the head. `why` goes behind "failed to".
    pub fn failed(&mut self, order: &Order, why: String) {
        self.tell(order, |work| work.end(End::Failed(why)));
    }

    /// The scenario cannot be measured of the base: from here on head is measured alone, and its
    /// metrics are new.
    pub fn without_base(&mut self, order: &Order, why: String) {
        self.tell(order, |work| work.goes_on_alone(why));
    }

    /// What was found. A run that is asked before it is done knows less, and says so.
    pub fn findings(self, surroundings: Surroundings) -> Findings {
        findings::of(&self.works, &self.rules, surroundings)
    }

    fn tell(&mut self, order: &Order, what: impl FnOnce(&mut Work)) {
        let asked = self.works.iter_mut().find(|work| work.asked_for(order));
        if let Some(work) = asked {
            what(work);
            self.settle();
        }
    }

    /// Goes on to the next stage for as long as nothing is left of the one at hand.
    fn settle(&mut self) {
        while self.stage != Stage::Done && self.works.iter().all(Work::owes_nothing) {
            match self.stage {
                Stage::Rounds => {
                    if !self.escalates() {
                        self.stage = Stage::Confirming;
                        self.confirm();
                    }
                }
                Stage::Confirming | Stage::Done => self.stage = Stage::Done,
            }
        }
    }

    /// Asks for another round of whatever cannot be said yet; whether there is any.
    fn escalates(&mut self) -> bool {
        let sight = Sight::of(&self.works, &self.rules);
        let blocking = sight.compared.iter().filter(|it| it.importance == Importance::Blocking);
        let open = blocking
            .filter(|it| it.judgement == Judgement::Inconclusive)
            .map(|it| (it.work, Purpose::Measure));
        let noisy =
            sight.controls.iter().filter(|it| !it.is_quiet()).map(|it| (it.work, Purpose::Control));
        let mut asked = false;
        for (work, purpose) in open.chain(noisy) {
            asked |= self.works[work].asks_again(purpose, &self.rules);
        }
        asked
    }

    /// Asks for fresh launches of whatever fails and would fail the run.
    fn confirm(&mut self) {
        let sight = Sight::of(&self.works, &self.rules);
        let failing = sight.compared.iter().filter(|it| {
            it.judgement == Judgement::Fail
                && it.importance == Importance::Blocking
                && sight.vouches_for(it.family)
        });
        for compared in failing {
            self.works[compared.work].asks_to_confirm(&self.rules);
        }
    }
}

#[cfg(test)]
mod tests;
