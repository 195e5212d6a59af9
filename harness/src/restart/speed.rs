//! What a measuring run means for a restart.
//!
//! | finding | says |
//! |---|---|
//! | an exact metric is off | no, 21 |
//! | a metric is beyond its line of concern | no, 20 |
//! | a scenario failed, or left no value of what it measures | no, 20 |
//! | it got worse than the running build | a remark; with `--strict-perf` no, 20 |
//! | it cannot be said | a remark; with `--strict-perf` no, 30 |
//!
//! What is advisory never says no: a person looks at it.

use super::flags::Speed;
use crate::bench::policy::Importance;
use crate::bench::report::{BenchReport, Judgement, MetricReport, Standing};
use crate::exit_code::ExitCode;

/// What a run means: pass, or the exit code of the gate, and what there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// [`ExitCode::Pass`], or why not.
    pub code: ExitCode,
    /// Each metric that is no plain pass, in a line.
    pub says: Vec<String>,
}

/// The worst first.
const PRECEDENCE: [ExitCode; 3] =
    [ExitCode::InvariantBroken, ExitCode::Failed, ExitCode::Inconclusive];

/// Judges a whole run.
pub fn judge(report: &BenchReport, speed: Speed) -> Judged {
    let mut codes = Vec::new();
    let mut says = Vec::new();
    for row in &report.metrics {
        let blocking = row.policy.gate == Importance::Blocking;
        let Some((code, what)) = finding(row, speed) else { continue };
        let code = code.filter(|_| blocking);
        codes.extend(code);
        let weight = if code.is_some() { "blocks" } else { "remark" };
        let id = &row.policy.id;
        let why = if row.reasons.is_empty() { "" } else { ", " };
        says.push(format!("{weight}: {id}: {what}{why}{}", row.reasons.join("; ")));
    }
    if report.metrics.iter().all(|row| row.standing.is_unmeasured()) {
        codes.push(ExitCode::Inconclusive);
        says.push("blocks: nothing was measured".to_owned());
    }
    let code = PRECEDENCE.into_iter().find(|code| codes.contains(code));
    Judged { code: code.unwrap_or(ExitCode::Pass), says }
}

/// What is to be said of a metric, and the exit code it asks for.
fn finding(row: &MetricReport, speed: Speed) -> Option<(Option<ExitCode>, &'static str)> {
    let strict = |code| (speed == Speed::Strict).then_some(code);
    match row.standing {
        Standing::Broken => {
            Some((Some(ExitCode::InvariantBroken), "allows no tolerance and is off"))
        }
        Standing::Fail if row.absolute == Some(Judgement::Fail) => {
            Some((Some(ExitCode::Failed), "is beyond its line"))
        }
        Standing::Fail if is_worse(row) => {
            Some((strict(ExitCode::Failed), "got worse than the running build"))
        }
        // The line may be crossed as far as anybody knows.
        Standing::Fail => Some((Some(ExitCode::Failed), "was not measured as it should be")),
        Standing::Inconclusive => Some((strict(ExitCode::Inconclusive), "cannot be said")),
        Standing::Warn => Some((None, "holds, with a remark")),
        Standing::Pass
        | Standing::New
        | Standing::Awaits
        | Standing::Unasked
        | Standing::Skipped => None,
    }
}

/// Whether it is the comparison that says so, and not a scenario that failed.
fn is_worse(row: &MetricReport) -> bool {
    row.relative.as_ref().is_some_and(|relative| relative.judgement == Judgement::Fail)
}

#[cfg(test)]
mod tests;
