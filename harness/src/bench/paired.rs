//! A metric against an older build that was measured in the same minutes.
//!
//! ```text
//!  launch  ── base ■ ■ ■ ■ ──┐ alternating,   ratio of each pair ──> median of all ratios
//!          ── head  ■ ■ ■ ■ ─┘ one pair each                         and its interval
//! ```
//!
//! Whatever slows the machine for a moment slows both sides of a pair, and what a launch has of its
//! own (where its memory came to lie) is drawn again with the launch. A ratio over 1 is worse,
//! whichever way of a metric is better. It is always the median of ratios: extremes of two builds say
//! little about each other.

use serde::{Deserialize, Serialize};

use super::policy::{Direction, Metric, RelativeLines, Statistic};
use super::report::{Interval, Judgement};
use super::statistics::{Draws, Resampled};

/// What is smaller than this part of the line at which a metric fails counts as that part: nobody
/// could notice it, and without a least value a 0 would have no ratio to anything.
const FLOOR_PART: f64 = 1e-6;
/// The same for a metric whose line is 0.
const FLOOR_LEAST: f64 = 1e-9;

/// The same work, done by both builds one right after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair<T = f64> {
    /// What it took the older build.
    pub base: T,
    /// What it took the build that is judged.
    pub head: T,
}

/// The pairs between a start of both builds and their end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Launch {
    /// In the order in which they were taken.
    pub pairs: Vec<Pair>,
}

/// What pairs say about two builds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Head against base; over 1 is worse.
    pub ratio: Interval,
    /// The chance to see this if head were not beyond the failing line.
    pub p: f64,
    /// How often both were started.
    pub launches: usize,
    /// Pairs in all of these.
    pub pairs: usize,
}

/// How much worse head was, pair by pair, as logarithms: their order is the same the other way
/// round, so that neither build is favoured.
pub fn log_ratios(metric: &Metric, launch: &Launch) -> Vec<f64> {
    let floor = (metric.failing_line().abs() * FLOOR_PART).max(FLOOR_LEAST);
    let log = |value: f64| value.max(floor).ln();
    let ratio = |pair: &Pair| match metric.direction {
        Direction::Lower => log(pair.head) - log(pair.base),
        Direction::Higher => log(pair.base) - log(pair.head),
    };
    launch.pairs.iter().map(ratio).collect()
}

/// Compares two builds by the [`log_ratios`] of their launches; `None` without a single pair.
pub fn compare(launches: &[&[f64]], lines: RelativeLines, draws: Draws) -> Option<Comparison> {
    let resampled = Resampled::of(Statistic::Median, launches, draws)?;
    let interval = resampled.interval();
    Some(Comparison {
        ratio: Interval {
            value: interval.value.exp(),
            low: interval.low.exp(),
            high: interval.high.exp(),
        },
        p: resampled.share_up_to(lines.fail.ln_1p()),
        launches: launches.iter().filter(|launch| !launch.is_empty()).count(),
        pairs: launches.iter().map(|launch| launch.len()).sum(),
    })
}

/// What a ratio means for the lines of its metric.
pub fn judge(ratio: &Interval, lines: RelativeLines) -> Judgement {
    let fail = 1.0 + lines.fail;
    if ratio.low > fail {
        Judgement::Fail
    } else if ratio.high > fail {
        Judgement::Inconclusive
    } else if ratio.low > 1.0 + lines.warn {
        Judgement::Warn
    } else {
        Judgement::Pass
    }
}

/// Whether a build against itself is as close to 1 as it has to be for `lines` to mean anything:
/// surely within the failing line to either side.
///
/// Being off by less is no disturbance: the interval misses 1 in one quiet run of twenty.
pub fn is_quiet(ratio: &Interval, lines: RelativeLines) -> bool {
    let fail = 1.0 + lines.fail;
    1.0 / fail <= ratio.low && ratio.high <= fail
}

#[cfg(test)]
mod tests;
