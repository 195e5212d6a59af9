use super::*;
use crate::bench::report::Trend;
use crate::bench::small_run::{around, moment, run};

const READY: &str = "daemon.ready";

/// A run that measured this, on a machine where the reference moved over these.
fn drifted(promoted: &[f64], now: f64) -> BenchReport {
    let mut report = run("12:00", &[(READY, now)]);
    let promotion = |value: &f64| Promotion {
        at: moment("08:00"),
        commit: "c0ffee".into(),
        estimate: around(*value),
        because: "it is so".into(),
    };
    let promotions = promoted.iter().map(promotion).collect();
    report.trends.insert(READY.into(), Trend { points: Vec::new(), promotions });
    report
}

/// How far that is, in percent, and whether that is far.
#[track_caller]
fn check(promoted: &[f64], now: f64, expected: Option<(f64, bool)>) {
    let report = drifted(promoted, now);
    let drift = Drift::of(&report, &report.metrics[0]);
    let found =
        drift.map(|drift| (drift.part().map(|part| (part * 100.0).round()), drift.is_far()));
    assert_eq!(found, expected.map(|(percent, far)| (Some(percent), far)));
}

#[test]
fn it_is_counted_from_the_first_value_however_small_the_steps() {
    check(&[10.0], 10.4, Some((4.0, false)));
    check(&[10.0, 10.4, 10.8, 11.2, 11.7, 12.2, 12.7], 13.2, Some((32.0, true)));
    // The intervals come too near.
    check(&[10.0], 11.5, Some((15.0, false)));
    check(&[10.0], 5.0, Some((-50.0, false)));
}

#[test]
fn more_may_be_better() {
    let mut report = drifted(&[10.0], 7.0);
    report.metrics[0].policy.direction = Direction::Higher;
    assert!(Drift::of(&report, &report.metrics[0]).unwrap().is_far());
    report.metrics[0].head.as_mut().unwrap().estimate = around(13.0);
    assert!(!Drift::of(&report, &report.metrics[0]).unwrap().is_far());
}

#[test]
fn what_was_never_promoted_or_not_measured_has_none() {
    check(&[], 10.0, None);
    let mut report = drifted(&[10.0], 20.0);
    report.metrics[0].head = None;
    assert_eq!(Drift::of(&report, &report.metrics[0]), None);
}

/// The failing line is 100 ms.
#[test]
fn from_nothing_it_is_no_part_and_far_once_it_is_worth_a_word() {
    for (now, far) in [(0.0, false), (1.0, false), (3.0, true)] {
        let report = drifted(&[0.0], now);
        let drift = Drift::of(&report, &report.metrics[0]).unwrap();
        assert_eq!((drift.part(), drift.is_far()), (None, far), "{now}");
    }
    // What is added to something may be less than nothing.
    let report = drifted(&[-3.0], -2.9);
    assert!(!Drift::of(&report, &report.metrics[0]).unwrap().is_far());
}
