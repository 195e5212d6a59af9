//! What a run is to measure, and what it asks for on the way.

use std::time::Duration;

use crate::bench::paired::Pair;
use crate::bench::policy::{Family, Metric};
use crate::bench::probe::Values;
use crate::bench::statistics::Draws;

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
    /// How many times the launches of a round this one takes, where it is compared: more than one where
    /// launches have much of their own.
    pub often: usize,
    /// Whether it also vouches for the machine, as a control of this family. A relative judgement
    /// of a family without a control is inconclusive.
    pub control_for: Option<Family>,
    /// About how long it takes.
    pub cost: Cost,
}

/// About how long one build of a launch takes, waiting for a quiet machine apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// To start the probe, to prepare the scenario, and to end both.
    pub launch: Duration,
    /// One sample, with everything around it.
    pub sample: Duration,
}

/// How a scenario is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// In pairs with the base.
    Paired,
    /// Alone: there is no base, or none is wanted.
    Absolute {
        /// Launches of a round. Between two of them the machine can be looked at.
        launches: usize,
        /// Samples of each.
        samples: usize,
    },
    /// Alone: the base does not have the scenario.
    New {
        /// Launches of a round.
        launches: usize,
        /// Samples of each.
        samples: usize,
    },
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Launches of most scenarios in each round.
    pub launches: usize,
    /// Rounds at most. Of one build alone each takes as many samples.
    pub rounds: usize,
    /// How many times the pairs of the round before each takes.
    pub growth: usize,
    /// The number that repeats the judgement.
    pub seed: u64,
    /// Draws of each bootstrap. No chance below one in so many can be told, so it has to be more
    /// than 20 times the blocking metrics that are judged together.
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

impl Planned {
    /// Launches of a round, where it is compared.
    pub const fn launches(&self, rules: &Rules) -> usize {
        self.often * rules.launches
    }

    /// Launches of a confirmation: twice those of a round. It is judged alone, without what the rounds
    /// gathered, and what launches have of their own only more of them can even out.
    pub const fn confirming_launches(&self, rules: &Rules) -> usize {
        2 * self.launches(rules)
    }
}

impl Cost {
    /// About how long so many launches take.
    pub fn of(self, sides: Sides, launches: usize, pairs: usize) -> Duration {
        let times = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let builds = if sides == Sides::HeadAlone { 1 } else { 2 };
        let launch = self.launch.saturating_add(self.sample.saturating_mul(times(pairs)));
        launch.saturating_mul(times(launches).saturating_mul(builds))
    }
}

impl Rules {
    /// Those of the gate.
    pub const fn full(seed: u64) -> Self {
        Self { launches: 5, rounds: 3, growth: 2, seed, draws: 1000 }
    }

    /// Those of every day: a round, another where that would say more and there is time, and the
    /// confirmation of what fails. A second round has as many pairs: what launches have of their own is
    /// what is left to be evened out.
    pub const fn quick(seed: u64) -> Self {
        Self { rounds: 2, growth: 1, ..Self::full(seed) }
    }

    /// The chance of the bootstrap.
    pub const fn chance(&self) -> Draws {
        Draws { seed: self.seed, times: self.draws }
    }

    /// How many times the pairs of the first round this one (from 0) takes.
    pub fn factor(&self, round: usize) -> usize {
        (0..round.min(self.rounds.saturating_sub(1))).fold(1, |factor, _| factor * self.growth)
    }

    /// How many times the pairs of the first round each launch of a confirmation takes: half of those of the
    /// last round, of twice as many launches.
    pub fn confirming_factor(&self) -> usize {
        (self.factor(self.rounds) / 2).max(1)
    }
}
