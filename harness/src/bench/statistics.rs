//! Numbers out of samples: a statistic, the interval that holds it, and how sure it is.
//!
//! Intervals come from a bootstrap in two steps ([`Resampled`]): launches are drawn again from the
//! launches, and within each of these samples from its samples. Samples of one launch have much in
//! common (the place in memory, the moment), so a bootstrap over all samples at once would believe
//! itself to know far more than it does.
//!
//! All chance comes from a seed. Absent on purpose: means and deviations, which a single sample that
//! somebody else disturbed can move anywhere.

use super::policy::Statistic;
use super::report::Interval;
use crate::seed::Seed;

/// What a two-sided interval leaves out at each end.
const TAIL_PER_MILLE: usize = 25;
/// How often the range of a rate is halved: far below what any caller can tell apart.
const HALVINGS: usize = 60;

/// Where the chance of a bootstrap comes from, and how much of it there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    /// The number that repeats it.
    pub seed: u64,
    /// How many samples are drawn.
    pub times: usize,
}

impl Draws {
    /// As many draws, of a chance of their own: that of `what`.
    ///
    /// So a metric is judged the same in whatever order things were measured.
    #[must_use]
    pub fn of(self, what: &str) -> Self {
        // FNV-1a, which is the same in every build.
        let hash = what.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        Self { seed: self.seed ^ hash, ..self }
    }
}

/// A count as a number to calculate with.
pub fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The statistic of these samples; `None` of none at all.
pub fn statistic(which: Statistic, samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (lower, upper) = positions(which, sorted.len())?;
    Some(f64::midpoint(sorted[lower], sorted[upper]))
}

/// The two of `count` sorted values that a statistic lies in the middle of.
fn positions(which: Statistic, count: usize) -> Option<(usize, usize)> {
    let last = count.checked_sub(1)?;
    Some(match which {
        Statistic::Median => (last / 2, count / 2),
        Statistic::P95 => {
            let at = (count * 95).div_ceil(100) - 1;
            (at, at)
        }
        Statistic::Max => (last, last),
    })
}

/// A statistic, and what it was in samples that were drawn from the samples.
#[derive(Debug, Clone)]
pub struct Resampled {
    observed: f64,
    /// In order.
    drawn: Vec<f64>,
}

impl Resampled {
    /// The statistic of everything in `launches`; `None` if that is nothing.
    pub fn of(which: Statistic, launches: &[&[f64]], draws: Draws) -> Option<Self> {
        let launches: Vec<&[f64]> =
            launches.iter().copied().filter(|launch| !launch.is_empty()).collect();
        let observed = statistic(which, &launches.concat())?;
        let mut seed = Seed::new(draws.seed);
        let mut pool = Pool::of(&launches);
        let mut drawn: Vec<f64> =
            (0..draws.times).map(|_| pool.draw(which, &mut seed).unwrap_or(observed)).collect();
        drawn.sort_by(f64::total_cmp);
        Some(Self { observed, drawn })
    }

    /// The statistic of the samples themselves.
    pub const fn observed(&self) -> f64 {
        self.observed
    }

    /// It, and what holds it with 95 %.
    pub fn interval(&self) -> Interval {
        let cut = self.drawn.len() * TAIL_PER_MILLE / 1000;
        let end = |at: Option<&f64>| at.copied().unwrap_or(self.observed);
        Interval {
            value: self.observed,
            low: end(self.drawn.get(cut)).min(self.observed),
            high: end(self.drawn.iter().rev().nth(cut)).max(self.observed),
        }
    }

    /// How often it was no more than `line`: the chance to see what was seen if the line were not
    /// crossed. Never 0, since more draws could always have found one.
    pub fn share_up_to(&self, line: f64) -> f64 {
        let within = self.drawn.partition_point(|value| *value <= line);
        number(within + 1) / number(self.drawn.len() + 1)
    }
}

/// Samples as their places in the order of all samples, so that a draw is counted, not sorted.
struct Pool {
    sorted: Vec<f64>,
    launches: Vec<Vec<usize>>,
    /// How often each sample is in the draw at hand.
    drawn: Vec<u32>,
}

impl Pool {
    fn of(launches: &[&[f64]]) -> Self {
        let all = launches.concat();
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|one, other| all[*one].total_cmp(&all[*other]));
        let mut place = vec![0; all.len()];
        for (at, sample) in order.iter().enumerate() {
            place[*sample] = at;
        }
        let mut places = place.into_iter();
        Self {
            sorted: order.iter().map(|sample| all[*sample]).collect(),
            launches: launches
                .iter()
                .map(|launch| places.by_ref().take(launch.len()).collect())
                .collect(),
            drawn: vec![0; all.len()],
        }
    }

    fn draw(&mut self, which: Statistic, seed: &mut Seed) -> Option<f64> {
        self.drawn.fill(0);
        let mut count = 0;
        for _ in 0..self.launches.len() {
            let launch = &self.launches[pick(seed, self.launches.len())];
            for _ in 0..launch.len() {
                self.drawn[launch[pick(seed, launch.len())]] += 1;
            }
            count += launch.len();
        }
        let (lower, upper) = positions(which, count)?;
        Some(f64::midpoint(self.at(lower), self.at(upper)))
    }

    /// The value at this place of the sorted draw.
    fn at(&self, place: usize) -> f64 {
        let mut before = 0;
        for (value, times) in self.sorted.iter().zip(&self.drawn) {
            before += *times as usize;
            if place < before {
                return *value;
            }
        }
        f64::NAN
    }
}

/// One of `count` places. By multiplication: a draw is thousands of these, and a division each would
/// be most of its time.
pub fn pick(seed: &mut Seed, count: usize) -> usize {
    let scaled = (u128::from(seed.next()) * count as u128) >> 64;
    usize::try_from(scaled).expect("it is less than a count of things in memory")
}

/// The largest rate at which `found` or fewer of `tried` would still be seen in one case of twenty
/// (Clopper and Pearson, "The use of confidence or fiducial limits", 1934).
pub fn rate_upper_bound(found: usize, tried: usize) -> f64 {
    if tried <= found {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let rate = f64::midpoint(low, high);
        if chance_of_at_most(found, tried, rate) < 0.05 {
            high = rate;
        } else {
            low = rate;
        }
    }
    high
}

/// The binomial distribution up to `found`. In logarithms: the first terms may be too small to
/// stand for themselves where the later ones are not.
fn chance_of_at_most(found: usize, tried: usize, rate: f64) -> f64 {
    let odds = rate.ln() - (-rate).ln_1p();
    let mut term = number(tried) * (-rate).ln_1p();
    let mut sum = term.exp();
    for k in 0..found {
        term += (number(tried - k) / number(k + 1)).ln() + odds;
        sum += term.exp();
    }
    sum
}

/// Which of several findings with these chances stand together at `level` (Holm, "A simple
/// sequentially rejective multiple test procedure", 1979): with so many looks, some would seem true
/// by chance.
pub fn holm(chances: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|one, other| chances[*one].total_cmp(&chances[*other]));
    let mut stands = vec![false; chances.len()];
    for (rank, finding) in order.into_iter().enumerate() {
        if chances[finding] > level / number(chances.len() - rank) {
            break;
        }
        stands[finding] = true;
    }
    stands
}

#[cfg(test)]
mod tests;
