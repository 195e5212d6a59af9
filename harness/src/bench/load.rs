//! What others do on the machine: a guard that looks between launches, while nothing of ours works.
//!
//! ```text
//!        measured for SPAN ──> due ── look ──> quiet ──> go on
//!                                          └─> loaded ──> wait for quiet, as long as there is
//!                                                         time left for that, then go on
//! ```
//!
//! [`Guard`] is pure: looks come in as numbers. Only [`look()`] asks the system.

use std::time::Duration;

use sysinfo::System;

use super::report::Load;
use crate::wait::wait_for_every;

/// What others may do, as a part of all cores. On two cores it is half of one: with more, the two
/// sides of a pair no longer find a core for themselves.
pub const LIMIT: f64 = 0.25;

/// How long may be measured without a look. A look costs [`LOOK`], so a tenth of the time at most.
pub const SPAN: Duration = Duration::from_secs(2);

/// How long one look takes: the system counts in ticks of 10 ms, so that this is twenty of them on
/// each core.
pub const LOOK: Duration = Duration::from_millis(200);

/// How long a whole run waits for quiet, unless it has less time: a build of somebody else ends in
/// this time, or it is none.
pub const WAIT_MAX: Duration = Duration::from_mins(1);

/// How long it is waited for quiet at one place: what has not ended then is tried without.
pub const WAIT_ONCE_MAX: Duration = Duration::from_secs(6);

/// What a look means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The machine is ours.
    Quiet,
    /// Others work on it.
    Loaded,
}

/// All looks of a run.
#[derive(Debug, Clone)]
pub struct Guard {
    looks: Vec<f64>,
    since_look: Duration,
    waited: Duration,
    wait_max: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self::waiting(WAIT_MAX)
    }
}

impl Guard {
    /// One that waits for quiet for so long in all.
    pub const fn waiting(wait_max: Duration) -> Self {
        let none = Duration::ZERO;
        Self { looks: Vec::new(), since_look: none, waited: none, wait_max }
    }

    /// Whether it is time for a look: before anything was measured, after [`SPAN`], and for as long as
    /// the last one found the machine loaded.
    pub fn is_due(&self) -> bool {
        let calm = self.looks.last().is_some_and(|part| found(*part) == Found::Quiet);
        !calm || SPAN <= self.since_look
    }

    /// So long was measured.
    pub fn measured(&mut self, took: Duration) {
        self.since_look += took;
    }

    /// A look found that others have this part of all cores.
    pub fn looked(&mut self, part: f64) -> Found {
        self.looks.push(part);
        self.since_look = Duration::ZERO;
        found(part)
    }

    /// How long it may be waited for quiet now; none if there was too much of it.
    pub fn may_wait(&self) -> Option<Duration> {
        let left = self.wait_max.saturating_sub(self.waited).min(WAIT_ONCE_MAX);
        (!left.is_zero()).then_some(left)
    }

    /// So long was waited.
    pub fn waited(&mut self, took: Duration) {
        self.waited += took;
    }

    /// Whether the run as a whole was disturbed: others were there more often than not, or it was
    /// waited in vain for as long as may be.
    pub fn is_loaded(&self) -> bool {
        self.wait_max <= self.waited || found(self.load().median) == Found::Loaded
    }

    /// All of it for a report.
    pub fn load(&self) -> Load {
        let mut sorted = self.looks.clone();
        sorted.sort_by(f64::total_cmp);
        Load {
            looks: sorted.len(),
            loaded: sorted.iter().filter(|part| found(**part) == Found::Loaded).count(),
            limit: LIMIT,
            median: sorted.get(sorted.len() / 2).copied().unwrap_or(0.0),
            worst: sorted.last().copied().unwrap_or(0.0),
        }
    }
}

/// The part of all cores that is in use, over [`LOOK`].
pub fn look() -> f64 {
    /// The system says 100 for all cores.
    const ALL: f64 = 100.0;
    let mut system = System::new().expect("the harness runs only where the cores can be asked");
    system.refresh_cpu_usage();
    // Nothing is waited for but the time.
    let _nothing = wait_for_every(LOOK, LOOK, || None::<()>);
    system.refresh_cpu_usage();
    f64::from(system.global_cpu_usage()) / ALL
}

fn found(part: f64) -> Found {
    // What cannot be told is not quiet.
    if part <= LIMIT { Found::Quiet } else { Found::Loaded }
}

#[cfg(test)]
mod tests;
