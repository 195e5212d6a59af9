//! What a measuring run means for a restart.
//!
//! | finding | says |
//! |---|---|
//! | an exact metric is off | no, 21 |
//! | a metric is beyond its line of concern | no, 20 |
//! | a scenario failed, or left no value of what it measures | no, 20 |
//! | it got worse than what it was measured against | a remark; with `--strict-perf` no, 20 |
//! | it cannot be said | a remark; with `--strict-perf` no, 30 |
//! | the running build was not to be had, or not to be built, to measure it against | the same |
//! | what blocks was not measured, as this machine lacks what that needs | a remark |
//! | nothing was measured | no, 30 |
//!
//! What is advisory never says no: a person looks at it.

use std::collections::BTreeMap;

use super::flags::Speed;
use crate::bench::policy::Importance;
use crate::bench::report::{BenchReport, Judgement, MetricReport, Standing};
use crate::exit_code::ExitCode;

/// What a run means: pass, or the exit code of the gate, and what there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// [`ExitCode::Pass`], or why not.
    pub code: ExitCode,
    /// Each metric that is no plain pass, in a line: what blocks before what is remarked, in the order
    /// in which it decides. The first line is all that a terminal shows.
    pub says: Vec<String>,
}

/// What a target was measured against. The reasons go behind a colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The build that runs.
    Running,
    /// The commit before the target, as what runs cannot be had: why.
    Before(String),
    /// What is promised of every build, as there is none to be had: why.
    Promises(String),
}

const PROMISES: &str = "what is promised alone";

impl Against {
    /// What it is called.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running => "the running build",
            Self::Before(_) => "the commit before it",
            Self::Promises(_) => PROMISES,
        }
    }

    /// Why it is not the build that runs.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Running => None,
            Self::Before(why) | Self::Promises(why) => Some(why),
        }
    }
}

/// The worst first.
const PRECEDENCE: [ExitCode; 3] =
    [ExitCode::InvariantBroken, ExitCode::Failed, ExitCode::Inconclusive];

/// One thing that there is to say, and the exit code it asks for, if any.
struct Finding {
    code: Option<ExitCode>,
    what: String,
}

impl Finding {
    /// What blocks is first, the worst of it before all.
    fn rank(&self) -> usize {
        let rank = |code| PRECEDENCE.into_iter().position(|it| it == code);
        self.code.and_then(rank).unwrap_or(PRECEDENCE.len())
    }

    fn line(&self) -> String {
        let weight = if self.code.is_some() { "blocks" } else { "remark" };
        format!("{weight}: {}", self.what)
    }
}

/// Judges a whole run.
pub fn judge(report: &BenchReport, against: &Against, speed: Speed) -> Judged {
    let mut findings: Vec<Finding> =
        report.metrics.iter().filter_map(|row| of_metric(row, against, speed)).collect();
    let missing = report.base_missing.as_deref().or_else(|| without_a_probe(&report.metrics));
    findings.extend(of_base(missing, against, speed));
    findings.extend(of_skipped(&report.metrics));
    if report.metrics.iter().all(|row| row.standing.is_unmeasured()) {
        let what = "nothing was measured".to_owned();
        findings.push(Finding { code: Some(ExitCode::Inconclusive), what });
    }
    // Stable: otherwise in the order of the policy.
    findings.sort_by_key(Finding::rank);
    let code = findings.first().and_then(|worst| worst.code).unwrap_or(ExitCode::Pass);
    Judged { code, says: findings.iter().map(Finding::line).collect() }
}

/// What is to be said of a metric.
fn of_metric(row: &MetricReport, against: &Against, speed: Speed) -> Option<Finding> {
    let strict = |code| (speed == Speed::Strict).then_some(code);
    let (code, what) = match row.standing {
        Standing::Broken => {
            (Some(ExitCode::InvariantBroken), "allows no tolerance and is off".to_owned())
        }
        Standing::Fail if row.absolute == Some(Judgement::Fail) => {
            (Some(ExitCode::Failed), "is beyond its line".to_owned())
        }
        Standing::Fail if is_worse(row) => {
            (strict(ExitCode::Failed), format!("got worse than {}", against.name()))
        }
        // The line may be crossed as far as anybody knows.
        Standing::Fail => (Some(ExitCode::Failed), "was not measured as it should be".to_owned()),
        Standing::Inconclusive => (strict(ExitCode::Inconclusive), "cannot be said".to_owned()),
        Standing::Warn => (None, "holds, with a remark".to_owned()),
        Standing::Pass
        | Standing::New
        | Standing::Awaits
        | Standing::Unasked
        | Standing::Skipped => return None,
    };
    let code = code.filter(|_| row.policy.gate == Importance::Blocking);
    let why = if row.reasons.is_empty() { "" } else { ", " };
    let what = format!("{}: {what}{why}{}", row.policy.id, row.reasons.join("; "));
    Some(Finding { code, what })
}

/// What is to be said of a target of which nobody knows how it compares with what runs. `missing` is
/// why what it was to be measured against was not measured.
fn of_base(missing: Option<&str>, against: &Against, speed: Speed) -> Option<Finding> {
    let whys: Vec<&str> = against.why().into_iter().chain(missing).collect();
    if whys.is_empty() {
        return None;
    }
    let name = if missing.is_some() { PROMISES } else { against.name() };
    let what = format!("it was measured against {name}: {}", whys.join("; "));
    Some(Finding { code: (speed == Speed::Strict).then_some(ExitCode::Inconclusive), what })
}

/// Why nothing was compared, where all that was measured is new to the base.
fn without_a_probe(rows: &[MetricReport]) -> Option<&'static str> {
    let mut measured = rows.iter().filter(|row| !row.standing.is_unmeasured()).peekable();
    measured.peek()?;
    let is_new = measured.all(|row| row.standing == Standing::New);
    is_new.then_some("the build before has nothing that is measured here")
}

/// What is to be said of what would block and could not be measured here: it may be on another
/// machine, so it is said, and says no of no target.
fn of_skipped(rows: &[MetricReport]) -> Option<Finding> {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in rows {
        if row.standing == Standing::Skipped && row.policy.gate == Importance::Blocking {
            by_reason.entry(row.reasons.join("; ")).or_default().push(&row.policy.id);
        }
    }
    let mut groups: Vec<(&String, &Vec<&str>)> = by_reason.iter().collect();
    groups.sort_by_key(|(_, ids)| ids[0]);
    let group = |(why, ids): (&String, &Vec<&str>)| match ids.len() {
        1 => format!("{} ({why})", ids[0]),
        several => format!("{} and {} more ({why})", ids[0], several - 1),
    };
    let groups: Vec<String> = groups.into_iter().map(group).collect();
    let what = format!("not measured: {}", groups.join("; "));
    (!groups.is_empty()).then_some(Finding { code: None, what })
}

/// Whether it is the comparison that says so, and not a scenario that failed.
fn is_worse(row: &MetricReport) -> bool {
    row.relative.as_ref().is_some_and(|relative| relative.judgement == Judgement::Fail)
}

#[cfg(test)]
mod tests;
