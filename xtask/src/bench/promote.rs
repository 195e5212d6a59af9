//! `cargo xtask bench promote`: what the last full run measured becomes the reference of its
//! machine.

use std::io;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use harness::bench::reference::{self, Reference, ReferenceError};
use harness::bench::report::BenchReport;
use harness::exit_code::ExitCode;
use harness::report::ReportError;

use super::Refusal;
use super::assemble::BASELINES;
use super::command::PromoteArguments;
use super::places::Places;
use super::plan::is_named;
use crate::workspace::Workspace;

/// The report of the last full run, among the reports.
pub(super) const FULL: &str = "full.json";

/// The command.
pub(super) fn run(workspace: &Workspace, arguments: &PromoteArguments) -> anyhow::Result<ExitCode> {
    let report = read(&Places::below(workspace.target_dir()).report(FULL))?;
    let baselines = workspace.root().join(BASELINES);
    let path = Reference::path(&baselines, &report.machine.id);
    let invalid =
        |error: &ReferenceError| Refusal { code: ExitCode::FileInvalid, why: error.to_string() };
    let old = Reference::read(&path).map_err(|error| invalid(&error))?;
    let only = arguments.only.as_deref().map(|only| ids(&report, only));
    let promoted = reference::promote(old, &report, only.as_deref(), &arguments.because);
    let promoted =
        promoted.map_err(|refusal| Refusal { code: ExitCode::Failed, why: refusal.to_string() })?;
    let promoted = promoted.built_by(&rustc()?, report.started_at);
    promoted.write(&path).map_err(|error| invalid(&error))?;
    println!("{} holds what was measured of {}", path.display(), report.head.commit);
    for metric in reference::left_out(&report).filter(|_| only.is_none()) {
        println!("{} stays: it is advisory, and does not hold in this run", metric.policy.id);
    }
    Ok(ExitCode::Pass)
}

/// The report of a measuring run.
fn read(path: &Path) -> anyhow::Result<BenchReport> {
    let refused = |code, why| Err(Refusal { code, why }.into());
    match BenchReport::read(path) {
        Ok(report) => Ok(report),
        Err(ReportError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            let why = "find the report of a full run: `cargo xtask bench-check` writes one";
            refused(ExitCode::PreconditionMissing, why.to_owned())
        }
        Err(error) => refused(ExitCode::FileInvalid, error.to_string()),
    }
}

/// The metrics of a report that were measured and have this in their name.
fn ids(report: &BenchReport, only: &str) -> Vec<String> {
    let metrics = report.metrics.iter().filter(|it| !it.standing.is_unmeasured());
    let named = metrics.filter(|it| is_named(&it.policy, Some(only)));
    named.map(|it| it.policy.id.clone()).collect()
}

fn rustc() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("--version").output().context("run rustc")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests;
