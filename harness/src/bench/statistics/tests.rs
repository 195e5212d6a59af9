//! Statistics against values that are known by heart, and what holds for all samples.

use proptest::prelude::*;

use super::super::policy::Statistic;
use super::{Draws, Resampled, holm, pick, rate_upper_bound, statistic};
use crate::seed::Seed;

const DRAWS: Draws = Draws { seed: 7, times: 400 };

fn samples() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1e3..1e3, 1..40)
}

fn launches() -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop::collection::vec(samples(), 1..7)
}

fn slices(launches: &[Vec<f64>]) -> Vec<&[f64]> {
    launches.iter().map(Vec::as_slice).collect()
}

#[test]
fn a_statistic_is_what_the_books_say() {
    let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    assert_eq!(statistic(Statistic::Median, &hundred), Some(50.5));
    assert_eq!(statistic(Statistic::P95, &hundred), Some(95.0));
    assert_eq!(statistic(Statistic::Max, &hundred), Some(100.0));
    assert_eq!(statistic(Statistic::Median, &[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(statistic(Statistic::P95, &[3.0, 1.0]), Some(3.0));
    assert_eq!(statistic(Statistic::Max, &[]), None);
}

#[test]
fn the_interval_of_a_median_is_as_wide_as_theory_says() {
    // 400 samples spread evenly from 0 to 1: the median has a deviation of 0.5 / sqrt(400), so its
    // interval is 0.5 +- 0.049.
    let even: Vec<f64> = (0..400).map(|at| (f64::from(at) + 0.5) / 400.0).collect();
    let draws = Draws { seed: 1, times: 4000 };
    let interval = Resampled::of(Statistic::Median, &[&even], draws).unwrap().interval();
    assert!((interval.low - 0.451).abs() < 0.006, "{interval:?}");
    assert!((interval.high - 0.549).abs() < 0.006, "{interval:?}");
}

#[test]
fn samples_of_one_launch_do_not_count_as_so_many_launches() {
    // Five launches that agree within themselves and not with each other: a hundred samples, and
    // still only five opinions.
    let launches: Vec<Vec<f64>> = (0..5).map(|it| vec![f64::from(it); 20]).collect();
    let by_launch = Resampled::of(Statistic::Median, &slices(&launches), DRAWS).unwrap();
    let at_once = Resampled::of(Statistic::Median, &[&launches.concat()], DRAWS).unwrap();
    let width = |it: &Resampled| it.interval().high - it.interval().low;
    assert!(2.0 * width(&at_once) <= width(&by_launch), "{by_launch:?}");
}

#[test]
fn the_upper_bound_of_a_rate_is_the_one_in_the_tables() {
    let close = |found, tried, expected: f64| {
        let bound = rate_upper_bound(found, tried);
        assert!((bound - expected).abs() < 5e-4, "{found} of {tried}: {bound}");
    };
    close(0, 100, 0.0295);
    close(1, 100, 0.0466);
    close(5, 100, 0.1023);
    close(0, 10_000, 0.0003);
    close(5000, 10_000, 0.5083);
    close(10, 10, 1.0);
    close(0, 0, 1.0);
}

#[test]
fn holm_rejects_step_by_step() {
    assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
    assert_eq!(holm(&[0.02, 0.02], 0.05), [true, true]);
    assert_eq!(holm(&[0.03, 0.03], 0.05), [false, false]);
    assert_eq!(holm(&[], 0.05), [false; 0]);
}

#[test]
fn a_chance_of_its_own_is_repeatable() {
    assert_eq!(DRAWS.of("a"), DRAWS.of("a"));
    assert_ne!(DRAWS.of("a"), DRAWS.of("b"));
    // The hash of the empty text is FNV's offset.
    assert_eq!(Draws { seed: 0, times: 1 }.of("").seed, 0xCBF2_9CE4_8422_2325);
}

proptest! {
    #[test]
    fn a_statistic_lies_between_the_least_and_the_most(samples in samples()) {
        let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
        let most = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let of = |which| statistic(which, &samples).unwrap();
        prop_assert!(least <= of(Statistic::Median));
        prop_assert!(of(Statistic::Median) <= of(Statistic::P95));
        prop_assert!(of(Statistic::P95) <= of(Statistic::Max));
        prop_assert_eq!(of(Statistic::Max), most);
    }

    #[test]
    fn an_interval_holds_its_value_and_is_repeatable(launches in launches(), seed: u64) {
        let draws = Draws { seed, times: 100 };
        for which in [Statistic::Median, Statistic::P95, Statistic::Max] {
            let interval = Resampled::of(which, &slices(&launches), draws).unwrap().interval();
            prop_assert!(interval.low <= interval.value && interval.value <= interval.high);
            let again = Resampled::of(which, &slices(&launches), draws).unwrap().interval();
            prop_assert_eq!(interval, again);
            prop_assert_eq!(Some(interval.value), statistic(which, &launches.concat()));
        }
    }

    #[test]
    fn the_other_sign_gives_the_mirrored_interval(launches in launches()) {
        let mirrored: Vec<Vec<f64>> =
            launches.iter().map(|launch| launch.iter().map(|value| -value).collect()).collect();
        let of = |launches: &[Vec<f64>]| {
            Resampled::of(Statistic::Median, &slices(launches), DRAWS).unwrap().interval()
        };
        let (one, other) = (of(&launches), of(&mirrored));
        prop_assert_eq!((one.low, one.value, one.high), (-other.high, -other.value, -other.low));
    }

    #[test]
    fn the_chance_shrinks_with_the_line_and_is_never_nothing(
        launches in launches(), one in -1e3..1e3, other in -1e3..1e3,
    ) {
        let resampled = Resampled::of(Statistic::Median, &slices(&launches), DRAWS).unwrap();
        let (lower, upper) = if one < other { (one, other) } else { (other, one) };
        prop_assert!(0.0 < resampled.share_up_to(lower));
        prop_assert!(resampled.share_up_to(lower) <= resampled.share_up_to(upper));
        prop_assert!(resampled.share_up_to(upper) <= 1.0);
    }

    #[test]
    fn a_smaller_chance_never_makes_holm_find_less(
        chances in prop::collection::vec(0.0..0.2, 1..12), which: prop::sample::Index, part in 0.0..1.0,
    ) {
        let before = holm(&chances, 0.05);
        let mut smaller = chances.clone();
        smaller[which.index(chances.len())] *= part;
        let after = holm(&smaller, 0.05);
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(!before || *after);
        }
    }

    #[test]
    fn holm_finds_no_more_than_each_alone_and_no_less_than_all_at_once(
        chances in prop::collection::vec(0.0..0.2, 1..12),
    ) {
        let shared = 0.05 / super::number(chances.len());
        for (chance, stands) in chances.iter().zip(holm(&chances, 0.05)) {
            prop_assert!(!stands || *chance <= 0.05);
            prop_assert!(stands || shared < *chance);
        }
    }

    #[test]
    fn a_pick_is_one_of_the_places(seed: u64, count in 1_usize..1000) {
        prop_assert!(pick(&mut Seed::new(seed), count) < count);
    }

    #[test]
    fn a_bound_is_above_the_rate_and_falls_with_more_tries(
        found in 0_usize..20, more in 1_usize..500,
    ) {
        let (few, many) = (found + more, found + 2 * more);
        prop_assert!(super::number(found) / super::number(few) <= rate_upper_bound(found, few));
        prop_assert!(rate_upper_bound(found, many) <= rate_upper_bound(found, few));
    }
}
