//! `cargo xtask report` and `cargo xtask receipts`: what earlier runs left.

use std::path::Path;

use clap::ValueEnum;
use harness::exit_code::ExitCode;
use harness::receipt::{Receipt, Stale, Wanted};
use harness::render;
use harness::report::{Report, ReportError};
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
}

/// The command `report`.
pub(crate) fn report(path: &Path, format: Format) -> ExitCode {
    match Report::read(path) {
        Ok(report) => {
            print!("{}", rendered(&report, format));
            ExitCode::Pass
        }
        Err(error) => {
            eprintln!("xtask: failed to {error}");
            match error {
                ReportError::File { .. } => ExitCode::Failed,
                ReportError::Json { .. } | ReportError::Schema { .. } => ExitCode::FileInvalid,
            }
        }
    }
}

fn rendered(report: &Report, format: Format) -> String {
    match format {
        Format::Terminal => render::terminal(report, tier::colour()),
        Format::Markdown => render::markdown(report),
        Format::Junit => render::junit(report),
    }
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
