//! One launch: probes are started, a scenario is prepared, samples are taken, and all of it ends.
//!
//! Two builds take turns, sample by sample, and chance says which of them goes first in a pair: what
//! the first one finds warm or cold is then nobody's advantage. Where their programs lie in memory is drawn
//! anew for each launch (`laid`).

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use harness::bench::paired::Pair;
use harness::bench::probe::{Offered, Values};
use harness::seed::Seed;

use super::laid;
use super::probe::{Probe, Sample, Trouble};
use crate::running::Interrupt;

/// How a probe is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

/// The work of a launch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) scenario: &'a str,
    /// How many pairs, or samples of one build.
    pub(super) count: usize,
    /// How long an answer may take.
    pub(super) limit: Duration,
    /// By which part of what it takes the head is slowed.
    pub(super) slowed: Option<f64>,
    pub(super) interrupt: &'a Interrupt,
}

/// Which build of a pair is in trouble.
#[derive(Debug)]
pub(super) enum Fault {
    Base(Trouble),
    Head(Trouble),
}

impl Fault {
    /// Whether something lacks, which does so on a busy machine, too.
    pub(super) const fn lacks(&self) -> bool {
        matches!(self, Self::Base(Trouble::Missing(_)) | Self::Head(Trouble::Missing(_)))
    }
}

impl Start {
    /// What its probe offers.
    pub(super) fn offered(&self, interrupt: &Interrupt) -> Result<Vec<Offered>, Trouble> {
        let probe = self.probe(interrupt)?;
        let offered = probe.offered().to_vec();
        probe.end()?;
        Ok(offered)
    }

    fn probe<'a>(&self, interrupt: &'a Interrupt) -> Result<Probe<'a>, Trouble> {
        Probe::start(&self.program, &self.arguments, interrupt)
    }

    fn prepared<'a>(&self, task: Task<'a>, slowed: Option<f64>) -> Result<Probe<'a>, Trouble> {
        let mut probe = self.probe(task.interrupt)?;
        probe.prepare(task.scenario, slowed, task.limit)?;
        Ok(probe)
    }
}

/// Samples of one build.
pub(super) fn alone(head: &Start, task: Task<'_>) -> Result<Vec<Sample>, Trouble> {
    laid::anew(&head.program)?;
    let mut probe = head.prepared(task, task.slowed)?;
    let mut samples = Vec::new();
    for _ in 0..task.count {
        samples.push(probe.sample(task.limit)?);
    }
    probe.finish(task.limit)?;
    Ok(samples)
}

/// Samples of two builds.
pub(super) fn pairs(
    base: &Start,
    head: &Start,
    task: Task<'_>,
    seed: &mut Seed,
) -> Result<Vec<Pair<Sample>>, Fault> {
    // Both before either is prepared, and either may be first: what is done between would be always
    // on the same side, and so would what the second of two finds.
    let lay_base = || laid::anew(&base.program).map_err(|error| Fault::Base(error.into()));
    let lay_head = || laid::anew(&head.program).map_err(|error| Fault::Head(error.into()));
    first_or_second(seed, lay_base, lay_head)?;
    // What is to be slowed takes samples first, to know what it takes. The base takes as many: a store
    // gets slower until it is swept, and both are to be as far on the way to that.
    let base = || base.prepared(task, task.slowed.map(|_| 0.0)).map_err(Fault::Base);
    let head = || head.prepared(task, task.slowed).map_err(Fault::Head);
    let (mut base, mut head) = first_or_second(seed, base, head)?;
    let mut pairs = Vec::new();
    for _ in 0..task.count {
        let base = || base.sample(task.limit).map_err(Fault::Base);
        let head = || head.sample(task.limit).map_err(Fault::Head);
        let (base, head) = first_or_second(seed, base, head)?;
        pairs.push(Pair { base, head });
    }
    base.finish(task.limit).map_err(Fault::Base)?;
    head.finish(task.limit).map_err(Fault::Head)?;
    Ok(pairs)
}

/// Does the same for both builds. Chance says for which of them first.
fn first_or_second<T, U>(
    seed: &mut Seed,
    base: impl FnOnce() -> Result<T, Fault>,
    head: impl FnOnce() -> Result<U, Fault>,
) -> Result<(T, U), Fault> {
    if seed.below(2) == 0 {
        let base = base()?;
        Ok((base, head()?))
    } else {
        let head = head()?;
        Ok((base()?, head))
    }
}

/// The values alone.
pub(super) fn values(pairs: Vec<Pair<Sample>>) -> Vec<Pair<Values>> {
    let values = |pair: Pair<Sample>| Pair { base: pair.base.values, head: pair.head.values };
    pairs.into_iter().map(values).collect()
}
