//! What is measured, how often, and what it costs: one row for each scenario.
//!
//! A run of every day has to end within a minute, a full one within ten, builds apart. So a scenario
//! that takes long is measured less often, and not every day.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::bench::check::{Cost, How, Planned, Rules};
use harness::bench::policy::{Family, Metric, Policy, Scope};
use harness::bench::probe::Offered;
use harness::bench::report::Mode;

/// How long most answers may take: far over what anything measured takes, on a busy machine too.
pub(super) const USUAL_MAX: Duration = Duration::from_mins(1);

/// The same where a hundred agents, a real one or half a minute of idling are behind an answer.
const LONG_MAX: Duration = Duration::from_mins(3);

/// How often a probe of the machine itself is repeated.
pub(super) const BARE_SAMPLES: usize = 20;

/// How a scenario is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Its name in the policy.
    pub(super) scenario: &'static str,
    /// Pairs of a launch in the first round.
    pairs: usize,
    /// How many times the launches of the others it takes: more where what it takes is much
    /// the same within a launch, and another in the next.
    often: usize,
    /// Pairs of a launch every day; none where it is not measured then.
    pub(super) quick_pairs: Option<usize>,
    /// Pairs of a launch that is recorded to see how the gate does, at most: what takes long is
    /// recorded shorter than the last round of a run, so that all of it takes little more than half an hour.
    recorded_max: usize,
    /// Samples of a launch where a build is measured alone.
    samples: usize,
    /// How many launches that are: several where one would take longer than the machine goes unlooked at.
    launches: usize,
    /// For which family it vouches.
    control_for: Option<Family>,
    /// About how long it takes.
    pub(super) cost: Cost,
    /// How long an answer may take.
    pub(super) limit: Duration,
}

/// What most scenarios have in common.
const USUAL: Row = Row {
    scenario: "",
    pairs: 20,
    often: 1,
    quick_pairs: None,
    recorded_max: usize::MAX,
    samples: 100,
    launches: 1,
    control_for: None,
    cost: ms(75, 5),
    limit: USUAL_MAX,
};

/// About so many milliseconds for a launch behind laying its programs anew, and for a sample.
const fn ms(launch: u64, sample: u64) -> Cost {
    /// To lay them anew.
    const LAID: u64 = 60;
    Cost { launch: Duration::from_millis(LAID + launch), sample: Duration::from_millis(sample) }
}

/// All of them.
pub(super) const ROWS: &[Row] = &[
    Row {
        scenario: "route_core",
        quick_pairs: Some(20),
        control_for: Some(Family::Cpu),
        cost: ms(75, 2),
        ..USUAL
    },
    Row {
        scenario: "registry",
        quick_pairs: Some(10),
        recorded_max: 40,
        cost: ms(450, 12),
        ..USUAL
    },
    Row {
        scenario: "route",
        often: 3,
        quick_pairs: Some(20),
        control_for: Some(Family::Disk),
        cost: ms(100, 5),
        ..USUAL
    },
    Row {
        scenario: "agent",
        quick_pairs: Some(14),
        samples: 40,
        control_for: Some(Family::Processes),
        cost: ms(120, 23),
        ..USUAL
    },
    Row {
        scenario: "agent_real",
        pairs: 4,
        samples: 1,
        launches: 10,
        cost: ms(150, 10_500),
        limit: LONG_MAX,
        ..USUAL
    },
    Row {
        scenario: "agent_starts",
        samples: 2,
        launches: 5,
        cost: ms(2600, 2500),
        limit: LONG_MAX,
        ..USUAL
    },
    Row { scenario: "cycles", samples: 3, cost: ms(75, 1000), ..USUAL },
    Row { scenario: "pickup_polled", samples: 30, cost: ms(900, 200), ..USUAL },
    // Files that appear while the daemon looks take another look: half of the samples take half as long
    // again, and it needs many of them to see through that.
    Row { scenario: "pickup", pairs: 18, often: 3, recorded_max: 42, cost: ms(400, 60), ..USUAL },
    Row {
        scenario: "burst",
        pairs: 5,
        often: 2,
        recorded_max: 12,
        samples: 12,
        cost: ms(350, 270),
        ..USUAL
    },
    Row { scenario: "inbox", samples: 1, cost: ms(75, 1500), limit: LONG_MAX, ..USUAL },
    Row {
        scenario: "life",
        pairs: 10,
        quick_pairs: Some(7),
        recorded_max: 20,
        samples: 30,
        cost: ms(120, 35),
        ..USUAL
    },
    Row { scenario: "sessions_100", samples: 1, cost: ms(75, 1500), limit: LONG_MAX, ..USUAL },
    Row { scenario: "cpu_idle", samples: 1, cost: ms(75, 31_000), limit: LONG_MAX, ..USUAL },
    Row {
        scenario: "reply",
        pairs: 10,
        often: 2,
        recorded_max: 12,
        samples: 40,
        cost: ms(200, 35),
        ..USUAL
    },
    Row { scenario: "status", quick_pairs: Some(12), cost: ms(300, 5), ..USUAL },
    Row {
        scenario: "restart",
        pairs: 8,
        often: 4,
        recorded_max: 24,
        samples: 20,
        cost: ms(170, 55),
        ..USUAL
    },
];

/// What there is to be measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// What was asked for.
    pub(super) mode: Mode,
    /// Only scenarios and metrics with this in their name.
    pub(super) only: Option<&'a str>,
    /// What the probe of the head offers.
    pub(super) head: &'a [Offered],
    /// What that of the base does; none where there is no base.
    pub(super) base: Option<&'a [Offered]>,
}

/// The row of a scenario.
pub(super) fn row(scenario: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.scenario == scenario)
}

/// Pairs of a recorded launch of a scenario: those of the last round of a run, where that is affordable.
pub(super) fn recorded_pairs(plan: &Planned, rules: &Rules) -> usize {
    let max = row(&plan.scenario).map_or(usize::MAX, |row| row.recorded_max);
    (plan.pairs * rules.factor(rules.rounds)).min(max)
}

/// The scenarios of a run, with what vouches for the machine among them.
pub(super) fn plan(policy: &Policy, wanted: Wanted<'_>) -> Vec<Planned> {
    let mut planned: Vec<Planned> =
        ROWS.iter().filter_map(|row| row.planned(policy, wanted)).collect();
    appoint_controls(&mut planned);
    planned
}

/// Whether a metric, or its scenario, has this in its name.
pub(super) fn is_named(metric: &Metric, only: Option<&str>) -> bool {
    let Some(only) = only else { return true };
    metric.id.contains(only)
        || metric.scenario.as_ref().is_some_and(|scenario| scenario.contains(only))
}

/// Whether a run of every day has anything of this name.
pub(super) fn is_ever_quick(policy: &Policy, only: Option<&str>) -> bool {
    let offered = policy.offered();
    let wanted = Wanted { mode: Mode::Quick, only, head: &offered, base: None };
    !plan(policy, wanted).is_empty()
}

impl Row {
    fn planned(&self, policy: &Policy, wanted: Wanted<'_>) -> Option<Planned> {
        let is_ours = |metric: &&Metric| {
            metric.scope == Scope::Bench && metric.scenario.as_deref() == Some(self.scenario)
        };
        let metrics: Vec<Metric> = policy.metrics.iter().filter(is_ours).cloned().collect();
        if !metrics.iter().any(|metric| is_named(metric, wanted.only))
            || !offers(wanted.head, self.scenario)
        {
            return None;
        }
        let pairs = match wanted.mode {
            Mode::Quick => self.quick_pairs?,
            Mode::Full | Mode::Run | Mode::Compare => self.pairs,
        };
        let how = self.how(&metrics, wanted);
        let scenario = self.scenario.to_owned();
        let Self { often, cost, .. } = *self;
        Some(Planned { scenario, metrics, how, pairs, often, control_for: None, cost })
    }

    fn how(&self, metrics: &[Metric], wanted: Wanted<'_>) -> How {
        let Self { launches, samples, .. } = *self;
        let is_compared = metrics.iter().any(|metric| metric.relative.is_some());
        match wanted.base {
            Some(base) if is_compared && wanted.mode != Mode::Run => {
                if offers(base, self.scenario) {
                    How::Paired
                } else {
                    How::New { launches, samples }
                }
            }
            _ => How::Absolute { launches, samples },
        }
    }
}

/// For every family that is compared, one scenario that is compared: the one of the table, or, where
/// that was not asked for, another.
fn appoint_controls(planned: &mut [Planned]) {
    let families: BTreeSet<Family> = planned.iter().flat_map(compared_families).collect();
    for family in families {
        let is_of = |plan: &Planned| {
            plan.control_for.is_none() && compared_families(plan).any(|it| it == family)
        };
        let is_first =
            |plan: &Planned| row(&plan.scenario).is_some_and(|row| row.control_for == Some(family));
        let at = planned
            .iter()
            .position(|plan| is_of(plan) && is_first(plan))
            .or_else(|| planned.iter().position(is_of));
        if let Some(at) = at {
            planned[at].control_for = Some(family);
        }
    }
}

/// The families of what is compared in pairs here.
fn compared_families(plan: &Planned) -> impl Iterator<Item = Family> + '_ {
    let compared = plan.metrics.iter().filter(|metric| metric.relative.is_some());
    compared.filter(|_| plan.how == How::Paired).map(|metric| metric.family)
}

fn offers(offered: &[Offered], scenario: &str) -> bool {
    offered.iter().any(|it| it.name == scenario)
}

#[cfg(test)]
pub(super) mod tests;
