//! A metric against what is promised of it.
//!
//! ```text
//!   good ──────┬─ warn ──────┬─ failing line ─────> bad
//!    [──────]  │             │                      pass
//!              │  [──────]   │                      warn
//!              │         [───┼───]                  inconclusive
//!              │             │  [──────]            fail
//! ```
//!
//! `[──]` is the interval of the statistic. What is exact has none: one sample beyond the concern is
//! a failure.

use super::policy::{Direction, Kind, Metric};
use super::report::{Interval, Judgement, Measured};
use super::statistics::{Draws, Resampled, statistic};

/// With fewer samples than this an interval reaches from the least to the most: with five that
/// holds the median with 94 %, and drawing from them again would promise more than they know.
const DRAWN_FROM: usize = 6;

/// What was measured of a metric, launch by launch; `None` if that is nothing.
pub fn measure(metric: &Metric, launches: &[Vec<f64>], draws: Draws) -> Option<Measured> {
    let all = launches.concat();
    let observed = statistic(metric.statistic, &all)?;
    let estimate = match metric.kind {
        Kind::Exact => {
            let worst = all.iter().copied().reduce(|one, other| worse(metric, one, other))?;
            Interval { value: worst, low: worst, high: worst }
        }
        Kind::Latency | Kind::Growth if all.len() < DRAWN_FROM => Interval {
            value: observed,
            low: all.iter().copied().fold(observed, f64::min),
            high: all.iter().copied().fold(observed, f64::max),
        },
        Kind::Latency | Kind::Growth => {
            let launches: Vec<&[f64]> = launches.iter().map(Vec::as_slice).collect();
            Resampled::of(metric.statistic, &launches, draws)?.interval()
        }
    };
    Some(Measured { estimate, samples: all.len() })
}

/// What this means for what is promised.
pub fn judge(metric: &Metric, estimate: &Interval) -> Judgement {
    let line = if metric.kind == Kind::Exact { metric.concern } else { metric.failing_line() };
    if surely_beyond(metric.direction, estimate, line) {
        Judgement::Fail
    } else if maybe_beyond(metric.direction, estimate, line) {
        Judgement::Inconclusive
    } else if surely_beyond(metric.direction, estimate, metric.warn) {
        Judgement::Warn
    } else {
        Judgement::Pass
    }
}

fn surely_beyond(direction: Direction, estimate: &Interval, line: f64) -> bool {
    match direction {
        Direction::Lower => estimate.low > line,
        Direction::Higher => estimate.high < line,
    }
}

fn maybe_beyond(direction: Direction, estimate: &Interval, line: f64) -> bool {
    match direction {
        Direction::Lower => estimate.high > line,
        Direction::Higher => estimate.low < line,
    }
}

fn worse(metric: &Metric, one: f64, other: f64) -> f64 {
    match metric.direction {
        Direction::Lower => one.max(other),
        Direction::Higher => one.min(other),
    }
}

#[cfg(test)]
mod tests;
