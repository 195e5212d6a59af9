//! Does what a check asks for: launch after launch, with a look at the machine between them.
//!
//! ```text
//!  check ── next ──> look, if it is time ──> launch ──> look, if it is time ──> took
//!    ^                  └ loaded: wait a while            └ loaded ──> disturbed ─┐
//!    └────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! What goes wrong on a busy machine says as little as what is measured there: it is asked for again.
//!
//! A run has a limit: what it would take to be surer of the last few is not spent beyond it. What is
//! not said by then is inconclusive.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use harness::bench::check::{Check, Order, Planned, Rules, Sides, Step, Taken};
use harness::bench::load::{self, Found, Guard};
use harness::bench::report::RoleMemory;
use harness::seed::Seed;

use super::launch::{self, Fault, Start, Task};
use super::plan;
use super::probe::{Sample, Trouble};
use super::progress::Progress;
use crate::running::Interrupt;

/// How the probes of a run are started.
#[derive(Debug, Clone)]
pub(super) struct Starts {
    pub(super) head: Start,
    /// None where there is nothing to compare with.
    pub(super) base: Option<Start>,
    /// A copy of the head.
    pub(super) control: Start,
}

/// Whether what was measured beside others is thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// It is, and asked for again.
    ThrowAway,
    /// It is kept: somebody wants to see figures, whatever they are worth.
    Keep,
}

/// A run that goes on.
pub(super) struct Drive<'a> {
    starts: &'a Starts,
    check: Check,
    guard: Guard,
    strictness: Strictness,
    limit: Duration,
    seed: Seed,
    roles: BTreeMap<String, Vec<RoleMemory>>,
    progress: Progress,
    interrupt: &'a Interrupt,
    look: fn() -> f64,
}

/// What a run measured.
pub(super) struct Measured {
    pub(super) check: Check,
    pub(super) guard: Guard,
    /// Memory by role, as the last sample of each scenario saw it.
    pub(super) roles: Vec<RoleMemory>,
    pub(super) elapsed: Duration,
}

/// Somebody ended the run.
#[derive(Debug, thiserror::Error)]
#[error("go on: the run was interrupted")]
pub(super) struct Interrupted;

impl<'a> Drive<'a> {
    /// One that will measure this.
    pub(super) fn new(
        starts: &'a Starts,
        rules: Rules,
        planned: Vec<Planned>,
        interrupt: &'a Interrupt,
    ) -> Self {
        Self {
            starts,
            check: Check::new(rules, planned),
            guard: Guard::default(),
            strictness: Strictness::ThrowAway,
            limit: Duration::MAX,
            seed: Seed::new(rules.seed),
            roles: BTreeMap::new(),
            progress: Progress::begin(),
            interrupt,
            look: load::look,
        }
    }

    /// The same, and what it does about load.
    pub(super) const fn with(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// The same, and how long it may go on. It does not spend more than a part of that waiting.
    pub(super) fn within(mut self, limit: Duration) -> Self {
        /// What is left to measure in.
        const PART: u32 = 4;
        self.limit = limit;
        self.guard = Guard::waiting(load::WAIT_MAX.min(limit / PART));
        self
    }

    /// Measures until nothing is left to be asked for, or the time is up.
    pub(super) fn run(mut self) -> Result<Measured, Interrupted> {
        let began = Instant::now();
        let mut expected = Duration::ZERO;
        while let Step::Launch(_) = self.check.next() {
            let left = self.limit.saturating_sub(began.elapsed());
            let Some((order, rest)) = fitting(&self.check.orders(), left) else {
                let left = self.check.orders().len();
                self.progress.end();
                eprintln!("the time is up, with {left} launches to go");
                break;
            };
            self.check.may_take(at_pace(rest, expected, began.elapsed()));
            expected += left.saturating_sub(rest);
            self.progress.launches(&order, &self.check.orders());
            self.one(&order)?;
        }
        self.progress.end();
        Ok(Measured {
            check: self.check,
            guard: self.guard,
            roles: self.roles.into_values().flatten().collect(),
            elapsed: began.elapsed(),
        })
    }

    fn one(&mut self, order: &Order) -> Result<(), Interrupted> {
        let minds =
            self.strictness == Strictness::ThrowAway && self.check.minds_load(&order.scenario);
        if self.quiet()? == Found::Loaded && minds {
            self.check.disturbed(order);
            return Ok(());
        }
        let began = Instant::now();
        let taken = self.launch(order);
        self.guard.measured(began.elapsed());
        if self.interrupt.came() {
            return Err(Interrupted);
        }
        // Before anything is said to have gone wrong it is looked whether somebody was in the way.
        let is_due = self.guard.is_due() || taken.is_err();
        let after = if is_due { self.looked() } else { Found::Quiet };
        let says_little = match &taken {
            Ok(_) => minds,
            Err(fault) => self.strictness == Strictness::ThrowAway && !fault.lacks(),
        };
        if after == Found::Loaded && says_little {
            self.check.disturbed(order);
            return Ok(());
        }
        match taken {
            Ok(taken) => self.check.took(order, taken),
            Err(Fault::Base(Trouble::Missing(_))) if order.sides == Sides::BaseAndHead => {
                self.check.base_lacks(order);
            }
            Err(Fault::Base(trouble)) if order.sides == Sides::BaseAndHead => {
                self.check.base_failed(order, trouble.to_string());
            }
            // Beside the head, what stands for the base is a copy of it.
            Err(Fault::Base(Trouble::Missing(what)) | Fault::Head(Trouble::Missing(what))) => {
                self.check.lacks(order, what);
            }
            Err(Fault::Base(trouble) | Fault::Head(trouble)) => {
                self.check.failed(order, trouble.to_string());
            }
        }
        Ok(())
    }

    /// Looks if it is time to; waits for quiet, as long as a run may.
    fn quiet(&mut self) -> Result<Found, Interrupted> {
        if !self.guard.is_due() {
            return Ok(Found::Quiet);
        }
        let mut found = self.looked();
        let Some(wait) = self.guard.may_wait() else { return Ok(found) };
        let began = Instant::now();
        while found == Found::Loaded && began.elapsed() < wait {
            if self.interrupt.came() {
                return Err(Interrupted);
            }
            self.progress.waits();
            found = self.looked();
        }
        self.guard.waited(began.elapsed());
        Ok(found)
    }

    fn looked(&mut self) -> Found {
        self.guard.looked((self.look)())
    }

    fn launch(&mut self, order: &Order) -> Result<Taken, Fault> {
        let task = Task {
            scenario: &order.scenario,
            count: order.pairs,
            limit: plan::row(&order.scenario).map_or(plan::USUAL_MAX, |row| row.limit),
            slowed: None,
            interrupt: self.interrupt,
        };
        let head = &self.starts.head;
        let base = match order.sides {
            Sides::HeadAlone => None,
            Sides::CopyAndHead => Some(&self.starts.control),
            // A check asks for pairs only where there is a base.
            Sides::BaseAndHead => self.starts.base.as_ref(),
        };
        let Some(base) = base else {
            let samples = launch::alone(head, task).map_err(Fault::Head)?;
            self.remember(order, samples.last());
            return Ok(Taken::Samples(samples.into_iter().map(|sample| sample.values).collect()));
        };
        let pairs = launch::pairs(base, head, task, &mut self.seed)?;
        self.remember(order, pairs.last().map(|pair| &pair.head));
        Ok(Taken::Pairs(launch::values(pairs)))
    }

    fn remember(&mut self, order: &Order, sample: Option<&Sample>) {
        if let Some(sample) = sample
            && !sample.roles.is_empty()
        {
            self.roles.insert(order.scenario.clone(), sample.roles.clone());
        }
    }
}

/// The first of these that is done within so much time, and what is left of it then.
fn fitting(orders: &[Order], left: Duration) -> Option<(Order, Duration)> {
    orders.iter().find_map(|order| {
        let rest = left.checked_sub(estimate(std::slice::from_ref(order)))?;
        Some((order.clone(), rest))
    })
}

/// What the time that is left is worth, in costs as they are estimated: on a slow machine, or one that is
/// waited for, less than it says. Never more: a quick beginning promises nothing.
fn at_pace(left: Duration, expected: Duration, took: Duration) -> Duration {
    if expected.is_zero() || took <= expected {
        left
    } else {
        left.mul_f64(expected.as_secs_f64() / took.as_secs_f64())
    }
}

/// About how long a run of these orders takes, escalation and waiting apart.
pub(super) fn estimate(orders: &[Order]) -> Duration {
    let of = |order: &Order| {
        let row = plan::row(&order.scenario);
        row.map_or(Duration::ZERO, |row| row.cost.of(order.sides, 1, order.pairs))
    };
    orders.iter().map(of).sum()
}

#[cfg(test)]
mod tests;
