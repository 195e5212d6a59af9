//! A run as a report, and the report as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use harness::bench::check::{Findings, awaiting, skipped, unasked};
use harness::bench::history::{self, History, Line};
use harness::bench::load::Guard;
use harness::bench::policy::{Metric, Policy, Scope};
use harness::bench::reference::Reference;
use harness::bench::render;
use harness::bench::report::{
    Bare, BenchMachine, BenchReport, KIND, MetricReport, Mode, QuarantineLine, RoleMemory,
    SlowCase, TierSummary, Trend,
};
use harness::bench::verdict::{self, Circumstances, Extent, Warnings};
use harness::files;
use harness::gate::Gate;
use harness::quarantine::Quarantine;
use harness::report::{Report, SCHEMA};
use harness::tier::Tier;
use jiff::Timestamp;

use super::places::Places;
use super::plan::is_named;
use super::ready::Ready;
use crate::tier::places::Places as TierPlaces;
use crate::workspace::Workspace;

/// Where promises, references and histories lie, from the top of the tree.
pub(super) const BASELINES: &str = "baselines";

/// The slowest cases of a tier that are shown.
const SLOWEST_SHOWN: usize = 5;

/// Everything that was found out, apart from what lies in files.
pub(super) struct Found {
    pub(super) mode: Mode,
    pub(super) started_at: Timestamp,
    pub(super) elapsed: Duration,
    pub(super) repeat: String,
    pub(super) only: Option<String>,
    pub(super) ready: Ready,
    pub(super) guard: Guard,
    pub(super) findings: Findings,
    /// What was counted under valgrind, by metric.
    pub(super) instructions: Instructions,
    pub(super) bare: Vec<Bare>,
    pub(super) roles: Vec<RoleMemory>,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Warnings,
    pub(super) gate: Gate,
}

/// What became of the instruction counts.
pub(super) enum Instructions {
    /// They were counted; a metric that is not among them was not.
    Counted(Vec<MetricReport>),
    /// Why they could not be.
    Skipped(String),
    /// They are not part of this run: it is a quick one, or of something else.
    Unasked,
}

/// Whether a run is written into the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remember {
    Yes,
    No,
}

/// The report of a run. What is written into the history is written here, as it is part of the
/// trends.
pub(super) fn report(
    workspace: &Workspace,
    policy: &Policy,
    found: Found,
    remember: Remember,
) -> BenchReport {
    let metrics = metrics(policy, &found);
    let is_whole = found.only.is_none();
    let extent = if is_whole && found.mode != Mode::Quick {
        Extent::Everything(found.gate)
    } else {
        Extent::Part
    };
    // A part would be a point of a line whose other points are of everything.
    let remember = if is_whole { remember } else { Remember::No };
    let mut report = BenchReport {
        schema: SCHEMA.to_owned(),
        kind: KIND.to_owned(),
        mode: found.mode,
        started_at: found.started_at,
        elapsed_ms: u64::try_from(found.elapsed.as_millis()).unwrap_or(u64::MAX),
        repeat: found.repeat,
        machine: BenchMachine::here(),
        head: found.ready.head,
        base: found.ready.base,
        base_missing: found.ready.base_missing,
        load: found.guard.load(),
        controls: found.findings.controls,
        metrics,
        bare: found.bare,
        roles: found.roles,
        trends: BTreeMap::new(),
        tiers: tiers(workspace),
        quarantine: Vec::new(),
        verdict: verdict::judge(&[], &NOTHING),
    };
    let mut problems = found.problems;
    report.quarantine = quarantine(workspace, &mut problems);
    let baselines = workspace.root().join(BASELINES);
    report.trends = trends(&baselines, policy, &report, remember, &mut problems);
    let circumstances = Circumstances {
        problems: &problems,
        base_missing: report.base_missing.as_deref(),
        warnings: found.warnings,
        extent,
    };
    report.verdict = verdict::judge(&report.metrics, &circumstances);
    report
}

const NOTHING: Circumstances<'_> = Circumstances {
    problems: &[],
    base_missing: None,
    warnings: Warnings::Allowed,
    extent: Extent::Part,
};

/// Every metric of the policy, in its order.
fn metrics(policy: &Policy, found: &Found) -> Vec<MetricReport> {
    let measured: BTreeMap<&str, &MetricReport> =
        found.findings.metrics.iter().map(|it| (it.policy.id.as_str(), it)).collect();
    let one = |metric: &Metric| -> MetricReport {
        let Metric { id, scope, .. } = metric;
        if !metric.is_built() {
            return awaiting(metric);
        }
        if let Some(measured) = measured.get(id.as_str()) {
            return (*measured).clone();
        }
        let lacks = |scenario: &String| found.ready.offered.iter().all(|it| it.name != *scenario);
        match &found.instructions {
            // Of the work tree that is a problem, and told as such; an older commit may be as it is.
            _ if *scope == Scope::Bench && metric.scenario.as_ref().is_some_and(lacks) => {
                unasked(metric, "this build does not offer it")
            }
            _ if *scope != Scope::Instructions || !is_named(metric, found.only.as_deref()) => {
                unasked(metric, "not part of this run")
            }
            Instructions::Counted(counted) => {
                let counted = counted.iter().find(|it| it.policy.id == *id);
                counted.cloned().unwrap_or_else(|| skipped(metric, "it was not counted"))
            }
            Instructions::Skipped(why) => skipped(metric, why.clone()),
            Instructions::Unasked => unasked(metric, "not counted in a quick run"),
        }
    };
    policy.metrics.iter().map(one).collect()
}

/// The last run of each tier that left a report which can be read.
fn tiers(workspace: &Workspace) -> Vec<TierSummary> {
    let last = |tier| {
        let path = TierPlaces::of_tier(workspace.target_dir(), tier).report();
        Report::read(&path).ok().map(|report| summary(&report))
    };
    Tier::ALL.into_iter().filter_map(last).collect()
}

fn summary(report: &Report) -> TierSummary {
    let mut cases: Vec<_> = report.cases.iter().collect();
    cases.sort_by(|one, other| other.elapsed_ms.total_cmp(&one.elapsed_ms));
    let slow = |case: &&harness::report::CaseReport| SlowCase {
        id: case.id.clone(),
        elapsed_ms: case.elapsed_ms,
    };
    TierSummary {
        tier: report.tier,
        started_at: report.started_at,
        elapsed_ms: report.elapsed_ms,
        verdict: report.verdict.clone(),
        slowest: cases.iter().take(SLOWEST_SHOWN).map(slow).collect(),
    }
}

fn quarantine(workspace: &Workspace, problems: &mut Vec<String>) -> Vec<QuarantineLine> {
    match Quarantine::read(&workspace.root().join("harness/quarantine.toml")) {
        Ok(quarantine) => quarantine.lines(),
        Err(error) => {
            problems.push(format!("failed to {error}"));
            Vec::new()
        }
    }
}

/// Every metric over time, this run included where it is one to be remembered.
fn trends(
    baselines: &Path,
    policy: &Policy,
    report: &BenchReport,
    remember: Remember,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Trend> {
    let machine = &report.machine.id;
    let path = History::path(baselines, machine);
    let mut history = read_history(&path, problems);
    let wrong = history.iter().flat_map(|history| history.problems(policy)).collect::<Vec<_>>();
    // Nothing is added to what somebody has edited into something else.
    if remember == Remember::Yes
        && history.is_some()
        && wrong.is_empty()
        && let Some(line) = Line::of(report).filter(|line| !line.values.is_empty())
    {
        if let Err(error) = history::append(&path, &line) {
            problems.push(format!("failed to {error}"));
        }
        history = read_history(&path, problems);
    }
    problems.extend(wrong);
    let history = history.unwrap_or_default();
    let reference = Reference::read(&Reference::path(baselines, machine)).unwrap_or_else(|error| {
        problems.push(format!("failed to {error}"));
        None
    });
    problems.extend(reference.iter().flat_map(|it| it.problems(policy)));
    history.trends(reference.as_ref())
}

fn read_history(path: &Path, problems: &mut Vec<String>) -> Option<History> {
    match History::read(path) {
        Ok(history) => {
            if let Some(line) = history.cut {
                eprintln!("xtask: line {line} of {} was cut, and is left out", path.display());
            }
            Some(history)
        }
        Err(error) => {
            problems.push(format!("failed to {error}"));
            None
        }
    }
}

/// Copies of a report that somebody wants.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Copies {
    /// Write the report here too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write it for a pull request here too.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write it for a build server here too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write it as a page here too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Copies {
    /// None.
    pub(super) const fn none() -> Self {
        Self { json: None, markdown: None, junit: None, html: None }
    }

    /// Takes away what an earlier run left there.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        let all = [&self.json, &self.markdown, &self.junit, &self.html];
        all.into_iter().flatten().try_for_each(|path| crate::tier::places::remove_file(path))
    }
}

/// What a run leaves: no file of it may be of another run than its neighbour.
const FORMS: [&str; 4] = ["report.json", "report.md", "junit.xml", "report.html"];

/// Takes away what an earlier run left.
pub(super) fn clear(places: &Places) -> anyhow::Result<()> {
    let mut all = FORMS.iter().map(|name| places.report(name));
    all.try_for_each(|path| crate::tier::places::remove_file(&path))
}

/// Writes a report in all its forms.
pub(super) fn write(places: &Places, report: &BenchReport, copies: &Copies) -> anyhow::Result<()> {
    let texts = [
        (report.to_json(), &copies.json),
        (render::markdown(report), &copies.markdown),
        (render::junit(report), &copies.junit),
        (render::html(report), &copies.html),
    ];
    for (name, (text, copy)) in FORMS.into_iter().zip(&texts) {
        put(&places.report(name), text)?;
        if let Some(copy) = copy {
            // Where somebody says, as anybody's file, and not as ours alone.
            fs::write(copy, text).with_context(|| format!("write {}", copy.display()))?;
        }
    }
    Ok(())
}

/// Writes one file of ours.
pub(super) fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    files::replace(path, text.as_bytes()).with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests;
