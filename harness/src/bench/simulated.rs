//! Metrics and machines for tests to judge: what would be measured, as a function of a seed.

use jiff::civil::date;

use super::paired::{Launch, Pair};
use super::policy::{
    Direction, Family, Importance, Kind, Metric, RelativeLines, Scope, Statistic, Unit,
};
use super::statistics::number;
use crate::seed::Seed;

/// A blocking time of 10 ms that is remarked from 50 ms, fails from 100 ms, and may get 5 % worse.
pub(crate) fn metric(id: &str) -> Metric {
    Metric {
        id: id.to_owned(),
        title: "from here to there".to_owned(),
        unit: Unit::Milliseconds,
        kind: Kind::Latency,
        direction: Direction::Lower,
        statistic: Statistic::Median,
        baseline: 10.0,
        target: None,
        warn: 50.0,
        fail: None,
        concern: 100.0,
        relative: Some(RelativeLines { warn: 0.03, fail: 0.05 }),
        scope: Scope::Bench,
        gate: Importance::Blocking,
        scenario: Some("scenario".to_owned()),
        family: Family::Cpu,
        awaits: None,
        since: date(2026, 11, 22),
        why: "somebody waits".to_owned(),
    }
}

/// A count that has to be 0.
pub(crate) fn exact(id: &str) -> Metric {
    Metric {
        unit: Unit::Count,
        kind: Kind::Exact,
        baseline: 0.0,
        warn: 0.0,
        concern: 0.0,
        relative: None,
        ..metric(id)
    }
}

/// A machine: how far times lie apart, as parts of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    /// From pair to pair.
    pub(crate) pairs: f64,
    /// From launch to launch.
    pub(crate) launches: f64,
}

impl Machine {
    /// One launch with a head that takes `slower` times what the base does, 10 ms in the middle.
    pub(crate) fn launch(self, pairs: usize, slower: f64, seed: &mut Seed) -> Launch {
        let own = (self.launches * normal(seed)).exp();
        let mut side = |middle: f64| middle * (self.pairs * normal(seed)).exp();
        let pair = |_| Pair { base: side(10.0), head: side(10.0 * slower * own) };
        Launch { pairs: (0..pairs).map(pair).collect() }
    }
}

/// A draw of the standard normal distribution: twelve draws of the uniform one, which is close
/// enough to tell a gate that works from one that does not.
fn normal(seed: &mut Seed) -> f64 {
    (0..12).map(|_| uniform(seed)).sum::<f64>() - 6.0
}

fn uniform(seed: &mut Seed) -> f64 {
    number(usize::try_from(seed.below(1 << 24)).expect("it is small")) / f64::from(1 << 24)
}
