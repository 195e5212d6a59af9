//! A runner of cases as a child: started with the terminal as its own, and its report read back.
//!
//! What a runner says is believed only if everything fits: the report is of this run, of this tier,
//! of what was asked for, follows from its own cases, and the process ended with the number in it.
//! Everything else adds a failed case, so that no doubt is green.

use std::process::{Command, ExitStatus};

use harness::report::{Machine, Report, SCHEMA};
use harness::verdict::judge;
use jiff::Timestamp;

use super::places::Places;
use super::{Order, Output, fallen, with_failure};

/// Runs it to its end.
pub(super) fn run(
    order: &Order,
    mut command: Command,
    places: &Places,
    output: &Output,
) -> anyhow::Result<Report> {
    if let Some(only) = &order.selection.only {
        command.args(["--", only]);
    }
    let started_at = Timestamp::now();
    let status = output.run(command)?;
    Ok(read_back(order, places, started_at, status))
}

/// The report of a runner that was started at `started_at` and ended with `status`.
pub(crate) fn read_back(
    order: &Order,
    places: &Places,
    started_at: Timestamp,
    status: ExitStatus,
) -> Report {
    match Report::read(&places.report()) {
        Ok(report) => match doubt(order, started_at, status, &report) {
            Some(why) => with_failure(report, why),
            None => report,
        },
        Err(error) => {
            let why = format!("the runner ended with {} and left no report: {error}", said(status));
            died(order, started_at, why)
        }
    }
}

/// Why this report is not to be believed, if so.
fn doubt(
    order: &Order,
    started_at: Timestamp,
    status: ExitStatus,
    report: &Report,
) -> Option<String> {
    let verdict = judge(report.gate, &report.cases, &report.problems);
    if report.started_at < started_at {
        Some("the report is of an earlier run".to_owned())
    } else if report.tier != order.tier {
        Some(format!("the report is of {} and not of {}", report.tier, order.tier))
    } else if report.gate != order.gate {
        Some("the report is of a run behind another gate".to_owned())
    } else if report.selection.only != order.selection.only {
        Some("the report is of another selection".to_owned())
    } else if report.verdict.exit_code != verdict.exit_code {
        Some("the verdict of the report does not follow from its cases".to_owned())
    } else if status.code() != Some(i32::from(verdict.exit_code.number())) {
        let number = verdict.exit_code.number();
        Some(format!("the runner ended with {} and its report with {number}", said(status)))
    } else {
        None
    }
}

/// The report of a run that left none.
fn died(order: &Order, started_at: Timestamp, why: String) -> Report {
    let cases = vec![fallen(order.tier, why)];
    let took = Timestamp::now().as_millisecond() - started_at.as_millisecond();
    Report {
        schema: SCHEMA.to_owned(),
        tier: order.tier,
        gate: order.gate,
        started_at,
        elapsed_ms: u64::try_from(took).unwrap_or_default(),
        selection: order.selection.clone(),
        machine: Machine::here(),
        ends: Vec::new(),
        problems: Vec::new(),
        verdict: judge(order.gate, &cases, &[]),
        cases,
    }
}

/// `exit status: 1` as `1`, a signal in the words of the system.
fn said(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| code.to_string())
}

#[cfg(test)]
mod tests;
