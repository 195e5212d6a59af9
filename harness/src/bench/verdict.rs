//! What a measuring run means as a whole: the exit code, and why.
//!
//! A run ends with the first of [`PRECEDENCE`] that holds. An advisory metric is shown and never
//! decides: whatever it says, it counts as one that holds.

use super::policy::Importance;
use super::report::{BenchVerdict, MetricReport, Standing};
use crate::exit_code::ExitCode;
use crate::gate::Gate;

/// Which exit code a run ends with where several hold, the first first. A number that is off says
/// more than a file that is wrong, and that more than a measurement that says nothing.
pub const PRECEDENCE: [ExitCode; 8] = [
    ExitCode::InvariantBroken,
    ExitCode::Failed,
    ExitCode::FileInvalid,
    ExitCode::NoReference,
    ExitCode::PreconditionMissing,
    ExitCode::NothingSelected,
    ExitCode::Inconclusive,
    ExitCode::Warnings,
];

/// How many ids a reason names: enough to know where to look, and it stays one line.
const IDS_MAX: usize = 3;

/// What becomes of remarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warnings {
    /// They are shown.
    Allowed,
    /// They fail the run.
    Denied,
}

/// What was to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that can be: what blocks and was not measured was not checked, and that is said. Behind a
    /// closed gate it lets nothing pass.
    Everything(Gate),
    /// A part.
    Part,
}

/// What a run was like, apart from its metrics.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Files that break their format, each a line.
    pub problems: &'a [String],
    /// Why there is no base, where one was asked for.
    pub base_missing: Option<&'a str>,
    /// What becomes of remarks.
    pub warnings: Warnings,
    /// What was to be measured.
    pub extent: Extent,
}

/// What skips in a run of everything.
const UNCHECKED: &str = "not measured, as this machine lacks what they need";

/// What one metric counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// It holds.
    Held,
    /// It holds, with a remark that may be denied.
    Remarked,
    /// It fails the run, with this exit code.
    Failed(ExitCode),
    /// It cannot be said.
    Inconclusive,
    /// It was not measured.
    Unmeasured,
}

impl Counts {
    /// What `report` counts as.
    pub fn of(report: &MetricReport) -> Self {
        let advisory = report.policy.gate == Importance::Advisory;
        match report.standing {
            Standing::Pass | Standing::New => Self::Held,
            Standing::Awaits | Standing::Unasked | Standing::Skipped => Self::Unmeasured,
            _ if advisory => Self::Held,
            Standing::Warn => Self::Remarked,
            Standing::Inconclusive => Self::Inconclusive,
            Standing::Fail => Self::Failed(ExitCode::Failed),
            Standing::Broken => Self::Failed(ExitCode::InvariantBroken),
        }
    }
}

/// What a run of these metrics means. Each is counted once, so `held + failed + inconclusive +
/// unmeasured` is their number.
pub fn judge(metrics: &[MetricReport], circumstances: &Circumstances<'_>) -> BenchVerdict {
    let mut verdict = BenchVerdict {
        exit_code: ExitCode::Pass,
        held: 0,
        failed: 0,
        inconclusive: 0,
        unmeasured: 0,
        reasons: Vec::new(),
    };
    let mut codes = Vec::new();
    for metric in metrics {
        match Counts::of(metric) {
            Counts::Held => verdict.held += 1,
            Counts::Remarked => {
                verdict.held += 1;
                if circumstances.warnings == Warnings::Denied {
                    codes.push(ExitCode::Warnings);
                }
            }
            Counts::Failed(code) => {
                verdict.failed += 1;
                codes.push(code);
            }
            Counts::Inconclusive => {
                verdict.inconclusive += 1;
                codes.push(ExitCode::Inconclusive);
            }
            Counts::Unmeasured => verdict.unmeasured += 1,
        }
    }
    if !circumstances.problems.is_empty() {
        codes.push(ExitCode::FileInvalid);
    }
    if circumstances.base_missing.is_some() {
        codes.push(ExitCode::NoReference);
    }
    if circumstances.extent == Extent::Everything(Gate::Closed) && metrics.iter().any(is_unchecked)
    {
        codes.push(ExitCode::PreconditionMissing);
    }
    if verdict.unmeasured == metrics.len() {
        // What was asked for may be there, and only what it needs is not.
        let lacks = metrics.iter().any(|it| it.standing == Standing::Skipped);
        let missing = ExitCode::PreconditionMissing;
        codes.push(if lacks { missing } else { ExitCode::NothingSelected });
    }
    let worst = PRECEDENCE.into_iter().find(|code| codes.contains(code));
    verdict.exit_code = worst.unwrap_or(ExitCode::Pass);
    verdict.reasons = reasons(metrics, circumstances);
    verdict
}

/// Whether a metric blocks and was not measured, though it could be on some machine.
fn is_unchecked(report: &MetricReport) -> bool {
    report.standing == Standing::Skipped && report.policy.gate == Importance::Blocking
}

/// One line for each kind of trouble, what counts before what is only shown.
fn reasons(metrics: &[MetricReport], circumstances: &Circumstances<'_>) -> Vec<String> {
    let blocking = |words: &str, standing: Standing| {
        line(words, metrics, |it| it.standing == standing && it.policy.gate == Importance::Blocking)
    };
    let mut reasons = Vec::new();
    reasons.extend(blocking("allow no tolerance and are off", Standing::Broken));
    reasons.extend(blocking("got worse than they may", Standing::Fail));
    reasons.extend(circumstances.problems.iter().cloned());
    reasons.extend(circumstances.base_missing.map(|why| format!("nothing to compare with: {why}")));
    if circumstances.extent != Extent::Part {
        reasons.extend(line(UNCHECKED, metrics, is_unchecked));
    }
    if metrics.iter().all(|it| Counts::of(it) == Counts::Unmeasured) {
        reasons.push("nothing was measured".to_owned());
    }
    reasons.extend(blocking("cannot be said", Standing::Inconclusive));
    reasons.extend(blocking("hold with a remark", Standing::Warn));
    reasons.extend(line("advisory with a remark", metrics, |it| {
        it.policy.gate == Importance::Advisory && Standing::Warn <= it.standing
    }));
    reasons
}

/// `2 cannot be said: a, b`; `None` where no metric is meant.
fn line(
    words: &str,
    metrics: &[MetricReport],
    is_meant: impl Fn(&MetricReport) -> bool,
) -> Option<String> {
    let ids: Vec<&str> =
        metrics.iter().filter(|it| is_meant(it)).map(|it| it.policy.id.as_str()).collect();
    let rest = ids.len().saturating_sub(IDS_MAX);
    let named = ids.iter().take(IDS_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    (!ids.is_empty()).then(|| format!("{} {words}: {named}{more}", ids.len()))
}

#[cfg(test)]
mod tests;
