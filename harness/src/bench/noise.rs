//! How often the gate itself is wrong: false alarms, and slow-downs that it misses.
//!
//! ```text
//!  a build against itself, >= 40 launches ──┬─ as they are ────> how often does it fail?
//!                                           ├─ head + 10 % ────> how often is it found?
//!                                           └─ head + 25 % ────> how often is it found?
//! ```
//!
//! A run is played again and again with launches drawn from the recorded ones: the rounds, the lines
//! and the confirmation are those of [`super::check`], and a failure has to hold against the
//! strictest share that Holm could leave it among the blocking metrics. What 40 launches did not
//! happen to show is accounted for by drawing the recording itself again: the upper bound is what 19 of 20
//! such recordings stay below.
//!
//! Left out: the controls, the load guard and the limit of a run. They only turn verdicts into
//! inconclusive ones, on machines that are not quiet: a run says less than was played, and errs less.

use serde::{Deserialize, Serialize};

use super::check::Rules;
use super::paired::{self, Launch};
use super::policy::{Importance, Metric, RelativeLines};
use super::report::{Interval, Judgement};
use super::statistics::Draws;
use crate::seed::Seed;
use gate::{Effort, Gate, rate};

mod gate;

/// Fewer launches than this say too little about rare ones.
pub const LAUNCHES_MIN: usize = 40;
/// At most so many runs may fail a build that is as good as its base.
pub const FALSE_FAIL_MAX: f64 = 0.02;
/// At least so many runs have to find +25 %.
pub const FOUND_25_MIN: f64 = 0.95;
/// At least so many runs have to find +10 %.
pub const FOUND_10_MIN: f64 = 0.80;
/// At most so many runs of a build that is as good as its base may say nothing.
pub const INCONCLUSIVE_MAX: f64 = 0.20;

/// How much is played for one metric: a few seconds, and enough to tell a rate of half a line from
/// the line.
const EFFORT: Effort = Effort { runs: 400, recordings: 40, runs_each: 60 };
/// What a slowed scenario has to show at least, of the 20 % that it was slowed by.
const SHOWN_MIN: f64 = 1.10;

/// Launches of a build against itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// What is promised of the metric.
    pub metric: Metric,
    /// Pairs of a launch in the first round of a real run.
    pub pairs: usize,
    /// How many times the launches of other metrics a round takes.
    pub often: usize,
    /// At least [`LAUNCHES_MIN`], each with at least the pairs of the first round. Where there are
    /// fewer than the last round takes, those are drawn again.
    pub launches: Vec<Launch>,
}

/// Why a recording says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooLittle {
    /// There is no relative line.
    #[error("judge {0} against a base: it has no relative lines")]
    NotRelative(String),
    /// There are too few launches.
    #[error("find {LAUNCHES_MIN} launches of {metric}: there are {launches}")]
    Launches {
        /// Of which metric.
        metric: String,
        /// How many there are.
        launches: usize,
    },
    /// A launch is too short for the first round.
    #[error("find {wanted} pairs in every launch of {metric}: one has {pairs}")]
    Pairs {
        /// Of which metric.
        metric: String,
        /// How many there are.
        pairs: usize,
        /// How many it takes.
        wanted: usize,
    },
}

/// How the gate does on one metric. Rates are parts of all runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseRow {
    /// The metric.
    pub metric: String,
    /// Whether it decides anything.
    pub gate: Importance,
    /// Launches that were recorded.
    pub launches: usize,
    /// Pairs of the shortest of them.
    #[serde(default)]
    pub pairs: usize,
    /// Pairs of a launch of the last round: beyond those that were recorded they were drawn from them
    /// again.
    #[serde(default)]
    pub pairs_played: usize,
    /// Runs that fail a build that is as good as its base.
    pub false_fail: f64,
    /// The same at most, with 95 %.
    pub false_fail_upper: f64,
    /// Runs that find +10 %.
    pub found_10: f64,
    /// Runs that find +25 %.
    pub found_25: f64,
    /// Runs of a build that is as good as its base that say nothing.
    pub inconclusive: f64,
}

/// How the gate does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NoiseTable {
    /// Metric by metric.
    pub rows: Vec<NoiseRow>,
}

/// What a scenario that was slowed by 20 % shows of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Slowed against not slowed.
    pub ratio: Interval,
    /// Whether the slow-down is there for sure, and most of it.
    pub shows: bool,
}

impl NoiseTable {
    /// Whether every blocking metric keeps the lines, and there is one.
    pub fn holds(&self) -> bool {
        self.rows.iter().any(|row| row.gate == Importance::Blocking) && self.broken().is_empty()
    }

    /// The part of quiet runs in which something is said of every blocking metric, if what is unsaid of
    /// one has nothing to do with another; none without such a metric.
    pub fn says_all(&self) -> Option<f64> {
        let blocking = self.rows.iter().filter(|row| row.gate == Importance::Blocking);
        blocking.map(|row| 1.0 - row.inconclusive).reduce(|all, says| all * says)
    }

    /// What does not keep the lines, each a sentence.
    pub fn broken(&self) -> Vec<String> {
        let blocking = self.rows.iter().filter(|row| row.gate == Importance::Blocking);
        blocking.flat_map(NoiseRow::broken).collect()
    }
}

impl NoiseRow {
    /// What of it does not keep the lines, each a sentence.
    pub fn broken(&self) -> Vec<String> {
        let percent = |rate: f64| format!("{:.1} %", rate * 100.0);
        let at_most = |what: &str, rate: f64, line: f64| {
            let (rate, line) = (percent(rate), (line < rate).then(|| percent(line)));
            line.map(|line| format!("{}: {what} in {rate} of runs, more than {line}", self.metric))
        };
        let at_least = |what: &str, rate: f64, line: f64| {
            let (rate, line) = (percent(rate), (rate < line).then(|| percent(line)));
            line.map(|line| format!("{}: {what} in {rate} of runs, less than {line}", self.metric))
        };
        [
            at_most("maybe a false alarm", self.false_fail_upper, FALSE_FAIL_MAX),
            at_least("+25 % found", self.found_25, FOUND_25_MIN),
            at_least("+10 % found", self.found_10, FOUND_10_MIN),
            at_most("nothing said", self.inconclusive, INCONCLUSIVE_MAX),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Plays runs with what was recorded of one metric. `blocking` is how many blocking metrics are
/// judged together with it.
pub fn row(recorded: &Recorded, rules: &Rules, blocking: usize) -> Result<NoiseRow, TooLittle> {
    let lines = check(recorded)?;
    let launches = recorded.often * rules.launches;
    let (pairs, blocking) = (recorded.pairs, blocking.max(1));
    let gate = Gate { lines, rules: *rules, pairs, launches, blocking };
    Ok(play(recorded, &gate, EFFORT))
}

fn play(recorded: &Recorded, gate: &Gate, effort: Effort) -> NoiseRow {
    let mut seed = Seed::new(gate.rules.chance().of("noise").of(&recorded.metric.id).seed);
    let quiet = logs(recorded, 1.0);
    let pool = all(&quiet);
    let runs = gate.play_all(&pool, effort.runs, &mut seed);
    let slower_10 = logs(recorded, 1.10);
    let slower_25 = logs(recorded, 1.25);
    NoiseRow {
        metric: recorded.metric.id.clone(),
        gate: recorded.metric.gate,
        launches: recorded.launches.len(),
        pairs: shortest(recorded),
        pairs_played: gate.pairs * gate.rules.factor(gate.rules.rounds),
        false_fail: rate(&runs, Judgement::Fail),
        false_fail_upper: gate.upper_bound(&pool, effort, &mut seed),
        found_10: rate(&gate.play_all(&all(&slower_10), effort.runs, &mut seed), Judgement::Fail),
        found_25: rate(&gate.play_all(&all(&slower_25), effort.runs, &mut seed), Judgement::Fail),
        inconclusive: rate(&runs, Judgement::Inconclusive),
    }
}

/// Whether launches in which head was slowed by 20 % show it; `None` without a pair.
pub fn shows(metric: &Metric, slowed: &[Launch], draws: Draws) -> Option<Shown> {
    let logs: Vec<Vec<f64>> =
        slowed.iter().map(|launch| paired::log_ratios(metric, launch)).collect();
    // Only the ratio is looked at.
    let lines = RelativeLines { warn: 0.0, fail: 0.0 };
    let ratio = paired::compare(&all(&logs), lines, draws)?.ratio;
    Some(Shown { ratio, shows: 1.0 < ratio.low && SHOWN_MIN < ratio.value })
}

fn check(recorded: &Recorded) -> Result<RelativeLines, TooLittle> {
    let metric = || recorded.metric.id.clone();
    let lines = recorded.metric.relative.ok_or_else(|| TooLittle::NotRelative(metric()))?;
    let launches = recorded.launches.len();
    if launches < LAUNCHES_MIN {
        return Err(TooLittle::Launches { metric: metric(), launches });
    }
    let pairs = shortest(recorded);
    let wanted = recorded.pairs.max(1);
    if pairs < wanted || recorded.pairs == 0 {
        return Err(TooLittle::Pairs { metric: metric(), pairs, wanted });
    }
    Ok(lines)
}

fn shortest(recorded: &Recorded) -> usize {
    recorded.launches.iter().map(|launch| launch.pairs.len()).min().unwrap_or(0)
}

/// The ratios of every launch, of a head that is `slower` so many times.
fn logs(recorded: &Recorded, slower: f64) -> Vec<Vec<f64>> {
    let shift = slower.ln();
    let shifted = |launch| {
        let logs = paired::log_ratios(&recorded.metric, launch);
        logs.into_iter().map(|log| log + shift).collect()
    };
    recorded.launches.iter().map(shifted).collect()
}

fn all(logs: &[Vec<f64>]) -> Vec<&[f64]> {
    logs.iter().map(Vec::as_slice).collect()
}

#[cfg(test)]
mod tests;
