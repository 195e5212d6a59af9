//! What is counted and the same in every run: no pairs, no interval, no second look.

use super::findings::{Part, against_base, against_promise, exactly, report, unmeasured};
use crate::bench::policy::{Metric, RelativeLines};
use crate::bench::report::{Judgement, Measured, MetricReport, Relative, Standing};
use crate::bench::{absolute, paired};

/// A metric that is counted and the same in every run, such as instructions.
pub fn counted(metric: &Metric, head: f64, base: &BaseCount) -> MetricReport {
    let measured = |value| Measured { estimate: exactly(value), samples: 1 };
    let head = measured(head);
    let judgement = absolute::judge(metric, &head.estimate);
    let mut parts = vec![against_promise(metric, &head, judgement)];
    let relative = match (metric.relative, base) {
        (None, _) | (_, BaseCount::Unasked) => None,
        (Some(_), BaseCount::Lacks) => {
            parts.push(Part::of(Standing::New, "the base does not have it"));
            None
        }
        (Some(_), BaseCount::Failed(why)) => {
            parts.push(Part::of(Standing::Inconclusive, format!("the base failed to {why}")));
            None
        }
        (Some(lines), BaseCount::Is(base)) => {
            let (part, relative) = against_count(metric, lines, head.estimate.value, *base);
            parts.push(part);
            Some(relative)
        }
    };
    report(metric, parts, Some(head), Some(judgement), relative)
}

/// A metric that should have been counted and was not. `why` goes behind "failed to".
pub fn uncounted(metric: &Metric, why: &str) -> MetricReport {
    unmeasured(metric, Standing::Fail, format!("failed to {why}"))
}

/// What the base says of a count.
#[derive(Debug, Clone, PartialEq)]
pub enum BaseCount {
    /// This.
    Is(f64),
    /// It does not have it.
    Lacks,
    /// It has, and it went wrong there; goes behind "failed to".
    Failed(String),
    /// It was not asked: nothing is compared.
    Unasked,
}

fn against_count(metric: &Metric, lines: RelativeLines, head: f64, base: f64) -> (Part, Relative) {
    let launch = paired::Launch { pairs: vec![paired::Pair { base, head }] };
    let log = paired::log_ratios(metric, &launch).into_iter().sum::<f64>();
    let ratio = exactly(log.exp());
    let judgement = paired::judge(&ratio, lines);
    let relative = Relative {
        base: Measured { estimate: exactly(base), samples: 1 },
        ratio,
        p: if judgement == Judgement::Fail { 0.0 } else { 1.0 },
        launches: 1,
        pairs: 1,
        confirmation: None,
        judgement,
    };
    (against_base(&ratio, lines, judgement), relative)
}
