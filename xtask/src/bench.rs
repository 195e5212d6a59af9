//! `cargo xtask bench-check` and `cargo xtask bench`: whether a build keeps what is promised about
//! speed, memory and cleanliness, and whether it got worse.
//!
//! ```text
//!  work tree ──build──> head ─┐                 ┌─ findings ─┐
//!  older commit ─build─> base ┼─ drive: launch ─┤ load       ├─> report.json ─> text, page, history
//!  head's programs ─copy──────┘  after launch   └─ bare      ┘
//! ```
//!
//! What is measured and how a number is judged stands in [`harness::bench`]; here programs are built,
//! started and ended, and files are written. The order of work is [`measure`].

mod assemble;
mod bare;
mod base;
mod build;
mod command;
mod drive;
mod instructions;
mod laid;
mod launch;
mod noise;
mod places;
mod plan;
mod probe;
mod progress;
mod promote;
mod ready;

use std::time::Duration;

use anyhow::Context;
use harness::bench::check::{Check, Order, Planned, Rules, Surroundings};
use harness::bench::policy::Policy;
use harness::bench::render;
use harness::bench::report::Mode;
use harness::bench::verdict::Warnings;
use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt::{self, Tree};
use harness::seed::Seed;
use jiff::Timestamp;

use self::assemble::{Copies, Found, Instructions, Remember};
pub(crate) use self::command::{CheckArguments, Command};
use self::drive::{Drive, Interrupted, Strictness};
use self::places::Places;
use self::plan::Wanted;
use self::ready::{Against, Ready, Source, Yard};
use crate::checkout::ask;
use crate::running::Interrupt;
use crate::workspace::Workspace;
use crate::{lock, peers, stored, tier};

/// What is promised, from the top of a tree.
const POLICY: &str = "baselines/metrics.toml";

/// Why a command ends before it has measured anything.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
struct Refusal {
    code: ExitCode,
    /// Goes behind "failed to".
    why: String,
}

/// What is to be measured.
#[derive(Debug, Clone)]
struct Request {
    mode: Mode,
    head: Source,
    against: Against,
    only: Option<String>,
    warnings: Warnings,
    remember: Remember,
    seed: Option<u64>,
    /// The command line that says all this, without the seed.
    repeat: String,
    copies: Copies,
}

/// `cargo xtask bench-check`.
pub(crate) fn check(workspace: &Workspace, arguments: CheckArguments) -> anyhow::Result<ExitCode> {
    lock::alone(workspace, || check_alone(workspace, arguments))
}

/// The same where the lock is held already.
pub(crate) fn check_alone(
    workspace: &Workspace,
    arguments: CheckArguments,
) -> anyhow::Result<ExitCode> {
    let request = arguments.request(workspace).map_err(Into::into);
    answered(request.and_then(|request| measure(workspace, &request)))
}

/// `cargo xtask bench`.
pub(crate) fn run(workspace: &Workspace, command: Command) -> anyhow::Result<ExitCode> {
    answered(match command {
        Command::Run(arguments) => arguments
            .request(workspace)
            .map_err(Into::into)
            .and_then(|request| lock::alone(workspace, || measure(workspace, &request))),
        Command::Compare(arguments) => arguments
            .request(workspace)
            .map_err(Into::into)
            .and_then(|request| lock::alone(workspace, || measure(workspace, &request))),
        Command::Promote(arguments) => {
            lock::alone(workspace, || promote::run(workspace, &arguments))
        }
        Command::Peers(arguments) => lock::alone(workspace, || peers::run(workspace, &arguments)),
        Command::Noise(arguments) => lock::alone(workspace, || noise::run(workspace, &arguments)),
        Command::Report(arguments) => {
            let file = arguments
                .file
                .unwrap_or_else(|| Places::below(workspace.target_dir()).report("report.json"));
            Ok(stored::report(&file, arguments.format))
        }
    })
}

/// A refusal is an answer, and so is a wish to end; anything else that goes wrong is an error.
fn answered(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    let error = match result {
        Ok(code) => return Ok(code),
        Err(error) => error,
    };
    if error.is::<Interrupted>() {
        eprintln!("interrupted: nothing is said of this build");
        return Ok(ExitCode::Inconclusive);
    }
    let Refusal { code, why } = error.downcast()?;
    eprintln!("xtask: failed to {why}");
    Ok(code)
}

/// Builds, measures, judges, and reports.
fn measure(workspace: &Workspace, request: &Request) -> anyhow::Result<ExitCode> {
    let places = Places::below(workspace.target_dir());
    request.copies.clear()?;
    assemble::clear(&places)?;
    let policy = policy(workspace, &request.head)?;
    let only = request.only.as_deref();
    if !policy.metrics.iter().any(|metric| plan::is_named(metric, only)) {
        let why = format!("find a metric or a scenario with {:?} in its name", only.unwrap_or(""));
        return Err(Refusal { code: ExitCode::NothingSelected, why }.into());
    }
    if request.mode == Mode::Quick && !plan::is_ever_quick(&policy, only) {
        let why = "find anything of that name in a quick run: leave out --quick".to_owned();
        return Err(Refusal { code: ExitCode::NothingSelected, why }.into());
    }
    let interrupt = Interrupt::listen().context("listen for a signal")?;
    let yard = Yard { workspace, places: &places, interrupt: &interrupt };
    let stamp = Stamp::of(workspace, &request.head)?;
    let ready = yard.ready(&request.head, &request.against)?;
    let mut found = found(yard, &policy, request, ready)?;
    if stamp.has_changed(workspace)? {
        eprintln!("xtask: the work tree has changed since it was built: it counts as changed");
        found.ready.head.clean = false;
    }
    let report = assemble::report(workspace, &policy, found, request.remember);
    assemble::write(&places, &report, &request.copies)?;
    if request.mode == Mode::Full && only.is_none() {
        assemble::put(&places.report(promote::FULL), &report.to_json())?;
    }
    print!("\n{}", render::terminal(&report, tier::colour()));
    println!("as a page: {}", places.report("report.html").display());
    Ok(report.verdict.exit_code)
}

/// The files of a head before it was built: instructions are counted of a second build, and both
/// have to be of the same.
struct Stamp(Option<Tree>);

impl Stamp {
    fn of(workspace: &Workspace, head: &Source) -> anyhow::Result<Self> {
        Ok(Self(match head {
            Source::WorkTree => Some(receipt::tree(workspace.root())?),
            // Its tree is nobody's desk.
            Source::Commit(_) => None,
        }))
    }

    fn has_changed(&self, workspace: &Workspace) -> anyhow::Result<bool> {
        let Some(before) = &self.0 else { return Ok(false) };
        Ok(receipt::tree(workspace.root())?.hash != before.hash)
    }
}

/// What is promised of `head` by its own files, which has to make sense before anything is held against
/// it: that of a commit is not what the work tree says meanwhile.
fn policy(workspace: &Workspace, head: &Source) -> anyhow::Result<Policy> {
    let refused = |why| Refusal { code: ExitCode::FileInvalid, why };
    let (name, policy) = match head {
        Source::WorkTree => {
            let path = workspace.root().join(POLICY);
            (path.display().to_string(), Policy::read(&path).map_err(|error| error.to_string()))
        }
        Source::Commit(commit) => {
            let name = format!("{commit}:{POLICY}");
            let text = ask(workspace.root(), &["cat-file", "blob", &name]);
            let text = text.map_err(|error| format!("read the policy {name}: {error:#}"));
            let parsed = |text: String| {
                Policy::parse(&text).map_err(|error| format!("read the policy {name}: {error}"))
            };
            (name.clone(), text.and_then(parsed))
        }
    };
    let policy = policy.map_err(refused)?;
    let problems = policy.problems();
    if problems.is_empty() {
        return Ok(policy);
    }
    Err(refused(format!("use {name}:\n{}", problems.join("\n"))).into())
}

/// Measures what was asked for.
fn found(
    yard: Yard<'_>,
    policy: &Policy,
    request: &Request,
    ready: Ready,
) -> anyhow::Result<Found> {
    let started_at = Timestamp::now();
    let seed = request.seed.unwrap_or_else(|| Seed::fresh().number());
    let rules = match request.mode {
        Mode::Quick => Rules::quick(seed),
        Mode::Full | Mode::Compare | Mode::Run => Rules::full(seed),
    };
    let wanted = Wanted {
        mode: request.mode,
        only: request.only.as_deref(),
        head: &ready.offered,
        base: ready.base_offered.as_deref(),
    };
    let planned = plan::plan(policy, wanted);
    let orders = Check::new(rules, planned.clone()).orders();
    println!("{}", announcement(&planned, &orders));
    let strictness =
        if request.mode == Mode::Run { Strictness::Keep } else { Strictness::ThrowAway };
    let drive = Drive::new(&ready.starts, rules, planned, yard.interrupt);
    let measured = drive.with(strictness).within(limit(request.mode)).run()?;
    let everything = request.only.is_none() && request.mode != Mode::Quick;
    let bare = if everything {
        bare::measure(&ready.starts.head, rules, yard.interrupt)
    } else {
        Vec::new()
    };
    let instructions = match request.mode {
        Mode::Quick => Instructions::Unasked,
        _ => instructions::count(yard, policy, request.only.as_deref(), &ready)?,
    };
    let load = if measured.guard.is_loaded() { Surroundings::Loaded } else { Surroundings::Quiet };
    // A part of a tree that grows is measured without the rest, and a commit has a policy of its own.
    let is_whole = request.only.is_none() && request.head == Source::WorkTree;
    let problems = if is_whole { policy.problems_with(&ready.offered) } else { Vec::new() };
    Ok(Found {
        mode: request.mode,
        started_at,
        elapsed: measured.elapsed,
        repeat: format!("{} --seed {seed}", request.repeat),
        only: request.only.clone(),
        ready,
        guard: measured.guard,
        findings: measured.check.findings(load),
        instructions,
        bare,
        roles: measured.roles,
        problems,
        warnings: request.warnings,
        gate: Gate::from_environment(),
    })
}

/// How long may be measured, builds apart: what somebody waits for every day is a minute, and
/// what a change waits for once ten. Counting instructions and what is around it has the rest.
const fn limit(mode: Mode) -> Duration {
    match mode {
        Mode::Quick => Duration::from_secs(55),
        Mode::Full | Mode::Compare => Duration::from_secs(560),
        Mode::Run => Duration::MAX,
    }
}

/// How long a comparison may take in all, where everything has to be built.
#[cfg(test)]
pub(crate) fn longest() -> Duration {
    2 * build::BUILD_MAX
        + instructions::INSTALL_MAX
        + 2 * instructions::COUNT_MAX
        + limit(Mode::Compare)
}

/// What will be done, and about how long that takes.
fn announcement(planned: &[Planned], orders: &[Order]) -> String {
    let names: Vec<&str> = planned.iter().map(|plan| plan.scenario.as_str()).collect();
    let about: Duration = drive::estimate(orders);
    format!(
        "{} scenarios, {} launches, about {:.0} s: {}",
        planned.len(),
        orders.len(),
        about.as_secs_f64().ceil(),
        names.join(", ")
    )
}

#[cfg(test)]
mod tests;
