//! How far a metric has come from the first value that was ever promoted on this machine.
//!
//! A build is judged against the one before it, so steps that are too small to be remarked pass one by
//! one; here they are seen together. Shown, and never a failure: another kernel may be the whole of it.

use super::policy::{Direction, Metric};
use super::report::{BenchReport, Interval, MetricReport, Promotion};

/// Worse by more than this part of the anchor is worth a line.
pub const FAR: f64 = 0.1;

/// Less than this part of the line at which the metric fails is nothing, whatever part of the anchor it is:
/// an anchor may be close to 0.
const LITTLE: f64 = 0.02;

/// One metric beside its anchor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift<'a> {
    /// What is known of the metric.
    pub policy: &'a Metric,
    /// The first promotion of its reference.
    pub anchor: &'a Promotion,
    /// What the run measured.
    pub now: &'a Interval,
}

impl<'a> Drift<'a> {
    /// Of a metric of this report; none where it has no value, or was never promoted here.
    pub fn of(report: &'a BenchReport, row: &'a MetricReport) -> Option<Self> {
        let anchor = report.trends.get(&row.policy.id)?.promotions.first()?;
        let now = &row.head.as_ref()?.estimate;
        Some(Self { policy: &row.policy, anchor, now })
    }

    /// As a part of the anchor: 0.1 is a tenth more than it. None where the anchor is nothing.
    pub fn part(&self) -> Option<f64> {
        let anchor = self.anchor.estimate.value;
        (0.0 < anchor).then(|| self.now.value / anchor - 1.0)
    }

    /// Whether it is worse by more than [`FAR`], the two intervals apart by so much.
    pub fn is_far(&self) -> bool {
        let (anchor, now) = (&self.anchor.estimate, self.now);
        let (worse, from) = match self.policy.direction {
            Direction::Lower => (now.low - anchor.high, anchor.high),
            Direction::Higher => (anchor.low - now.high, anchor.low),
        };
        let little = LITTLE * self.policy.failing_line().abs();
        (FAR * from.abs()).max(little) < worse
    }
}

#[cfg(test)]
mod tests;
