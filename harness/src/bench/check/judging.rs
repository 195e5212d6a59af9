//! What the pairs of a run say so far, all metrics together.

use super::work::{Alone, Work};
use super::{How, LEVEL, Purpose, Rules};
use crate::bench::paired::{self, Comparison, Launch};
use crate::bench::policy::{Family, Importance, Metric, RelativeLines};
use crate::bench::report::{Control, Judgement};
use crate::bench::statistics::{Draws, holm};

/// Everything that was compared.
pub(super) struct Sight {
    pub(super) compared: Vec<Compared>,
    pub(super) controls: Vec<Controlled>,
}

/// One metric against the base.
pub(super) struct Compared {
    pub(super) work: usize,
    pub(super) metric: String,
    pub(super) family: Family,
    pub(super) importance: Importance,
    pub(super) comparison: Comparison,
    /// Whether its ratio is beyond the failing line, however sure that is.
    looks_worse: bool,
    /// After Holm, before the confirmation.
    pub(super) judgement: Judgement,
    /// What fresh launches said, alone.
    pub(super) confirmation: Option<(Comparison, Judgement)>,
}

/// One control; without a ratio if it gave no values.
pub(super) struct Controlled {
    pub(super) work: usize,
    family: Family,
    owed: bool,
    found: Option<Control>,
}

impl Controlled {
    pub(super) fn is_quiet(&self) -> bool {
        self.found.as_ref().is_some_and(|control| control.quiet)
    }
}

impl Sight {
    pub(super) fn of(works: &[Work], rules: &Rules) -> Self {
        let mut compared: Vec<Compared> = works
            .iter()
            .enumerate()
            .flat_map(|(at, work)| {
                work.plan.metrics.iter().filter_map(move |metric| compare(at, work, metric, rules))
            })
            .collect();
        let blocking = || {
            let is_meant = |it: &&Compared| it.importance == Importance::Blocking;
            compared.iter().filter(is_meant)
        };
        let chances: Vec<f64> = blocking().map(|it| it.comparison.p).collect();
        let mut stands = holm(&chances, LEVEL).into_iter();
        for it in compared.iter_mut().filter(|it| it.importance == Importance::Blocking) {
            let stands = stands.next().unwrap_or_default();
            if it.judgement == Judgement::Fail && !stands {
                it.judgement = Judgement::Inconclusive;
            }
        }
        let controls =
            works.iter().enumerate().filter_map(|(at, work)| control(at, work, rules)).collect();
        Self { compared, controls }
    }

    /// Whether the machine can be trusted with metrics of this family: every control of it is quiet,
    /// and there is one.
    pub(super) fn vouches_for(&self, family: Family) -> bool {
        let mut controls = self.controls.iter().filter(|it| it.family == family).peekable();
        controls.peek().is_some() && controls.all(Controlled::is_quiet)
    }

    /// Whether launches of a control of this family were asked for and did not come.
    pub(super) fn owes_control(&self, family: Family) -> bool {
        self.controls.iter().any(|it| it.family == family && it.owed)
    }

    pub(super) fn compared(&self, work: usize, metric: &Metric) -> Option<&Compared> {
        self.compared.iter().find(|it| it.work == work && it.metric == metric.id)
    }

    /// Whether something of this scenario that would fail the run looks worse than it may be.
    pub(super) fn looks_worse(&self, work: usize) -> bool {
        let mut blocking = self.compared.iter().filter(|it| it.importance == Importance::Blocking);
        blocking.any(|it| it.work == work && it.looks_worse)
    }

    /// What fails and would fail the run.
    pub(super) fn failing(&self) -> impl Iterator<Item = &Compared> {
        self.compared
            .iter()
            .filter(|it| it.judgement == Judgement::Fail && it.importance == Importance::Blocking)
    }

    pub(super) fn controls(&self) -> Vec<Control> {
        self.controls.iter().filter_map(|it| it.found.clone()).collect()
    }
}

fn compare(at: usize, work: &Work, metric: &Metric, rules: &Rules) -> Option<Compared> {
    let lines = metric.relative?;
    if work.plan.how != How::Paired || work.alone == Some(Alone::BaseLacks) {
        return None;
    }
    let comparison = ratio(work, Purpose::Measure, metric, lines, rules)?;
    let confirmation = ratio(work, Purpose::Confirm, metric, lines, rules);
    Some(Compared {
        work: at,
        metric: metric.id.clone(),
        family: metric.family,
        importance: metric.gate,
        looks_worse: 1.0 + lines.fail < comparison.ratio.value,
        comparison,
        judgement: paired::judge(&comparison.ratio, lines),
        confirmation: confirmation.map(|it| (it, paired::judge(&it.ratio, lines))),
    })
}

fn control(at: usize, work: &Work, rules: &Rules) -> Option<Controlled> {
    let family = work.plan.control_for?;
    let found = control_metric(work, family).and_then(|(metric, lines)| {
        let comparison = ratio(work, Purpose::Control, metric, lines, rules)?;
        let whole = !work.gave_up(Purpose::Control) && !work.owes(Purpose::Control);
        let quiet = paired::is_quiet(&comparison.ratio, lines) && whole;
        Some(Control { family, metric: metric.id.clone(), ratio: comparison.ratio, quiet })
    });
    Some(Controlled { work: at, family, owed: work.owes(Purpose::Control), found })
}

/// The metric that speaks for a family: the first of it that has lines to be held against.
fn control_metric(work: &Work, family: Family) -> Option<(&Metric, RelativeLines)> {
    let with_lines = || work.plan.metrics.iter().filter_map(|it| Some((it, it.relative?)));
    with_lines().find(|(metric, _)| metric.family == family).or_else(|| with_lines().next())
}

fn ratio(
    work: &Work,
    purpose: Purpose,
    metric: &Metric,
    lines: RelativeLines,
    rules: &Rules,
) -> Option<Comparison> {
    let launches = work.launches(purpose, metric);
    let logs: Vec<Vec<f64>> =
        launches.iter().map(|launch: &Launch| paired::log_ratios(metric, launch)).collect();
    let logs: Vec<&[f64]> = logs.iter().map(Vec::as_slice).collect();
    paired::compare(&logs, lines, draws(rules, purpose, metric))
}

fn draws(rules: &Rules, purpose: Purpose, metric: &Metric) -> Draws {
    let of = match purpose {
        Purpose::Measure => "measure",
        Purpose::Control => "control",
        Purpose::Confirm => "confirm",
    };
    rules.chance().of(of).of(&metric.id)
}
