//! A whole measuring run: what to launch next, and what it all says in the end.
//!
//! ```text
//!            ┌──────────── inconclusive: fresh launches, more pairs ────────────────┐
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
//! What fails has all of its launches on one side of the line, give or take. Of five that happens by chance
//! alone in one case of 32, and no bootstrap of five can be surer, whatever small number it gives. Holm
//! asks for less than that among many metrics, so the confirmation carries the level: the same has to
//! happen again, in twice as many fresh launches.
//!
//! Launches that were asked for and did not come before the time was up leave what they were for
//! inconclusive: what is judged is what was planned, not what a limit left of it. So a round is asked
//! for only where [`Check::may_take`] leaves time for it, and for the confirmation of what looks worse.
//!
//! Absent on purpose: processes, clocks, and the load of the machine. Whoever drives it looks at those.

use std::collections::BTreeSet;
use std::time::Duration;

use super::policy::{Importance, Kind};
use super::report::{Control, Judgement, MetricReport};
use judging::Sight;
use work::Work;

mod counts;
mod findings;
mod judging;
mod plan;
mod work;

pub use counts::{BaseCount, counted, uncounted};
pub use findings::{awaiting, skipped, unasked};
pub use plan::{Cost, How, Order, Planned, Purpose, Rules, Sides, Step, Taken};

/// How many launches of a scenario in a row may be thrown away because the machine was busy, before
/// the scenario is given up: a run has to end, also beside somebody who never stops.
pub const THROWN_AWAY_MAX: usize = 4;
/// How many launches in a row the base may spoil before head goes on alone. Each may cost as much as
/// the limit of an answer, so it is less than what a busy machine may.
pub const BASE_TROUBLES_MAX: usize = 2;
/// How often a launch may go wrong on the side of the head in a run: what happens once is asked again.
pub const HEAD_TROUBLES_MAX: usize = 1;
/// How likely one false finding among all blocking metrics may be.
pub const LEVEL: f64 = 0.05;

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
    left: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Rounds,
    Confirming,
    Done,
}

impl Check {
    /// A run that measures this.
    pub fn new(rules: Rules, planned: Vec<Planned>) -> Self {
        let works = planned.into_iter().map(|plan| Work::begin(plan, &rules)).collect();
        let mut check = Self { rules, works, stage: Stage::Rounds, left: Duration::MAX };
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
    /// [`THROWN_AWAY_MAX`] times in a row.
    pub fn disturbed(&mut self, order: &Order) {
        self.tell(order, |work| work.disturbed(order));
    }

    /// This machine lacks what the scenario needs.
    pub fn lacks(&mut self, order: &Order, what: String) {
        self.tell(order, |work| work.lacks(what));
    }

    /// The launch went wrong on the side of the head: it is asked for again, up to
    /// [`HEAD_TROUBLES_MAX`] times, and then fails. `why` goes behind "failed to".
    pub fn failed(&mut self, order: &Order, why: String) {
        self.tell(order, |work| work.failed(why));
    }

    /// The base does not have the scenario: from here on head is measured alone, and its metrics are
    /// new.
    pub fn base_lacks(&mut self, order: &Order) {
        self.tell(order, Work::base_lacks);
    }

    /// The launch went wrong on the side of the base: it is asked for again, up to
    /// [`BASE_TROUBLES_MAX`] times in a row. From then on head is measured alone, and how it compares
    /// cannot be said. `why` goes behind "failed to".
    pub fn base_failed(&mut self, order: &Order, why: String) {
        self.tell(order, |work| work.base_failed(why));
    }

    /// So much time is left: no round is asked for that does not leave enough of it to confirm what
    /// looks worse. Without a word of it there is no limit.
    pub const fn may_take(&mut self, left: Duration) {
        self.left = left;
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
        let open = self.open(&sight);
        let confirming: Duration = {
            let failing: BTreeSet<usize> = sight.failing().map(|it| it.work).collect();
            failing.into_iter().map(|work| self.cost_of_confirmation(work)).sum()
        };
        let mut left = self.left.saturating_sub(confirming);
        let mut asked = BTreeSet::new();
        for (work, purpose) in open {
            if asked.contains(&(work, purpose)) {
                continue;
            }
            let Some(round) = self.works[work].cost_of_round(purpose, &self.rules) else {
                continue;
            };
            // What is looked at more closely may turn out to fail. Of what does not look like it that is
            // rare, and without time to confirm it no more would be said than without the round.
            let confirmation = if purpose == Purpose::Measure && sight.looks_worse(work) {
                self.cost_of_confirmation(work)
            } else {
                Duration::ZERO
            };
            let cost = round.saturating_add(confirmation);
            if cost <= left {
                asked.insert((work, purpose));
                left -= cost;
                self.works[work].asks_again(purpose, &self.rules);
            }
        }
        !asked.is_empty()
    }

    /// What cannot be said yet, and could be with more launches. Controls first: without them nothing
    /// can be said of anything. Then what takes least: where time is short, more can be said.
    fn open(&self, sight: &Sight) -> Vec<(usize, Purpose)> {
        let blocking = sight.compared.iter().filter(|it| it.importance == Importance::Blocking);
        let compared = blocking
            .filter(|it| it.judgement == Judgement::Inconclusive)
            .map(|it| (it.work, Purpose::Measure));
        let noisy =
            sight.controls.iter().filter(|it| !it.is_quiet()).map(|it| (it.work, Purpose::Control));
        let promised = self
            .works
            .iter()
            .enumerate()
            .filter(|(_, work)| findings::straddles(work, &self.rules))
            .map(|(at, _)| (at, Purpose::Measure));
        let cost = |(work, purpose): &(usize, Purpose)| {
            self.works[*work].cost_of_round(*purpose, &self.rules)
        };
        let mut rest: Vec<(usize, Purpose)> = promised.chain(compared).collect();
        rest.sort_by_key(cost);
        noisy.chain(rest).collect()
    }

    fn cost_of_confirmation(&self, work: usize) -> Duration {
        self.works[work].cost_of_confirmation(&self.rules).unwrap_or_default()
    }

    /// Asks for fresh launches of whatever fails and would fail the run.
    fn confirm(&mut self) {
        let sight = Sight::of(&self.works, &self.rules);
        for compared in sight.failing().filter(|it| sight.vouches_for(it.family)) {
            self.works[compared.work].asks_to_confirm(&self.rules);
        }
    }
}

#[cfg(test)]
mod tests;
