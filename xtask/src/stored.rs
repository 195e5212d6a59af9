//! `cargo xtask report` and `cargo xtask receipts`: what earlier runs left.

use std::io::ErrorKind;
use std::path::Path;

use clap::ValueEnum;
use harness::bench::render as measured;
use harness::bench::report::{BenchReport, KIND};
use harness::exit_code::ExitCode;
use harness::receipt::{Receipt, Stale, Wanted};
use harness::render;
use harness::report::{self, Report, ReportError};
use harness::tier::Tier;
use jiff::Timestamp;

use crate::tier::{self, proof};
use crate::workspace::Workspace;

/// What a report is rendered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For a person at a terminal.
    #[default]
    Terminal,
    /// For a pull request.
    Markdown,
    /// For a build server.
    Junit,
    /// One page for a browser; of measuring runs alone.
    Html,
}

/// The command `report`, for the report of a tier as well as for that of a measuring run.
pub(crate) fn report(path: &Path, format: Format) -> ExitCode {
    match read(path) {
        Ok(stored) => show(&stored, format),
        Err(error) => {
            eprintln!("xtask: failed to {error}");
            match error {
                ReportError::File { source, .. } if source.kind() == ErrorKind::NotFound => {
                    ExitCode::PreconditionMissing
                }
                _ => ExitCode::FileInvalid,
            }
        }
    }
}

/// A report of either kind.
enum Stored {
    Tier(Box<Report>),
    Bench(Box<BenchReport>),
}

fn read(path: &Path) -> Result<Stored, ReportError> {
    if report::kind_of(path)?.as_deref() == Some(KIND) {
        BenchReport::read(path).map(|report| Stored::Bench(Box::new(report)))
    } else {
        Report::read(path).map(|report| Stored::Tier(Box::new(report)))
    }
}

fn show(stored: &Stored, format: Format) -> ExitCode {
    if let Some(text) = rendered(stored, format) {
        print!("{text}");
        ExitCode::Pass
    } else {
        eprintln!("xtask: the report of a tier has no page: only that of a measuring run does");
        ExitCode::BadUsage
    }
}

/// The report in a form, if it has that one.
fn rendered(stored: &Stored, format: Format) -> Option<String> {
    Some(match (stored, format) {
        (Stored::Tier(report), Format::Terminal) => render::terminal(report, tier::colour()),
        (Stored::Tier(report), Format::Markdown) => render::markdown(report),
        (Stored::Tier(report), Format::Junit) => render::junit(report),
        (Stored::Tier(_), Format::Html) => return None,
        (Stored::Bench(report), Format::Terminal) => measured::terminal(report, tier::colour()),
        (Stored::Bench(report), Format::Markdown) => measured::markdown(report),
        (Stored::Bench(report), Format::Junit) => measured::junit(report),
        (Stored::Bench(report), Format::Html) => measured::html(report),
    })
}

/// The command `receipts`. Nothing is built: programs are looked at as they lie there.
pub(crate) fn receipts(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let now = Timestamp::now();
    for tier in Tier::ALL.into_iter().filter(|tier| *tier != Tier::Running) {
        let found = match Receipt::read(&proof::place(workspace, tier)) {
            Ok(None) => Found::Nothing,
            Ok(Some(receipt)) => {
                let wanted = Wanted {
                    binaries: proof::hashes_now(workspace.target_dir(), &receipt),
                    // Any API will do for a list: which one it was is shown.
                    api: receipt.subject.api.clone(),
                    ..proof::anywhere(workspace, tier)?
                };
                let validity = receipt.is_valid(now, &wanted);
                Found::Receipt(Box::new(receipt), validity)
            }
            Err(error) => Found::Unreadable(error.to_string()),
        };
        println!("{}", line(tier, now, &found));
    }
    Ok(ExitCode::Pass)
}

/// What lies in a receipt's place.
enum Found {
    Nothing,
    Unreadable(String),
    Receipt(Box<Receipt>, Result<(), Stale>),
}

fn line(tier: Tier, now: Timestamp, found: &Found) -> String {
    match found {
        Found::Nothing => format!("{tier}  none"),
        Found::Unreadable(error) => format!("{tier}  stale: failed to {error}"),
        Found::Receipt(receipt, validity) => {
            let age = proof::age(now.duration_since(receipt.written_at));
            let verdict = &receipt.verdict;
            let api =
                receipt.subject.api.as_ref().map_or_else(String::new, |api| format!(", {api}"));
            let tests = format!("{} passed, {} failed{api}", verdict.passed, verdict.failed);
            match validity {
                Ok(()) => format!("{tier}  valid, {age} old ({tests})"),
                Err(stale) => format!("{tier}  stale, {age} old ({tests}): {stale}"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
