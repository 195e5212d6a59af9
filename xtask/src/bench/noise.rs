//! `cargo xtask bench noise`: how often the gate would err on this machine, and what it would find.
//!
//! ```text
//!  head against its copy, again and again ──> recording ──> runs played with it ──> table
//!  the same, with the head slowed by 20 % ─────────┴──────> does each time show it? ──┘
//! ```
//!
//! With `--burn` it is the other way round: all cores are kept busy, and the gate has to say that it
//! cannot tell.

mod burnt;
mod recording;
mod table;

use std::time::{Duration, Instant};

use anyhow::Context;
use harness::bench::check::{Planned, Rules};
use harness::bench::load::{self, Found};
use harness::bench::noise::{self, NoiseTable, Recorded};
use harness::bench::policy::{Importance, Kind as MetricKind, Policy};
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
    let policy = super::policy(workspace)?;
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
    let path = places.report("noise.jsonl");
    let earlier = if arguments.resume { Recording::resume(&path, &head)? } else { None };
    let recording = match earlier {
        Some(earlier) => earlier,
        None => Recording::begin(&path, head)?,
    };
    let mut recorder =
        Recorder { recording, starts: &ready.starts, seed: Seed::fresh(), interrupt: &interrupt };
    recorder.all(&planned, arguments.launches)?;
    let found = judged(&policy, &planned, &recorder.recording)?;
    let page = table::markdown(&found, &recorder.recording.head);
    assemble::put(&places.report("noise.md"), &page)?;
    print!("\n{page}");
    Ok(if found.holds() { ExitCode::Pass } else { ExitCode::Failed })
}

/// Takes launches, on a quiet machine.
struct Recorder<'a> {
    recording: Recording,
    starts: &'a Starts,
    seed: Seed,
    interrupt: &'a Interrupt,
}

impl Recorder<'_> {
    /// All that is not there yet. Launches of all scenarios take turns, as in a real run.
    fn all(&mut self, planned: &[Planned], launches: usize) -> anyhow::Result<()> {
        let rules = Rules::full(SEED);
        let began = Instant::now();
        for turn in 0..launches.max(SLOWED_LAUNCHES) {
            eprintln!("turn {turn}, {:.0} s", began.elapsed().as_secs_f64());
            for plan in planned {
                let compared = plan.metrics.iter().any(|metric| metric.relative.is_some());
                let timed = plan.metrics.iter().any(|metric| metric.kind == MetricKind::Latency);
                let last = plan.pairs * rules.confirming_factor();
                if compared && turn < launches {
                    self.one(&plan.scenario, Kind::Equal, last, turn)?;
                }
                if timed && turn < SLOWED_LAUNCHES {
                    self.one(&plan.scenario, Kind::Slowed, plan.pairs, turn)?;
                }
            }
        }
        Ok(())
    }

    fn one(&mut self, scenario: &str, kind: Kind, pairs: usize, turn: usize) -> anyhow::Result<()> {
        if turn < self.recording.count(scenario, kind) {
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
    let rules = Rules::full(SEED);
    let blocking = policy.metrics.iter().filter(|metric| {
        metric.gate == Importance::Blocking && metric.relative.is_some() && metric.is_built()
    });
    let blocking = blocking.count();
    let mut found = table::Found { noise: NoiseTable::default(), slowed: Vec::new() };
    for plan in planned {
        for metric in &plan.metrics {
            let launches = recording.launches(&plan.scenario, Kind::Equal, metric);
            if metric.relative.is_some() && !launches.is_empty() {
                let recorded = Recorded { metric: metric.clone(), pairs: plan.pairs, launches };
                found.noise.rows.push(noise::row(&recorded, &rules, blocking)?);
            }
            let slowed = recording.launches(&plan.scenario, Kind::Slowed, metric);
            let draws = rules.chance().of(&metric.id);
            if metric.kind == MetricKind::Latency
                && !is_difference(&metric.id)
                && let Some(shown) = noise::shows(metric, &slowed, draws)
            {
                found.slowed.push(Slowed { metric: metric.id.clone(), shown });
            }
        }
    }
    Ok(found)
}

/// Whether a metric is the difference of two times: by how much it was slowed is then no part of
/// what it is. The time that it is the difference of is slowed itself.
fn is_difference(id: &str) -> bool {
    id.strip_suffix(".over").is_some()
}
