//! Runs of every kind, and the numbers that they end with.

use proptest::prelude::*;

use super::super::check::skipped;
use super::super::policy::{Importance, Metric};
use super::super::report::{MetricReport, Standing};
use super::super::simulated::metric;
use super::{Circumstances, Counts, Extent, Warnings, judge};
use crate::exit_code::ExitCode;
use crate::gate::Gate;

const NONE: Circumstances<'_> = Circumstances {
    problems: &[],
    base_missing: None,
    warnings: Warnings::Allowed,
    extent: Extent::Part,
};

fn blocking(standing: Standing) -> MetricReport {
    let id = format!("{standing:?}").to_lowercase();
    MetricReport { standing, ..skipped(&metric(&id), "why") }
}

fn advisory(standing: Standing) -> MetricReport {
    let report = blocking(standing);
    MetricReport {
        policy: Metric { gate: Importance::Advisory, ..report.policy.clone() },
        ..report
    }
}

#[track_caller]
fn check(standings: &[Standing], circumstances: &Circumstances<'_>, expected: ExitCode) {
    let metrics: Vec<MetricReport> = standings.iter().copied().map(blocking).collect();
    let verdict = judge(&metrics, circumstances);
    assert_eq!(verdict.exit_code, expected, "{verdict:?}");
    assert_eq!(verdict.reasons.is_empty(), !trouble(standings, circumstances), "{verdict:?}");
}

fn trouble(standings: &[Standing], circumstances: &Circumstances<'_>) -> bool {
    !circumstances.problems.is_empty()
        || circumstances.base_missing.is_some()
        || standings.iter().all(|it| it.is_unmeasured())
        || standings.iter().any(|it| Standing::Warn <= *it)
}

#[test]
fn the_worst_that_holds_is_the_number() {
    use Standing::{Awaits, Broken, Fail, Inconclusive, New, Pass, Skipped, Unasked, Warn};
    let problems = ["metrics.toml: line 3".to_owned()];
    let invalid = Circumstances { problems: &problems, ..NONE };
    let baseless = Circumstances { base_missing: Some("it does not build"), ..NONE };
    let strict = Circumstances { warnings: Warnings::Denied, ..NONE };
    let everything = Circumstances { problems: &problems, ..baseless };
    check(&[Pass, New, Awaits, Skipped], &NONE, ExitCode::Pass);
    check(&[Pass, Warn], &NONE, ExitCode::Pass);
    check(&[Pass, Warn], &strict, ExitCode::Warnings);
    check(&[Pass, Pass], &strict, ExitCode::Pass);
    check(&[Pass, Warn, Inconclusive], &strict, ExitCode::Inconclusive);
    check(&[Pass], &baseless, ExitCode::NoReference);
    check(&[Inconclusive], &baseless, ExitCode::NoReference);
    check(&[Pass], &invalid, ExitCode::FileInvalid);
    check(&[Pass], &everything, ExitCode::FileInvalid);
    check(&[Fail, Inconclusive], &everything, ExitCode::Failed);
    check(&[Fail, Broken, Inconclusive], &everything, ExitCode::InvariantBroken);
    check(&[Awaits, Unasked], &NONE, ExitCode::NothingSelected);
    check(&[Unasked, Skipped], &NONE, ExitCode::PreconditionMissing);
    check(&[], &NONE, ExitCode::NothingSelected);
}

#[test]
fn the_worst_comes_first_in_the_reasons() {
    let metrics: Vec<MetricReport> = Standing::ALL.into_iter().map(blocking).collect();
    let problems = ["metrics.toml: line 3".to_owned()];
    let circumstances =
        Circumstances { problems: &problems, base_missing: Some("it does not build"), ..NONE };
    insta::assert_snapshot!(judge(&metrics, &circumstances).reasons.join("\n"), @r"
    1 allow no tolerance and are off: broken
    1 got worse than they may: fail
    metrics.toml: line 3
    nothing to compare with: it does not build
    1 cannot be said: inconclusive
    1 hold with a remark: warn
    ");
}

#[test]
fn what_a_machine_lacks_passes_no_closed_gate_and_is_named_at_an_open_one() {
    let metrics = [blocking(Standing::Pass), blocking(Standing::Skipped)];
    let of = |metrics: &[MetricReport], gate| {
        judge(metrics, &Circumstances { extent: Extent::Everything(gate), ..NONE })
    };
    let said = "1 not measured, as this machine lacks what they need: skipped";
    let (open, closed) = (of(&metrics, Gate::Open), of(&metrics, Gate::Closed));
    assert_eq!((open.exit_code, open.reasons), (ExitCode::Pass, vec![said.to_owned()]));
    assert_eq!(
        (closed.exit_code, closed.reasons),
        (ExitCode::PreconditionMissing, vec![said.to_owned()])
    );
    let shown = [blocking(Standing::Pass), advisory(Standing::Skipped)];
    assert_eq!(of(&shown, Gate::Closed).exit_code, ExitCode::Pass);
    let failed = [blocking(Standing::Fail), blocking(Standing::Skipped)];
    assert_eq!(of(&failed, Gate::Closed).exit_code, ExitCode::Failed);
    let unsure = [blocking(Standing::Inconclusive), blocking(Standing::Skipped)];
    assert_eq!(of(&unsure, Gate::Closed).exit_code, ExitCode::PreconditionMissing);
}

#[test]
fn what_is_advisory_is_shown_and_decides_nothing() {
    let mut metrics: Vec<MetricReport> = Standing::ALL.into_iter().map(advisory).collect();
    metrics.push(blocking(Standing::Pass));
    let verdict = judge(&metrics, &Circumstances { warnings: Warnings::Denied, ..NONE });
    assert_eq!(verdict.exit_code, ExitCode::Pass);
    assert_eq!((verdict.held, verdict.unmeasured), (7, 3));
    assert_eq!(verdict.reasons, ["4 advisory with a remark: warn, inconclusive, fail and 1 more"]);
}

proptest! {
    #[test]
    fn every_metric_counts_once_and_only_a_pass_is_a_pass(
        picked in prop::collection::vec((0..Standing::ALL.len(), any::<bool>()), 0..12),
    ) {
        let metrics: Vec<MetricReport> = picked
            .iter()
            .map(|(at, shown)| if *shown { advisory(Standing::ALL[*at]) } else { blocking(Standing::ALL[*at]) })
            .collect();
        let verdict = judge(&metrics, &NONE);
        prop_assert_eq!(
            verdict.held + verdict.failed + verdict.inconclusive + verdict.unmeasured,
            metrics.len()
        );
        let holds = verdict.failed + verdict.inconclusive == 0 && verdict.held > 0;
        prop_assert_eq!(verdict.exit_code == ExitCode::Pass, holds);
        let failed = metrics.iter().filter(|it| matches!(Counts::of(it), Counts::Failed(_))).count();
        prop_assert_eq!(failed, verdict.failed);
    }
}
