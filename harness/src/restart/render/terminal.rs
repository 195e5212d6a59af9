//! For a person at a terminal: the steps, what was decided, and the verdict last.

use super::digest;
use crate::exit_code::ExitCode;
use crate::render::Colour;
use crate::render::digest::{brief, shortened};
use crate::render::terminal::{GREEN, RED, YELLOW, block};
use crate::restart::report::{Outcome, Report};

/// The report, ending with the verdict in one line.
pub fn terminal(report: &Report, colour: Colour) -> String {
    let mut out = String::new();
    let steps = report.steps.iter().map(|step| {
        let word = colour.paint(shade(step.outcome), &format!("{:<10}", step.outcome.words()));
        let says = step.says.last().map_or_else(String::new, |says| brief(says));
        let line = format!("{word}{:<17}{:<23}{says}", digest::name(step), digest::time(step));
        line.trim_end().to_owned()
    });
    block(&mut out, "", steps);
    let more = report.steps.iter().filter(|step| 1 < step.says.len());
    for step in more {
        let says = step
            .says
            .iter()
            .flat_map(|says| shortened(says).lines().map(str::to_owned).collect::<Vec<_>>());
        block(&mut out, &digest::name(step), says);
    }
    block(&mut out, "decided", report.decisions.iter().map(|what| brief(what)));
    let facts = digest::facts(report).into_iter();
    block(&mut out, "", facts.map(|(name, value)| format!("{name:<21}{value}")));
    let headline = colour.paint(verdict_shade(report.verdict.exit_code), &digest::headline(report));
    let reasons = report.verdict.reasons.iter().map(|why| format!("  {}", shortened(why)));
    block(&mut out, "", reasons.chain([headline]));
    out
}

const fn shade(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => GREEN,
        Outcome::Remarked | Outcome::Skipped => YELLOW,
        Outcome::Failed => RED,
    }
}

const fn verdict_shade(code: ExitCode) -> &'static str {
    if matches!(code, ExitCode::Pass) { GREEN } else { RED }
}
