//! What the outcomes of a run mean, behind an open gate and behind a closed one.
//!
//! Two steps, both pure. [`Standing::of`] says what one case counts as; every rendering of a report
//! asks it too, so that they cannot disagree. [`judge`] counts the standings and picks the exit code:
//! the first of [`PRECEDENCE`] that holds.
//!
//! | outcome | gate open | gate closed |
//! |---|---|---|
//! | passed | passed | passed |
//! | flaky | passed, with a remark | failed, 20 |
//! | leaked | passed, with a remark | failed, 21 |
//! | failed, panicked, timed out | failed, 20 | failed, 20 |
//! | invariant broken | failed, 21 | failed, 21 |
//! | missing precondition | skipped (in a tier that is always gated: failed, 40) | failed, 40 |
//! | skipped | skipped | skipped |
//!
//! What would fail in a quarantine that holds is *quarantined* instead. A case whose quarantine has
//! expired is failed whatever its outcome, so that the entry is taken away or thought about again.

use crate::exit_code::ExitCode;
use crate::gate::Gate;
use crate::report::{CaseReport, Outcome, Verdict};
use crate::tier::Tier;

/// Which exit code a run ends with where several hold, the first first.
pub const PRECEDENCE: [ExitCode; 6] = [
    ExitCode::InvariantBroken,
    ExitCode::Failed,
    ExitCode::FileInvalid,
    ExitCode::PreconditionMissing,
    ExitCode::NothingSelected,
    ExitCode::Skipped,
];

/// How many ids a reason names: enough to know where to look, and it stays one line.
const IDS_MAX: usize = 3;

/// What one case counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds; maybe with a remark that a closed gate would not tolerate.
    Passed,
    /// It was not tried, and that is tolerated.
    Skipped,
    /// It would count against the run, but for its quarantine.
    Quarantined,
    /// It counts against the run, with this exit code.
    Failed(ExitCode),
}

impl Standing {
    /// What `case` counts as behind `gate`.
    pub fn of(gate: Gate, case: &CaseReport) -> Self {
        let code = code_of(gate, case);
        let expired = case.quarantine.as_ref().is_some_and(|entry| entry.expired);
        match (code, case.outcome) {
            (Some(_), _) if case.is_quarantined() => Self::Quarantined,
            (Some(code), _) => Self::Failed(code),
            (None, _) if expired => Self::Failed(ExitCode::FileInvalid),
            (None, Outcome::Skipped | Outcome::MissingPrecondition) => Self::Skipped,
            (None, _) => Self::Passed,
        }
    }
}

/// The exit code that the outcome of `case` asks for, quarantine apart.
fn code_of(gate: Gate, case: &CaseReport) -> Option<ExitCode> {
    let closed = gate == Gate::Closed;
    match case.outcome {
        Outcome::Broken => Some(ExitCode::InvariantBroken),
        Outcome::Leaked => closed.then_some(ExitCode::InvariantBroken),
        Outcome::Failed | Outcome::Panicked | Outcome::TimedOut => Some(ExitCode::Failed),
        Outcome::Flaky => closed.then_some(ExitCode::Failed),
        Outcome::MissingPrecondition => {
            let gated = Tier::of_id(&case.id).is_some_and(|tier| tier.policy().always_gated);
            (closed || gated).then_some(ExitCode::PreconditionMissing)
        }
        Outcome::Passed | Outcome::Skipped => None,
    }
}

/// What a run of these cases means. `problems` are those of the run itself, such as a quarantine
/// file that cannot be read; each of them refuses the run.
///
/// Every case is counted once, so `passed + failed + skipped + quarantined` is their number.
/// Problems are no cases: with nothing else wrong, 0 have failed and the exit code is 32.
pub fn judge(gate: Gate, cases: &[CaseReport], problems: &[String]) -> Verdict {
    let mut verdict = Verdict {
        exit_code: ExitCode::Pass,
        passed: 0,
        failed: 0,
        skipped: 0,
        quarantined: 0,
        reasons: Vec::new(),
    };
    let mut codes = Vec::new();
    for case in cases {
        match Standing::of(gate, case) {
            Standing::Passed => verdict.passed += 1,
            Standing::Skipped => verdict.skipped += 1,
            Standing::Quarantined => verdict.quarantined += 1,
            Standing::Failed(code) => {
                verdict.failed += 1;
                codes.push(code);
            }
        }
    }
    if !problems.is_empty() || cases.iter().any(is_expired) {
        codes.push(ExitCode::FileInvalid);
    }
    if cases.is_empty() {
        codes.push(ExitCode::NothingSelected);
    } else if verdict.passed + verdict.failed == 0 {
        // Also where all that ran is quarantined: no case that counts has held.
        codes.push(ExitCode::Skipped);
    }
    let worst = PRECEDENCE.into_iter().find(|code| codes.contains(code));
    verdict.exit_code = worst.unwrap_or(ExitCode::Pass);
    verdict.reasons = reasons(gate, cases, problems);
    verdict
}

fn is_expired(case: &CaseReport) -> bool {
    case.quarantine.as_ref().is_some_and(|entry| entry.expired)
}

/// One line for each kind of trouble, what counts before what is only remarked.
fn reasons(gate: Gate, cases: &[CaseReport], problems: &[String]) -> Vec<String> {
    let failed = |outcome: Outcome| {
        line(outcome.words(), cases, move |case| {
            case.outcome == outcome && matches!(Standing::of(gate, case), Standing::Failed(_))
        })
    };
    let remarked = |outcome, words: &'static str| {
        line(words, cases, move |case| {
            case.outcome == outcome
                && matches!(Standing::of(gate, case), Standing::Passed | Standing::Skipped)
        })
    };
    let mut reasons = Vec::new();
    let worst = [
        Outcome::Broken,
        Outcome::Leaked,
        Outcome::Failed,
        Outcome::Panicked,
        Outcome::TimedOut,
        Outcome::Flaky,
    ];
    reasons.extend(worst.into_iter().filter_map(failed));
    reasons.extend(problems.iter().cloned());
    reasons.extend(line("in a quarantine that has expired", cases, |case| {
        is_expired(case) && !problems.iter().any(|problem| problem.contains(&case.id))
    }));
    reasons.extend(failed(Outcome::MissingPrecondition));
    if cases.is_empty() {
        reasons.push("no case was selected".to_owned());
    } else if cases
        .iter()
        .all(|case| matches!(Standing::of(gate, case), Standing::Skipped | Standing::Quarantined))
    {
        reasons.push("no case that counts was tried".to_owned());
    }
    reasons.extend(line("failed in quarantine", cases, |case| {
        Standing::of(gate, case) == Standing::Quarantined
    }));
    reasons.extend(remarked(Outcome::Leaked, "left something behind"));
    reasons.extend(remarked(Outcome::Flaky, "passed on a later try only"));
    reasons.extend(remarked(Outcome::MissingPrecondition, "not tried, for lack of a precondition"));
    reasons.extend(remarked(Outcome::Skipped, "skipped"));
    reasons
}

/// `2 failed: a, b`; `None` where no case is meant.
fn line(
    words: &str,
    cases: &[CaseReport],
    is_meant: impl Fn(&CaseReport) -> bool,
) -> Option<String> {
    let ids: Vec<&str> =
        cases.iter().filter(|case| is_meant(case)).map(|case| case.id.as_str()).collect();
    let rest = ids.len().saturating_sub(IDS_MAX);
    let named = ids.iter().take(IDS_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    (!ids.is_empty()).then(|| format!("{} {words}: {named}{more}", ids.len()))
}

#[cfg(test)]
mod tests;
