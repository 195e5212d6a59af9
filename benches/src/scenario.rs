//! A scenario: a piece of work that can be done again and again, and what each time took.
//!
//! ```text
//! Entry (what there is) ── open(place) ─> Scenario ── sample(slowdown) ─> values by metric
//! ```
//!
//! Whoever runs one (the probe, criterion, a test) decides how often. Whatever a scenario times it
//! holds up by its [`Slowdown`]: a run of all scenarios with and without it shows which of them would
//! not notice that something got slower, because they wait before they look. So the hold has to be a
//! part of what is waited for, and is never just added to a time:
//!
//! - the stimulus is held back while somebody is looking already ([`while_looking`]),
//! - or whoever answers it is held up (the stand-in of the agent; the daemon, stopped for a while),
//! - or, where the call itself is what is timed and nothing is looked for, it stands before the work.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
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

    /// The time that is due for `metric`.
    pub fn delay(&self, metric: &str) -> Duration {
        self.0.get(metric).copied().unwrap_or_default()
    }

    /// Takes the time that is due for `metric`. By computing, as slower code would, and not by
    /// sleeping, which the system rounds up.
    pub fn hold(&self, metric: &str) {
        self.hold_each(metric, 1);
    }

    /// The same for so many units of work that are timed together: one hold for all of them, where
    /// reading the clock would take longer than a unit.
    pub fn hold_each(&self, metric: &str, units: u32) {
        compute_for(self.delay(metric).saturating_mul(units));
    }
}

/// Computes for so long.
pub(crate) fn compute_for(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Looks for what `stimulus` brings about, beginning before it is given: another thread gives it, and
/// holds it back as long as its time is due. Returns what the stimulus told (the moment from which is
/// to be counted) and what was found.
///
/// # Errors
/// Those of the stimulus before those of the look, which may have looked in vain because of them.
pub fn while_looking<S: Send, T, E: Send>(
    stimulus: impl FnOnce() -> Result<S, E> + Send,
    look: impl FnOnce() -> Result<T, E>,
) -> Result<(S, T), E> {
    thread::scope(|scope| {
        let given = scope.spawn(stimulus);
        let found = look();
        let given = given.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((given, found?))
    })
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
