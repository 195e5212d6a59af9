//! Pairs of builds, and what their ratio means.

use proptest::prelude::*;

use super::super::policy::{Direction, Metric, RelativeLines};
use super::super::report::{Interval, Judgement};
use super::super::simulated::metric;
use super::super::statistics::Draws;
use super::{Comparison, Launch, Pair, compare, is_quiet, judge, log_ratios};

const LINES: RelativeLines = RelativeLines { warn: 0.03, fail: 0.05 };
const DRAWS: Draws = Draws { seed: 5, times: 400 };

fn compared(metric: &Metric, launches: &[Launch]) -> Comparison {
    let logs: Vec<Vec<f64>> = launches.iter().map(|it| log_ratios(metric, it)).collect();
    let logs: Vec<&[f64]> = logs.iter().map(Vec::as_slice).collect();
    compare(&logs, LINES, DRAWS).unwrap()
}

fn each(launches: &[Launch], change: impl Fn(Pair) -> Pair) -> Vec<Launch> {
    let changed =
        |launch: &Launch| Launch { pairs: launch.pairs.iter().copied().map(&change).collect() };
    launches.iter().map(changed).collect()
}

fn launches() -> impl Strategy<Value = Vec<Launch>> {
    let pair = (0.5..2.0, 0.5..2.0).prop_map(|(base, head)| Pair { base, head });
    let launch = prop::collection::vec(pair, 1..20).prop_map(|pairs| Launch { pairs });
    prop::collection::vec(launch, 1..6)
}

#[track_caller]
fn check(low: f64, high: f64, expected: Judgement) {
    assert_eq!(judge(&Interval { value: f64::midpoint(low, high), low, high }, LINES), expected);
}

#[test]
fn a_ratio_is_judged_by_its_ends() {
    check(0.98, 1.02, Judgement::Pass);
    check(0.90, 1.05, Judgement::Pass);
    check(1.031, 1.049, Judgement::Warn);
    check(0.99, 1.06, Judgement::Inconclusive);
    check(1.04, 1.20, Judgement::Inconclusive);
    check(1.051, 1.20, Judgement::Fail);
}

#[test]
fn a_machine_is_quiet_when_a_build_is_close_to_itself() {
    let quiet = |low, high| is_quiet(&Interval { value: 1.0, low, high }, LINES);
    assert!(quiet(0.97, 1.03));
    assert!(quiet(1.001, 1.012), "off by little is no disturbance");
    assert!(!quiet(0.90, 1.01));
    assert!(!quiet(0.99, 1.10));
}

#[test]
fn nothing_and_less_than_nothing_have_a_ratio() {
    let launch = |base, head| [Launch { pairs: vec![Pair { base, head }; 4] }];
    assert_eq!(compared(&metric("it"), &launch(0.0, 0.0)).ratio.value, 1.0);
    assert_eq!(compared(&metric("it"), &launch(-1.0, 0.0)).ratio.value, 1.0);
    let appeared = compared(&metric("it"), &launch(0.0, 1.0)).ratio;
    assert!(appeared.low.is_finite() && 1.05 < appeared.low, "{appeared:?}");
}

#[test]
fn pairs_and_launches_are_counted() {
    let launches = [Launch { pairs: vec![Pair { base: 1.0, head: 1.0 }; 3] }, Launch::default()];
    let compared = compared(&metric("it"), &launches);
    assert_eq!((compared.launches, compared.pairs), (1, 3));
    assert_eq!(compare(&[&[], &[]], LINES, DRAWS), None);
}

proptest! {
    #[test]
    fn the_same_scale_on_both_sides_changes_nothing(launches in launches(), scale in 0.1..10.0) {
        let scaled = each(&launches, |it| Pair { base: it.base * scale, head: it.head * scale });
        let (one, other) = (compared(&metric("it"), &launches), compared(&metric("it"), &scaled));
        prop_assert!((one.ratio.value / other.ratio.value - 1.0).abs() < 1e-9);
        prop_assert!((one.ratio.low / other.ratio.low - 1.0).abs() < 1e-9);
        prop_assert!((one.ratio.high / other.ratio.high - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_other_way_round_gives_the_inverse(launches in launches()) {
        let swapped = each(&launches, |it| Pair { base: it.head, head: it.base });
        let higher = Metric { direction: Direction::Higher, ..metric("it") };
        let one = compared(&metric("it"), &launches).ratio;
        for other in [
            compared(&metric("it"), &swapped).ratio,
            compared(&higher, &launches).ratio,
        ] {
            prop_assert!((one.value * other.value - 1.0).abs() < 1e-9);
            prop_assert!((one.low * other.high - 1.0).abs() < 1e-9);
            prop_assert!((one.high * other.low - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_the_same_never_fails(launches in launches()) {
        let same = each(&launches, |it| Pair { base: it.base, head: it.base });
        let compared = compared(&metric("it"), &same);
        prop_assert_eq!(judge(&compared.ratio, LINES), Judgement::Pass);
        prop_assert!(is_quiet(&compared.ratio, LINES));
    }

    #[test]
    fn what_is_far_worse_always_fails(launches in launches()) {
        let worse = each(&launches, |it| Pair { base: it.base, head: it.head * 5.0 });
        let compared = compared(&metric("it"), &worse);
        prop_assert_eq!(judge(&compared.ratio, LINES), Judgement::Fail);
        prop_assert!(compared.p < 0.01);
    }

    #[test]
    fn nothing_that_a_policy_can_mean_makes_no_number(
        base in prop::num::f64::NORMAL, head in prop::num::f64::NORMAL,
    ) {
        let ratio = compared(&metric("it"), &[Launch { pairs: vec![Pair { base, head }] }]).ratio;
        prop_assert!(!ratio.value.is_nan() && 0.0 <= ratio.value);
    }
}
