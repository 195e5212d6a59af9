//! A scenario: a piece of work that can be done again and again, and what each time took.
//!
//! ```text
//! Entry (what there is) ── open(place) ─> Scenario ── sample(slowdown) ─> values by metric
//! ```
//!
//! Whoever runs one (the probe, criterion, a test) decides how often. Whatever a scenario times it
//! first holds up by its [`Slowdown`], inside of what is timed and before the work begins: a run of
//! all scenarios with and without it shows which of them would not notice that something got slower,
//! because they wait before they look.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::bench::probe::Values;
use harness::bench::report::RoleMemory;
use harness::binaries::Programs;

/// Why a scenario gave no values.
#[derive(Debug, thiserror::Error)]
pub enum NoValues {
    /// This machine lacks something.
    #[error("find {0}")]
    Missing(String),
    /// It went wrong.
    #[error(transparent)]
    Failed(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl NoValues {
    /// Something went wrong.
    pub fn failed(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(why.into())
    }
}

/// Where scenarios find what they run.
#[derive(Debug, Clone)]
pub struct Place {
    /// The daemon and the stand-ins.
    pub programs: Programs,
    /// The real agent program, where there is one.
    pub claude: Option<PathBuf>,
    /// How many bytes of this process are allocated, where its allocator counts them.
    pub live_bytes: Option<fn() -> usize>,
    /// How much time there is.
    pub pace: Pace,
}

/// How much time a scenario takes for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// As much as a figure needs that is to mean something.
    #[default]
    Measured,
    /// As little as shows that the work is done: for a check of the scenario itself.
    Brief,
}

/// A piece of work, ready to be done.
pub trait Scenario {
    /// Does it once. A value for each metric of its [`Entry`], in the policy's unit.
    ///
    /// # Errors
    /// When it does not end as it should.
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues>;

    /// Memory of the processes of the last sample, by role, where the scenario looks at it.
    fn roles(&self) -> Vec<RoleMemory> {
        Vec::new()
    }

    /// Takes away what was prepared. What is only dropped goes away too, but nobody hears of
    /// trouble.
    ///
    /// # Errors
    /// When something does not end as it should.
    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        Ok(())
    }
}

/// One scenario that there is.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name in the policy.
    pub name: &'static str,
    /// What each sample gives a value of.
    pub metrics: &'static [&'static str],
    /// Samples to throw away after it was made ready.
    pub warm_ups: usize,
    /// Makes it ready.
    pub open: fn(&Place) -> Result<Box<dyn Scenario>, NoValues>,
}

/// How much longer than it is everything timed is to take, by metric.
#[derive(Debug, Clone, Default)]
pub struct Slowdown(BTreeMap<String, Duration>);

impl Slowdown {
    /// Nothing is slowed.
    pub fn none() -> Self {
        Self::default()
    }

    /// So much for each metric.
    pub fn of(delays: BTreeMap<String, Duration>) -> Self {
        Self(delays)
    }

    /// Takes the time that is due for `metric`. By computing, as slower code would, and not by
    /// sleeping, which the system rounds up.
    pub fn hold(&self, metric: &str) {
        self.hold_each(metric, 1);
    }

    /// The same for so many units of work that are timed together: one hold for all of them, where
    /// reading the clock would take longer than a unit.
    pub fn hold_each(&self, metric: &str, units: u32) {
        let Some(delay) = self.0.get(metric) else { return };
        let (began, delay) = (Instant::now(), delay.saturating_mul(units));
        while began.elapsed() < delay {
            std::hint::spin_loop();
        }
    }
}

/// A time in milliseconds.
pub fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

/// Memory in megabytes, of a million bytes.
pub fn megabytes(bytes: u64) -> f64 {
    // A `Duration` counts in exact integers, and so needs no cast that could lose something.
    Duration::from_micros(bytes).as_secs_f64()
}

/// How many milliseconds each of so many units took that were timed together.
pub fn ms_of_each(took: Duration, units: u32) -> f64 {
    took.as_secs_f64() * 1000.0 / f64::from(units)
}

/// The values of a sample, if they are what its entry promises: each metric, no other, and every
/// one a number.
///
/// # Errors
/// What is wrong with them.
pub fn checked(entry: &Entry, values: Values) -> Result<Values, NoValues> {
    let wrong = |what: String| Err(NoValues::failed(format!("measure {}: {what}", entry.name)));
    if let Some(lacking) = entry.metrics.iter().find(|metric| !values.contains_key(**metric)) {
        return wrong(format!("no value of {lacking}"));
    }
    if let Some(metric) = values.keys().find(|metric| !entry.metrics.contains(&metric.as_str())) {
        return wrong(format!("a value of {metric}, which is not promised"));
    }
    match values.iter().find(|(_, value)| !value.is_finite()) {
        Some((metric, value)) => wrong(format!("{metric} is {value}")),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests;
