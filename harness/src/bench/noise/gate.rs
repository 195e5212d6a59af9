//! The gate as it judges one metric: played with launches of a pool, as often as one likes.

use std::borrow::Cow;

use crate::bench::check::{LEVEL, Rules};
use crate::bench::paired;
use crate::bench::policy::{RelativeLines, Statistic};
use crate::bench::report::Judgement;
use crate::bench::statistics::{Draws, number, pick, rate_upper_bound, statistic};
use crate::seed::Seed;

/// The ratios of one launch of a run.
type Taken<'a> = Cow<'a, [f64]>;

/// How much is played.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Runs for each rate.
    pub(super) runs: usize,
    /// Recordings that are drawn for the upper bound.
    pub(super) recordings: usize,
    /// Runs with each of them.
    pub(super) runs_each: usize,
}

/// The rounds, lines and confirmation of one metric.
pub(super) struct Gate {
    pub(super) lines: RelativeLines,
    pub(super) rules: Rules,
    pub(super) pairs: usize,
    /// Launches of a round.
    pub(super) launches: usize,
    /// Blocking metrics that are judged together with it, itself among them.
    pub(super) blocking: usize,
}

impl Gate {
    pub(super) fn play_all(&self, pool: &[&[f64]], runs: usize, seed: &mut Seed) -> Vec<Judgement> {
        (0..runs).map(|_| self.play(pool, seed)).collect()
    }

    /// One run with launches of the pool.
    fn play(&self, pool: &[&[f64]], seed: &mut Seed) -> Judgement {
        let mut launches = Vec::new();
        for round in 0..self.rules.rounds {
            launches.extend(self.draw(pool, self.launches, self.rules.factor(round), seed));
            match self.judge(&launches, self.blocking, seed) {
                Judgement::Inconclusive => {}
                Judgement::Fail => return self.confirm(pool, seed),
                held @ (Judgement::Pass | Judgement::Warn) => return held,
            }
        }
        Judgement::Inconclusive
    }

    fn confirm(&self, pool: &[&[f64]], seed: &mut Seed) -> Judgement {
        let fresh = self.draw(pool, 2 * self.launches, self.rules.confirming_factor(), seed);
        self.judge(&fresh, 1, seed)
    }

    /// So many launches of one round. Of a recorded one that is longer than this round some part is taken, as
    /// it came. Where it is shorter, its pairs are drawn again: what the launch has of its own stays, and
    /// chance among its pairs is played.
    fn draw<'a>(
        &self,
        pool: &[&'a [f64]],
        count: usize,
        factor: usize,
        seed: &mut Seed,
    ) -> Vec<Taken<'a>> {
        let wanted = self.pairs * factor;
        let mut draw = |_| {
            let launch = pool[pick(seed, pool.len())];
            match launch.len().checked_sub(wanted) {
                Some(rest) => Cow::Borrowed(&launch[pick(seed, rest + 1)..][..wanted]),
                None => (0..wanted).map(|_| launch[pick(seed, launch.len())]).collect(),
            }
        };
        (0..count).map(&mut draw).collect()
    }

    /// What launches say, as one of so many metrics that are judged together.
    fn judge(&self, launches: &[Taken<'_>], together: usize, seed: &mut Seed) -> Judgement {
        let draws = Draws { seed: seed.next(), times: self.rules.draws };
        let launches: Vec<&[f64]> = launches.iter().map(AsRef::as_ref).collect();
        let Some(comparison) = paired::compare(&launches, self.lines, draws) else {
            return Judgement::Inconclusive;
        };
        let judgement = paired::judge(&comparison.ratio, self.lines);
        let stands = comparison.p <= LEVEL / number(together);
        if judgement == Judgement::Fail && !stands { Judgement::Inconclusive } else { judgement }
    }

    /// What the rate of false alarms is at most: over recordings drawn from the one at hand, and
    /// over the runs that were played.
    pub(super) fn upper_bound(&self, pool: &[&[f64]], effort: Effort, seed: &mut Seed) -> f64 {
        let mut failed = 0;
        let mut rates = Vec::with_capacity(effort.recordings);
        for _ in 0..effort.recordings {
            let recording: Vec<&[f64]> =
                pool.iter().map(|_| pool[pick(seed, pool.len())]).collect();
            let runs = self.play_all(&recording, effort.runs_each, seed);
            failed += runs.iter().filter(|run| **run == Judgement::Fail).count();
            rates.push(rate(&runs, Judgement::Fail));
        }
        let played = rate_upper_bound(failed, effort.recordings * effort.runs_each);
        statistic(Statistic::P95, &rates).map_or(played, |drawn| drawn.max(played))
    }
}

/// Which part of the runs ended so.
pub(super) fn rate(runs: &[Judgement], meant: Judgement) -> f64 {
    number(runs.iter().filter(|run| **run == meant).count()) / number(runs.len())
}
