//! Samples against the lines 50 (remarked) and 100 (fails), and what they mean.

use super::super::policy::{Direction, Kind, Metric, Statistic};
use super::super::report::Judgement;
use super::super::simulated::{exact, metric};
use super::super::statistics::Draws;
use super::{judge, measure};

const DRAWS: Draws = Draws { seed: 3, times: 500 };

#[track_caller]
fn check(metric: &Metric, samples: &[f64], expected: Judgement) {
    let measured = measure(metric, &[samples.to_vec()], DRAWS).unwrap();
    assert_eq!(judge(metric, &measured.estimate), expected, "{measured:?}");
}

/// Twenty samples from `from` up to `to`.
fn spread(from: f64, to: f64) -> Vec<f64> {
    (0..20).map(|at| from + (to - from) * f64::from(at) / 19.0).collect()
}

#[test]
fn what_is_surely_on_one_side_is_said_and_what_straddles_is_not() {
    let latency = metric("it");
    check(&latency, &spread(9.0, 11.0), Judgement::Pass);
    check(&latency, &spread(40.0, 58.0), Judgement::Pass);
    check(&latency, &spread(60.0, 70.0), Judgement::Warn);
    check(&latency, &spread(60.0, 140.0), Judgement::Inconclusive);
    check(&latency, &spread(120.0, 140.0), Judgement::Fail);
}

#[test]
fn the_stricter_line_fails() {
    let stricter = Metric { fail: Some(60.0), ..metric("it") };
    check(&stricter, &spread(70.0, 80.0), Judgement::Fail);
}

#[test]
fn more_may_be_better() {
    let higher = Metric {
        direction: Direction::Higher,
        baseline: 1000.0,
        warn: 100.0,
        concern: 50.0,
        ..metric("it")
    };
    check(&higher, &spread(900.0, 1000.0), Judgement::Pass);
    check(&higher, &spread(60.0, 70.0), Judgement::Warn);
    check(&higher, &spread(30.0, 70.0), Judgement::Inconclusive);
    check(&higher, &spread(10.0, 20.0), Judgement::Fail);
}

#[test]
fn one_sample_off_breaks_what_is_exact() {
    check(&exact("it"), &[0.0; 9], Judgement::Pass);
    check(&exact("it"), &[0.0, 0.0, 1.0, 0.0], Judgement::Fail);
}

#[test]
fn few_samples_reach_from_the_least_to_the_most() {
    let growth = Metric { kind: Kind::Growth, ..metric("it") };
    check(&growth, &[20.0, 30.0, 99.0], Judgement::Pass);
    check(&growth, &[20.0, 30.0, 101.0], Judgement::Inconclusive);
    check(&growth, &[101.0], Judgement::Fail);
}

#[test]
fn the_largest_counts_where_the_policy_says_so() {
    let largest = Metric { statistic: Statistic::Max, ..metric("it") };
    check(&largest, &[20.0, 20.0, 101.0], Judgement::Inconclusive);
    check(&largest, &[120.0, 150.0, 101.0], Judgement::Fail);
}

#[test]
fn nothing_is_measured_by_no_samples() {
    assert_eq!(measure(&metric("it"), &[], DRAWS), None);
    assert_eq!(measure(&exact("it"), &[Vec::new()], DRAWS), None);
}
