//! Moving a reference: only from a run that can be trusted, and only with a reason.

use std::collections::{BTreeMap, BTreeSet};

use super::{Promoted, Reference, SCHEMA};
use crate::bench::policy::{Family, Importance, Kind};
use crate::bench::report::{BenchReport, Load, Measured, MetricReport, Mode, Promotion, Standing};

/// More than this part of the looks at the machine finding others at work is a noisy run. A few are
/// none: what was measured around them was thrown away and measured again.
pub const LOADED_PART_MAX: f64 = 0.25;

/// Why no reference moves, with everything that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("promote this run: {}", .reasons.join("; "))]
pub struct PromoteRefusal {
    /// One fragment each.
    pub reasons: Vec<String>,
}

/// The references with the values of `report` on top: those of the metrics `only`, or of all that
/// were measured but for [`left_out`]. All of them move, or none.
///
/// # Errors
/// When the build is not exactly its commit, nobody says why, the run was quick or noisy, is no newer
/// than the reference or of another machine, or one of the metrics was not measured or does not hold.
pub fn promote(
    old: Option<Reference>,
    report: &BenchReport,
    only: Option<&[String]>,
    because: &str,
) -> Result<Reference, PromoteRefusal> {
    let mut reasons = about_run(report, because);
    if let Some(old) = &old
        && old.machine.id != report.machine.id
    {
        reasons.push(format!("it ran on {}, not on {}", report.machine.id, old.machine.id));
    }
    let wanted = wanted(report, only, &mut reasons);
    let mut values = Vec::new();
    for metric in wanted {
        let found = about_metric(metric, report, old.as_ref());
        match &metric.head {
            Some(head) if found.is_empty() => values.push((metric.policy.id.clone(), head)),
            Some(_) | None => reasons.extend(found),
        }
    }
    if !reasons.is_empty() {
        return Err(PromoteRefusal { reasons });
    }
    let mut new = old.unwrap_or_else(|| Reference {
        schema: SCHEMA.to_owned(),
        machine: report.machine.clone(),
        metrics: BTreeMap::new(),
    });
    for (id, head) in values {
        new.metrics.entry(id).or_default().push(promoted(report, head, because));
    }
    Ok(new)
}

/// What was measured and moves only if it is asked for by name: an advisory metric that does not hold is
/// shown, and as it fails no run it is in nobody's way. Its own reference stays.
pub fn left_out(report: &BenchReport) -> impl Iterator<Item = &MetricReport> {
    measured(report).filter(|metric| is_only_shown(metric))
}

fn measured(report: &BenchReport) -> impl Iterator<Item = &MetricReport> {
    report.metrics.iter().filter(|metric| !metric.standing.is_unmeasured())
}

fn is_only_shown(metric: &MetricReport) -> bool {
    let fails =
        matches!(metric.standing, Standing::Inconclusive | Standing::Fail | Standing::Broken);
    fails && metric.policy.gate == Importance::Advisory
}

/// What is in the way whatever the metric.
fn about_run(report: &BenchReport, because: &str) -> Vec<String> {
    let mut reasons = Vec::new();
    if because.trim().is_empty() {
        reasons.push("nobody says why".to_owned());
    }
    if !report.head.clean {
        reasons.push(format!("what was measured is not exactly {}", report.head.commit));
    }
    if report.mode == Mode::Quick {
        reasons.push("it was a quick run".to_owned());
    }
    let Load { looks, loaded, .. } = report.load;
    if looks == 0 {
        reasons.push("nobody looked whether others were at work".to_owned());
    } else if was_loaded(report.load) {
        reasons.push(format!("others were at work at {loaded} of {looks} looks"));
    }
    for control in report.controls.iter().filter(|control| !control.quiet) {
        let (family, ratio) = (control.family, control.ratio.value);
        reasons.push(format!("the control of {family} found {ratio:.3} between equal builds"));
    }
    reasons
}

fn was_loaded(load: Load) -> bool {
    // Counts of looks are far below what a float counts exactly.
    #[expect(clippy::cast_precision_loss, reason = "a run looks some thousand times")]
    let part = load.loaded as f64 / load.looks as f64;
    LOADED_PART_MAX < part
}

fn wanted<'report>(
    report: &'report BenchReport,
    only: Option<&[String]>,
    reasons: &mut Vec<String>,
) -> Vec<&'report MetricReport> {
    let Some(only) = only else {
        let all: Vec<_> = measured(report).filter(|metric| !is_only_shown(metric)).collect();
        if all.is_empty() {
            reasons.push("nothing was measured that holds".to_owned());
        }
        return all;
    };
    let only: BTreeSet<&String> = only.iter().collect();
    if only.is_empty() {
        reasons.push("no metric is asked for".to_owned());
    }
    let mut found = Vec::new();
    for id in only {
        match report.metrics.iter().find(|metric| metric.policy.id == *id) {
            Some(metric) => found.push(metric),
            None => reasons.push(format!("there is no metric {id}")),
        }
    }
    found
}

/// What is in the way of this one.
fn about_metric(
    metric: &MetricReport,
    report: &BenchReport,
    old: Option<&Reference>,
) -> Vec<String> {
    let id = &metric.policy.id;
    let mut reasons = Vec::new();
    match (&metric.head, metric.standing) {
        (None, _) | (_, Standing::Awaits | Standing::Unasked | Standing::Skipped) => {
            reasons.push(format!("{id} was not measured"));
        }
        (Some(head), _) if head.samples == 0 || !head.estimate.is_sound() => {
            reasons.push(format!("{id} has no sound value"));
        }
        (_, Standing::Inconclusive) => reasons.push(format!("{id} is inconclusive")),
        (_, Standing::Fail) => reasons.push(format!("{id} fails")),
        (_, Standing::Broken) => reasons.push(format!("{id} is broken")),
        (_, Standing::Pass | Standing::New | Standing::Warn) => {}
    }
    let family = metric.policy.family;
    if metric.policy.kind == Kind::Latency && !has_control(report, family) {
        reasons.push(format!("{id} has no control of {family} to vouch for it"));
    }
    if let Some(current) = old.and_then(|old| old.current(id))
        && report.started_at <= current.promotion.at
    {
        reasons.push(format!("the reference of {id} is of {} and no older", current.promotion.at));
    }
    reasons
}

fn has_control(report: &BenchReport, family: Family) -> bool {
    report.controls.iter().any(|control| control.family == family)
}

fn promoted(report: &BenchReport, head: &Measured, because: &str) -> Promoted {
    Promoted {
        promotion: Promotion {
            at: report.started_at,
            commit: report.head.commit.clone(),
            estimate: head.estimate,
            because: because.trim().to_owned(),
        },
        samples: head.samples,
        rustc: None,
    }
}
