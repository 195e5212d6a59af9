//! How far a metric has come from the first value that was ever promoted on this machine.
//!
//! A build is judged against the one before it, so steps that are too small to be remarked pass one by
//! one; here they are seen together. Shown, and never a failure: another kernel may be the whole of it.

use super::policy::{Direction, Metric};
use super::report::{BenchReport, Interval, MetricReport, Promotion};

/// Worse by more than this part of the anchor is worth a line.
pub const FAR: f64 = 0.1;

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

    /// Whether it is surely worse by more than [`FAR`].
    pub fn is_far(&self) -> bool {
        let (anchor, now) = (&self.anchor.estimate, self.now);
        match self.policy.direction {
            Direction::Lower => (1.0 + FAR) * anchor.high.max(0.0) < now.low,
            Direction::Higher => now.high < (1.0 - FAR) * anchor.low,
        }
    }
}

#[cfg(test)]
mod tests;
