//! What a run says about each metric, and why.
//!
//! A metric has up to three parts: how its scenario ended, how it stands against its promise, and
//! how against the base. It stands as the worst of them does.

use super::judging::{Compared, Sight};
use super::work::{Alone, End, Work};
use super::{Findings, How, Purpose, Rules, Surroundings};
use crate::bench::absolute;
use crate::bench::policy::{Importance, Kind, Metric, RelativeLines};
use crate::bench::report::{Interval, Judgement, Measured, MetricReport, Relative, Standing};

pub(super) fn of(works: &[Work], rules: &Rules, surroundings: Surroundings) -> Findings {
    let sight = Sight::of(works, rules);
    let metrics = works
        .iter()
        .enumerate()
        .flat_map(|(at, work)| work.plan.metrics.iter().map(move |metric| (at, work, metric)))
        .map(|(at, work, metric)| {
            let relative = sight.compared(at, metric);
            Finding { work, metric, rules, surroundings, sight: &sight, compared: relative }
                .report()
        })
        .collect();
    Findings { metrics, controls: sight.controls() }
}

/// Whether a scenario that is measured alone has a blocking metric of which it cannot be said on
/// which side of its line it is.
pub(super) fn straddles(work: &Work, rules: &Rules) -> bool {
    let blocking = |it: &&Metric| it.gate == Importance::Blocking;
    let is_open = |metric: &Metric| {
        let head = head(work, metric, rules);
        head.is_some_and(|it| absolute::judge(metric, &it.estimate) == Judgement::Inconclusive)
    };
    work.plan.how != How::Paired && work.plan.metrics.iter().filter(blocking).any(is_open)
}

fn head(work: &Work, metric: &Metric, rules: &Rules) -> Option<Measured> {
    let draws = rules.chance().of(&metric.id).of("head");
    absolute::measure(metric, &work.heads(metric), draws)
}

/// A metric whose part of the assistant is not built yet.
pub fn awaiting(metric: &Metric) -> MetricReport {
    let part = metric.awaits.as_deref().unwrap_or("its part");
    unmeasured(metric, Standing::Awaits, format!("awaits {part}"))
}

/// A metric that is not part of the run.
pub fn unasked(metric: &Metric, why: impl Into<String>) -> MetricReport {
    unmeasured(metric, Standing::Unasked, why.into())
}

/// A metric that cannot be measured here.
pub fn skipped(metric: &Metric, why: impl Into<String>) -> MetricReport {
    unmeasured(metric, Standing::Skipped, why.into())
}

/// One metric at the end of a run.
#[derive(Clone, Copy)]
struct Finding<'a> {
    work: &'a Work,
    metric: &'a Metric,
    rules: &'a Rules,
    surroundings: Surroundings,
    sight: &'a Sight,
    compared: Option<&'a Compared>,
}

/// One view of a metric: how it stands by it, and why if that is no plain pass.
pub(super) struct Part {
    standing: Standing,
    why: Option<String>,
}

impl Part {
    pub(super) fn of(standing: Standing, why: impl Into<String>) -> Self {
        Self { standing, why: Some(why.into()) }
    }

    const fn pass() -> Self {
        Self { standing: Standing::Pass, why: None }
    }
}

impl Finding<'_> {
    fn report(self) -> MetricReport {
        if let Some(End::Lacks(what)) = &self.work.end {
            // Nothing was taken before.
            return skipped(self.metric, format!("this machine lacks {what}"));
        }
        let metric = self.metric;
        let head = head(self.work, metric, self.rules);
        let mut parts = Vec::new();
        let judgement =
            head.as_ref().map(|head| self.excused(absolute::judge(metric, &head.estimate)));
        if let Some(End::Failed(why)) = &self.work.end {
            parts.push(Part::of(Standing::Fail, format!("failed to {why}")));
        } else if let Some(why) = self.work.head_troubles.first() {
            parts.push(Part::of(Standing::Warn, format!("failed to {why}, and once more did not")));
        }
        parts.push(match head.as_ref().zip(judgement) {
            Some((head, judgement)) => against_promise(metric, head, judgement),
            None => self.nothing(),
        });
        // What is compared says so itself.
        let is_compared = self.compared.is_some() && self.work.alone.is_none();
        if head.is_some()
            && !is_compared
            && let Some(why) = self.too_little()
        {
            parts.push(Part::of(Standing::Inconclusive, why));
        }
        let relative = if self.work.end.is_none() && head.is_some() {
            let (part, relative) = self.relative();
            parts.push(part);
            relative
        } else {
            None
        };
        report(metric, parts, head, judgement, relative)
    }

    /// A time that is too long on a busy machine, or in fewer samples than were planned, says nothing.
    /// All else does.
    fn excused(self, judgement: Judgement) -> Judgement {
        let says_nothing = self.surroundings == Surroundings::Loaded || self.too_little().is_some();
        if says_nothing && self.metric.kind == Kind::Latency && judgement == Judgement::Fail {
            Judgement::Inconclusive
        } else {
            judgement
        }
    }

    /// Why fewer samples were taken than were planned.
    fn too_little(self) -> Option<&'static str> {
        let why = if self.work.gave_up(Purpose::Measure) {
            "the machine was busy during too many launches"
        } else {
            "the time was up before it was measured in full"
        };
        self.work.is_cut(self.rules).then_some(why)
    }

    /// Why there is no value of the head.
    fn nothing(self) -> Part {
        if self.work.end.is_some() {
            Part::pass()
        } else if self.work.gave_up(Purpose::Measure) {
            Part::of(Standing::Inconclusive, "the machine was busy whenever it was measured")
        } else if self.work.measured_something() {
            Part::of(Standing::Fail, "its scenario gave no value of it")
        } else {
            Part::of(Standing::Inconclusive, "the run ended before it was measured")
        }
    }

    fn relative(self) -> (Part, Option<Relative>) {
        match (self.work.plan.how, self.metric.relative, self.compared) {
            (How::Absolute { .. }, _, _) | (How::Paired, None, _) => (Part::pass(), None),
            (How::New { .. }, _, _) => (Part::of(Standing::New, "the base does not have it"), None),
            (How::Paired, Some(_), None) => (self.uncompared(), None),
            (How::Paired, Some(lines), Some(compared)) => {
                let draws = self.rules.chance().of(&self.metric.id).of("base");
                let base = absolute::measure(self.metric, &self.work.bases(self.metric), draws);
                let (part, judgement) = self.against_base(compared, lines);
                let relative = base.map(|base| Relative {
                    base,
                    ratio: compared.comparison.ratio,
                    p: compared.comparison.p,
                    launches: compared.comparison.launches,
                    pairs: compared.comparison.pairs,
                    confirmation: compared.confirmation.map(|(again, _)| again.ratio),
                    judgement,
                });
                (part, relative)
            }
        }
    }

    /// Why there is nothing to be seen of the base.
    fn uncompared(self) -> Part {
        match &self.work.alone {
            Some(Alone::BaseFails(why)) => {
                Part::of(Standing::Inconclusive, format!("the base failed to {why}"))
            }
            // Launches of both, and no value of the base in any.
            Some(Alone::BaseLacks) | None => Part::of(Standing::New, "the base does not have it"),
        }
    }

    /// What the ratio means once the machine and the confirmation have had their say.
    fn against_base(self, compared: &Compared, lines: RelativeLines) -> (Part, Judgement) {
        let ratio = &compared.comparison.ratio;
        let unsure = |why: &str| {
            let why = format!("{}: {why}", against(ratio, lines));
            (Part::of(Standing::Inconclusive, why), Judgement::Inconclusive)
        };
        if let Some(Alone::BaseFails(why)) = &self.work.alone {
            return unsure(&format!("the base failed to {why}"));
        }
        if self.work.gave_up(Purpose::Measure) {
            return unsure("the machine was busy during too many launches");
        }
        if self.work.owes(Purpose::Measure) {
            return unsure("the time was up before it was measured in full");
        }
        if self.sight.owes_control(compared.family) {
            return unsure("the time was up before a build was held against itself");
        }
        if !self.sight.vouches_for(compared.family) {
            return unsure("a build against itself was not quiet enough to tell");
        }
        if compared.judgement != Judgement::Fail || compared.importance == Importance::Advisory {
            return (against_base(ratio, lines, compared.judgement), compared.judgement);
        }
        if self.work.owes(Purpose::Confirm) {
            return unsure("the time was up before it was confirmed");
        }
        match compared.confirmation.as_ref().map(|(_, judgement)| *judgement) {
            None => unsure("it could not be confirmed"),
            Some(Judgement::Inconclusive) => unsure("fresh launches could not confirm it"),
            Some(Judgement::Fail) if self.surroundings == Surroundings::Loaded => {
                unsure("the machine was busy")
            }
            Some(Judgement::Fail) => (against_base(ratio, lines, Judgement::Fail), Judgement::Fail),
            Some(Judgement::Pass | Judgement::Warn) => {
                let why = format!("{}, and fresh launches were not", against(ratio, lines));
                (Part::of(Standing::Warn, why), Judgement::Warn)
            }
        }
    }
}

pub(super) fn against_promise(metric: &Metric, head: &Measured, judgement: Judgement) -> Part {
    let unit = metric.unit.symbol();
    let measured = between(&head.estimate, unit);
    let line = if metric.kind == Kind::Exact { metric.concern } else { metric.failing_line() };
    let beyond = |line: f64| format!("beyond {}", with_unit(line, unit));
    match judgement {
        Judgement::Pass => Part::pass(),
        Judgement::Warn => {
            Part::of(Standing::Warn, format!("{measured} is {}", beyond(metric.warn)))
        }
        Judgement::Inconclusive => {
            Part::of(Standing::Inconclusive, format!("{measured} may be {}", beyond(line)))
        }
        Judgement::Fail if metric.kind == Kind::Exact => {
            Part::of(Standing::Broken, format!("{measured} is {}", beyond(line)))
        }
        Judgement::Fail => Part::of(Standing::Fail, format!("{measured} is {}", beyond(line))),
    }
}

pub(super) fn against_base(ratio: &Interval, lines: RelativeLines, judgement: Judgement) -> Part {
    let why = against(ratio, lines);
    match judgement {
        Judgement::Pass => Part::pass(),
        Judgement::Warn => Part::of(Standing::Warn, why),
        Judgement::Inconclusive => Part::of(Standing::Inconclusive, format!("{why}: too unsteady")),
        Judgement::Fail => Part::of(Standing::Fail, why),
    }
}

/// `12.3 % worse than the base (9.1 to 15.0), and may be 5 %`.
fn against(ratio: &Interval, lines: RelativeLines) -> String {
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let (by, word) = match percent(ratio.value) {
        by if by < 0.0 => (-by, "better"),
        by => (by, "worse"),
    };
    format!(
        "{by:.1} % {word} than the base ({:+.1} to {:+.1}), and may be {} % worse",
        percent(ratio.low),
        percent(ratio.high),
        lines.fail * 100.0,
    )
}

/// `12.3 ms (11.9 to 13.0)`; the value alone where it is exact.
fn between(estimate: &Interval, unit: &str) -> String {
    let value = with_unit(rounded(estimate.value), unit);
    if estimate.low.total_cmp(&estimate.high).is_eq() {
        return value;
    }
    format!("{value} ({} to {})", rounded(estimate.low), rounded(estimate.high))
}

fn with_unit(value: f64, unit: &str) -> String {
    if unit.is_empty() { value.to_string() } else { format!("{value} {unit}") }
}

/// Four digits: more than anybody compares by eye.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powf((3.0 - value.abs().log10().floor()).max(0.0));
    (value * scale).round() / scale
}

pub(super) const fn exactly(value: f64) -> Interval {
    Interval { value, low: value, high: value }
}

pub(super) fn unmeasured(metric: &Metric, standing: Standing, why: String) -> MetricReport {
    report(metric, vec![Part::of(standing, why)], None, None, None)
}

pub(super) fn report(
    metric: &Metric,
    parts: Vec<Part>,
    head: Option<Measured>,
    absolute: Option<Judgement>,
    relative: Option<Relative>,
) -> MetricReport {
    let standing = parts.iter().map(|part| part.standing).max().unwrap_or(Standing::Pass);
    let reasons = parts.into_iter().filter_map(|part| part.why).collect();
    MetricReport { policy: metric.clone(), standing, head, absolute, relative, reasons }
}
