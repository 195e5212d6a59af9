//! What runs when: `test`, which is also `ci`, and `test-tier`, as lists of steps.

mod copies;

use std::path::Path;
use std::time::Instant;

use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt::Wanted;
use harness::render;
use harness::report::Report;
use harness::tier::Tier;
use jiff::Timestamp;

pub(crate) use self::copies::Copies;
use crate::steps::{Outcome, Run};
use crate::tier::build::{self, Executable};
use crate::tier::places::{self, Places};
use crate::tier::{self, Order, Output, proof};
use crate::workspace::{Workspace, has_cargo_subcommand};
use crate::{claude, tidy};

/// What tidy has looked at of deny.toml in place of cargo-deny, and what it has not.
const LICENCES_SKIPPED: &str = "cargo-deny is not installed; tidy has checked the licences, the \
                                banned crates and the sources, but no licence's text";

/// How many backticks begin a block of Markdown.
const FENCE_MIN: usize = 3;

/// The tiers that every change runs; the last one is about a daemon that runs already.
const TIERS_OF_A_CHANGE: [Tier; 3] = [Tier::InProcess, Tier::RealBinaries, Tier::RealAgent];

/// What `test-tier` was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What to run, in this order. There is at least one.
    pub(crate) orders: Vec<Order>,
    /// Whether an earlier run may do.
    pub(crate) reuse: Reuse,
    /// Where the report of the last one is wanted too.
    pub(crate) copies: Copies,
}

/// Whether a valid receipt takes the place of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Whatever was seen before, it runs.
    Never,
    /// It runs only where there is any doubt.
    Valid,
}

/// Everything a change has to pass: the checks of the tree, then the tests of every tier. What is
/// missing on this machine is skipped behind an open gate, and fails behind a closed one.
pub(crate) fn test(workspace: &Workspace, gate: Gate) -> anyhow::Result<ExitCode> {
    let summary = workspace.target_dir().join("harness/report.md");
    places::remove_file(&summary)?;
    let started = Instant::now();
    let mut run = Run::default();
    check_steps(workspace, &mut run);
    let mut reports = Vec::new();
    for tier in TIERS_OF_A_CHANGE {
        let order = Order::whole(tier, gate);
        reports.extend(tier_steps(workspace, &order, Reuse::Never, &mut run));
        if tier == Tier::InProcess {
            doc_tests(workspace, &mut run);
        }
    }
    tier::write(&summary, &markdown(&run.text(), &reports))?;
    eprintln!("\nall steps took {:.0} s", started.elapsed().as_secs_f64());
    Ok(run.finish())
}

/// One tier, or several.
pub(crate) fn test_tier(workspace: &Workspace, request: &Request) -> anyhow::Result<ExitCode> {
    if let Some(why) = request.copies.refusal() {
        eprintln!("xtask: {why}");
        return Ok(ExitCode::BadUsage);
    }
    request.copies.clear()?;
    let mut run = Run::default();
    let mut last = None;
    for order in &request.orders {
        last = tier_steps(workspace, order, request.reuse, &mut run);
    }
    if let Some(report) = &last {
        request.copies.write(report)?;
        let directory = Places::of_tier(workspace.target_dir(), report.tier);
        let what = match report.tier {
            Tier::InProcess => "report and JUnit",
            _ => "report, JUnit, lines and logs",
        };
        println!("\n{what}: {}", directory.directory().display());
    }
    let skipped = run.has_skipped();
    Ok(match run.finish() {
        ExitCode::Pass if skipped => ExitCode::Skipped,
        code => code,
    })
}

fn check_steps(workspace: &Workspace, run: &mut Run) {
    run.command("format", ExitCode::Failed, workspace.cargo(&["fmt", "--all", "--check"]));
    run.inline("tidy", || {
        Ok(match tidy::run(workspace)? {
            ExitCode::Pass => Outcome::Passed,
            code => Outcome::Failed(code),
        })
    });
    licences(workspace, run);
    let clippy = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run.command("clippy", ExitCode::Failed, workspace.cargo(&clippy));
    let mut docs = workspace.cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    run.command("docs", ExitCode::Failed, docs);
}

fn licences(workspace: &Workspace, run: &mut Run) {
    if has_cargo_subcommand("deny") {
        let arguments = ["deny", "check", "licenses", "bans", "sources"];
        run.command("licences", ExitCode::Failed, workspace.cargo(&arguments));
    } else {
        run.skip("licences", LICENCES_SKIPPED);
    }
}

fn doc_tests(workspace: &Workspace, run: &mut Run) {
    let arguments = ["test", "--locked", "--workspace", "--doc"];
    run.command("doc tests", ExitCode::Failed, workspace.cargo(&arguments));
}

/// How the steps of a tier are called: compiling it, and running it. Compiling is a step of its own
/// so that the time of the tests is theirs alone.
const fn names(tier: Tier) -> (&'static str, &'static str) {
    match tier {
        Tier::InProcess => ("tier 1, build", "tier 1"),
        Tier::RealBinaries => ("tier 2, build", "tier 2"),
        Tier::RealAgent => ("tier 3, build", "tier 3"),
        Tier::Running => ("tier 4, build", "tier 4"),
    }
}

/// The steps of one tier. What an earlier run reported is taken away first, or, where it may do for
/// this one, as soon as it does not: a run that never starts leaves no report.
pub(crate) fn tier_steps(
    workspace: &Workspace,
    order: &Order,
    reuse: Reuse,
    run: &mut Run,
) -> Option<Report> {
    let (_, name) = names(order.tier);
    let places = Places::of_tier(workspace.target_dir(), order.tier);
    if reuse == Reuse::Never && !cleared(&places, name, run) {
        return None;
    }
    let found = found(workspace, order);
    let Some(built) = prepare(workspace, order, run) else {
        cleared(&places, name, run);
        return None;
    };
    run.tier(name, || run_or_reuse(workspace, order, &built, found.as_ref(), reuse))
}

/// What a run would be about, as far as that is known before anything is built; `None` where a run
/// gets no receipt.
fn found(workspace: &Workspace, order: &Order) -> Option<Wanted> {
    // What a daemon that runs did is true of that moment alone.
    let provable = order.selection.is_everything() && order.tier != Tier::Running;
    provable.then(|| proof::anywhere(workspace, order.tier)).and_then(told)
}

/// What a receipt would need; without it, as where there is no git, everything else works.
fn told(wanted: anyhow::Result<Wanted>) -> Option<Wanted> {
    wanted.inspect_err(|error| eprintln!("no receipt: failed to {error:#}")).ok()
}

/// Clears the places of a run; where that fails, so does the step.
fn cleared(places: &Places, name: &'static str, run: &mut Run) -> bool {
    match places.clear() {
        Ok(()) => true,
        Err(error) => {
            run.inline(name, || Err(error));
            false
        }
    }
}

/// The steps before a tier can run: what was built for it, unless it cannot run.
fn prepare(workspace: &Workspace, order: &Order, run: &mut Run) -> Option<Vec<Executable>> {
    let (build, name) = names(order.tier);
    if order.tier == Tier::RealAgent
        && run.inline("agent program", || claude::install(order.gate)) != Outcome::Passed
    {
        run.skip(name, "the agent program is not installed");
        return None;
    }
    let mut built = Vec::new();
    let compiled = run.inline(build, || {
        Ok(match build::build(workspace, order.tier, order.profile) {
            Ok(executables) => {
                built = executables;
                Outcome::Passed
            }
            Err(error) => {
                eprintln!("xtask: failed to {error:#}");
                Outcome::Failed(ExitCode::BuildFailed)
            }
        })
    });
    if compiled != Outcome::Passed {
        run.skip(name, "it did not build");
        return None;
    }
    Some(built)
}

/// Runs the tier, unless an earlier run of it will do.
fn run_or_reuse(
    workspace: &Workspace,
    order: &Order,
    built: &[Executable],
    found: Option<&Wanted>,
    reuse: Reuse,
) -> anyhow::Result<Report> {
    let places = Places::of_tier(workspace.target_dir(), order.tier);
    let receipt = proof::place(workspace, order.tier);
    let subject = |found| proof::subject(workspace, order, built, found);
    let before = found.and_then(|found| told(subject(found)));
    if reuse == Reuse::Valid {
        match reusable(&places, &receipt, before.as_ref()) {
            Ok(report) => return Ok(report),
            Err(why) => println!("{} runs: {why}", order.tier),
        }
    }
    if order.selection.is_everything() {
        places::remove_file(&receipt)?;
    }
    let report = tier::run(workspace, order, built, &places, &Output::Terminal)?;
    if order.tier == Tier::InProcess || tier::has_fallen(&report) {
        print!("\n{}", render::terminal(&report, tier::colour()));
    }
    let after = found.and_then(|found| subject(found).ok());
    match proof::ending(&report, before, after.as_ref(), Timestamp::now()) {
        proof::Ending::Leave => {}
        proof::Ending::Withdraw => places::remove_file(&receipt)?,
        proof::Ending::Changed => {
            places::remove_file(&receipt)?;
            println!("no receipt: files or programs changed while {} ran", order.tier);
        }
        proof::Ending::Write(written) => written.write(&receipt)?,
    }
    Ok(report)
}

/// The report of an earlier run that proves what is wanted, or why there is none.
fn reusable(places: &Places, receipt: &Path, wanted: Option<&Wanted>) -> Result<Report, String> {
    let wanted = wanted.ok_or_else(|| "what it would prove is unknown".to_owned())?;
    let now = Timestamp::now();
    let receipt = proof::valid(receipt, now, wanted)?;
    let report = Report::read(&places.report())
        .map_err(|_| "the report that its receipt is about is gone".to_owned())?;
    if report.verdict != receipt.verdict || !report.selection.is_everything() {
        return Err("another run has overwritten the report of its receipt".to_owned());
    }
    println!(
        "{} is not run again: it passed {} ago on the same files and programs ({} passed)",
        report.tier,
        proof::age(now.duration_since(receipt.written_at)),
        receipt.verdict.passed,
    );
    Ok(report)
}

/// All of `test` as one page for a pull request.
fn markdown(steps: &str, reports: &[Report]) -> String {
    let fence = fence(steps);
    let mut page = format!("{fence}text\n{steps}{fence}\n");
    for report in reports {
        page.push('\n');
        page.push_str(&render::markdown(report));
    }
    page
}

/// What no line of `text` can end: a row of backticks longer than any in it.
fn fence(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(FENCE_MIN.max(longest + 1))
}

#[cfg(test)]
mod tests;
