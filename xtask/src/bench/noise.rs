//! `cargo xtask bench noise`: how often the gate would err on this machine, and what it would find.
//!
//! ```text
//!  head against its copy, again and again ──> recording ──> runs played with it ──> table
//!  the same, with the head slowed by 20 % ─────────┴──────> does each time show it? ──┘
//! ```
//!
//! A recording can be made in parts: `--only` and `--resume` add to what there is of the same commit, and
//! the table is of all of it. Its judgement is pure: `--last` makes it again, by other rules or lines.
//!
//! With `--burn` it is the other way round: all cores are kept busy, and the gate has to say that it
//! cannot tell.

mod burnt;
mod recording;
mod table;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Context;
use harness::bench::check::{Planned, Rules, Sides};
use harness::bench::load::{self, Found};
use harness::bench::noise::{self, LAUNCHES_MIN, Recorded};
use harness::bench::policy::{Importance, Kind as MetricKind, Metric, Policy};
use harness::bench::report::{BenchMachine, Mode};
use harness::exit_code::ExitCode;
use harness::seed::Seed;

use self::recording::{Head, Kind, Line, Recording};
use self::table::Slowed;
use super::command::NoiseArguments;
use super::drive::{Interrupted, Starts};
use super::launch::{self, Fault, Task};
use super::places::Places;
use super::plan::{self, Wanted};
use super::probe::Trouble;
use super::ready::{Against, Source, Yard};
use super::{Refusal, assemble};
use crate::running::Interrupt;
use crate::workspace::Workspace;

/// By which part of what it takes the head is slowed, to see whether that shows.
const SLOWED_BY: f64 = 0.2;

/// Launches of a slowed head, as many as a real run has in its first round.
const SLOWED_LAUNCHES: usize = 5;

/// How often one launch is tried on a machine that others use, before the recording is given up: it
/// can be gone on with.
const TRIES_MAX: usize = 20;

/// How long it is waited between two of these tries.
const QUIET_MAX: Duration = Duration::from_secs(30);

/// The chance of the playing is the same in every run: the recording is what differs.
const SEED: u64 = 1;

/// The command.
pub(super) fn run(workspace: &Workspace, arguments: &NoiseArguments) -> anyhow::Result<ExitCode> {
    let places = Places::below(workspace.target_dir());
    let policy = super::policy(workspace, &Source::WorkTree)?;
    let path = places.report("noise.jsonl");
    if arguments.last {
        let offered = policy.offered();
        let wanted = Wanted { mode: Mode::Full, only: None, head: &offered, base: Some(&offered) };
        return told(&policy, &places, wanted, &Recording::last(&path)?);
    }
    let interrupt = Interrupt::listen().context("listen for a signal")?;
    let yard = Yard { workspace, places: &places, interrupt: &interrupt };
    let ready = yard.ready(&Source::WorkTree, &Against::Promises)?;
    let only = arguments.only.as_deref();
    let wanted =
        Wanted { mode: Mode::Full, only, head: &ready.offered, base: Some(&ready.offered) };
    let planned = plan::plan(&policy, wanted);
    if planned.is_empty() {
        let why = "find a metric or a scenario of that name".to_owned();
        return Err(Refusal { code: ExitCode::NothingSelected, why }.into());
    }
    if arguments.burn {
        return burnt::run(&policy, only, ready, &interrupt);
    }
    let head = Head::new(ready.head, BenchMachine::here().id);
    // A part adds to what there is: else the whole could never be recorded part by part.
    let adds = arguments.resume || only.is_some();
    let earlier = if adds { Recording::resume(&path, &head)? } else { None };
    let recording = match earlier {
        Some(earlier) => earlier,
        None => Recording::begin(&path, head)?,
    };
    let mut recorder = Recorder {
        recording,
        starts: &ready.starts,
        seed: Seed::fresh(),
        interrupt: &interrupt,
        lacking: BTreeSet::new(),
    };
    announce(&planned, arguments.launches, &recorder.recording);
    recorder.all(&planned, arguments.launches)?;
    let code = told(&policy, &places, Wanted { only: None, ..wanted }, &recorder.recording)?;
    // Going on with it would not bring what the machine lacks.
    let lacks = code == ExitCode::Inconclusive && !recorder.lacking.is_empty();
    Ok(if lacks { ExitCode::PreconditionMissing } else { code })
}

/// Judges a recording, and shows what it says.
fn told(
    policy: &Policy,
    places: &Places,
    wanted: Wanted<'_>,
    recording: &Recording,
) -> anyhow::Result<ExitCode> {
    let found = judged(policy, &plan::plan(policy, wanted), recording)?;
    let page = table::markdown(&found, &recording.head);
    assemble::put(&places.report("noise.md"), &page)?;
    print!("\n{page}");
    Ok(found.code())
}

/// What one scenario takes of a recording.
struct Share {
    kind: Kind,
    launches: usize,
    pairs: usize,
}

/// What is recorded of a scenario: what is compared against itself, and what is timed slowed too.
fn shares(plan: &Planned, launches: usize) -> impl Iterator<Item = Share> {
    let compared = plan.metrics.iter().any(|metric| metric.relative.is_some());
    let timed = plan.metrics.iter().any(is_slowed);
    let pairs = plan::recorded_pairs(plan, &Rules::full(SEED));
    let equal = compared.then_some(Share { kind: Kind::Equal, launches, pairs });
    let (kind, launches) = (Kind::Slowed, SLOWED_LAUNCHES);
    let slowed = timed.then_some(Share { kind, launches, pairs: plan.pairs });
    equal.into_iter().chain(slowed)
}

/// About how long a share takes on a quiet machine, where so many of its launches are there already.
fn time(plan: &Planned, share: &Share, there: usize) -> Duration {
    let launches = share.launches.saturating_sub(there);
    // Before a launch and behind it.
    let looks = load::LOOK.saturating_mul(u32::try_from(2 * launches).unwrap_or(u32::MAX));
    plan.cost.of(Sides::CopyAndHead, launches, share.pairs).saturating_add(looks)
}

fn announce(planned: &[Planned], launches: usize, recording: &Recording) {
    let mut all = Duration::ZERO;
    for plan in planned {
        let left = |share: &Share| time(plan, share, recording.count(&plan.scenario, share.kind));
        let took: Duration = shares(plan, launches).map(|share| left(&share)).sum();
        if !took.is_zero() {
            println!("{:<14} about {:>5.0} s", plan.scenario, took.as_secs_f64().ceil());
        }
        all += took;
    }
    println!("together about {:.0} min on a quiet machine", (all.as_secs_f64() / 60.0).ceil());
}

/// Takes launches, on a quiet machine.
struct Recorder<'a> {
    recording: Recording,
    starts: &'a Starts,
    seed: Seed,
    interrupt: &'a Interrupt,
    /// The scenarios that this machine cannot run.
    lacking: BTreeSet<String>,
}

impl Recorder<'_> {
    /// All that is not there yet. Launches of all scenarios take turns, as in a real run.
    fn all(&mut self, planned: &[Planned], launches: usize) -> anyhow::Result<()> {
        let began = Instant::now();
        for turn in 0..launches.max(SLOWED_LAUNCHES) {
            eprintln!("turn {turn}, {:.0} s", began.elapsed().as_secs_f64());
            for plan in planned {
                for share in shares(plan, launches).filter(|share| turn < share.launches) {
                    self.one(&plan.scenario, share.kind, share.pairs, turn)?;
                }
            }
        }
        Ok(())
    }

    fn one(&mut self, scenario: &str, kind: Kind, pairs: usize, turn: usize) -> anyhow::Result<()> {
        if turn < self.recording.count(scenario, kind) || self.lacking.contains(scenario) {
            return Ok(());
        }
        for _ in 0..TRIES_MAX {
            self.wait_for_quiet()?;
            let task = Task {
                scenario,
                count: pairs,
                limit: plan::row(scenario).map_or(plan::USUAL_MAX, |row| row.limit),
                slowed: (kind == Kind::Slowed).then_some(SLOWED_BY),
                interrupt: self.interrupt,
            };
            let Starts { head, control, .. } = self.starts;
            let taken = launch::pairs(control, head, task, &mut self.seed);
            let pairs = match taken {
                Ok(pairs) => launch::values(pairs),
                Err(Fault::Base(Trouble::Interrupted) | Fault::Head(Trouble::Interrupted)) => {
                    return Err(Interrupted.into());
                }
                Err(Fault::Base(Trouble::Missing(what)) | Fault::Head(Trouble::Missing(what))) => {
                    eprintln!("{scenario} is left out: this machine lacks {what}");
                    self.lacking.insert(scenario.to_owned());
                    return Ok(());
                }
                Err(Fault::Base(trouble) | Fault::Head(trouble)) => {
                    return Err(trouble).with_context(|| format!("measure {scenario}"));
                }
            };
            if found(load::look()) == Found::Quiet {
                return self.recording.add(Line { scenario: scenario.to_owned(), kind, pairs });
            }
        }
        let why = "find the machine quiet; `--resume` goes on with what was recorded".to_owned();
        Err(Refusal { code: ExitCode::Inconclusive, why }.into())
    }

    /// For a while: a launch that is disturbed all the same is thrown away.
    fn wait_for_quiet(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while found(load::look()) == Found::Loaded && began.elapsed() < QUIET_MAX {
            if self.interrupt.came() {
                return Err(Interrupted.into());
            }
        }
        Ok(())
    }
}

/// What one look found.
fn found(part: f64) -> Found {
    load::Guard::default().looked(part)
}

/// What the recording says of the gate.
fn judged(
    policy: &Policy,
    planned: &[Planned],
    recording: &Recording,
) -> anyhow::Result<table::Found> {
    let (rules, quick_rules) = (Rules::full(SEED), Rules::quick(SEED));
    let blocking = policy.metrics.iter().filter(|metric| {
        metric.gate == Importance::Blocking && metric.relative.is_some() && metric.is_built()
    });
    let is_quick = |metric: &&Metric| metric.scenario.as_deref().and_then(quick_pairs).is_some();
    let blocking_quick = blocking.clone().filter(is_quick).count();
    let blocking = blocking.count();
    let mut found = table::Found::default();
    for plan in planned {
        for metric in &plan.metrics {
            let launches = recording.launches(&plan.scenario, Kind::Equal, metric);
            if metric.relative.is_some() && LAUNCHES_MIN <= launches.len() {
                let (metric, pairs, often) = (metric.clone(), plan.pairs, plan.often);
                let recorded = Recorded { metric, pairs, often, launches };
                found.noise.rows.push(noise::row(&recorded, &rules, blocking)?);
                if let Some(pairs) = quick_pairs(&plan.scenario) {
                    let recorded = Recorded { pairs, ..recorded };
                    found.quick.rows.push(noise::row(&recorded, &quick_rules, blocking_quick)?);
                }
            } else if metric.relative.is_some() {
                found.lacks(&metric.id, launches.len(), LAUNCHES_MIN);
            }
            let slowed = recording.launches(&plan.scenario, Kind::Slowed, metric);
            let draws = rules.chance().of(&metric.id);
            if is_slowed(metric) {
                match noise::shows(metric, &slowed, draws) {
                    Some(shown) if SLOWED_LAUNCHES <= slowed.len() => {
                        found.slowed.push(Slowed { metric: metric.id.clone(), shown });
                    }
                    _ => found.lacks(&metric.id, slowed.len(), SLOWED_LAUNCHES),
                }
            }
        }
    }
    Ok(found)
}

/// Pairs of a launch in a run of every day.
fn quick_pairs(scenario: &str) -> Option<usize> {
    plan::row(scenario)?.quick_pairs
}

/// Whether it has to show when what is timed is slowed. A metric that is the difference of two times
/// does not: by how much those were slowed is no part of what it is.
fn is_slowed(metric: &Metric) -> bool {
    let is_difference = [".over", ".added"].iter().any(|end| metric.id.ends_with(end));
    metric.kind == MetricKind::Latency && !is_difference
}

#[cfg(test)]
mod tests;
