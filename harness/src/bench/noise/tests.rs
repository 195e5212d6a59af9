//! The gate on simulated machines: it does not cry wolf, and it sees what is there.

use super::super::check::Rules;
use super::super::policy::{Importance, Metric, Statistic};
use super::super::simulated::{Machine, metric};
use super::super::statistics::{Draws, number, statistic};
use super::{
    Effort, FALSE_FAIL_MAX, FOUND_25_MIN, Gate, INCONCLUSIVE_MAX, NoiseRow, NoiseTable, Recorded,
    TooLittle, check, play, row, shows,
};
use crate::seed::Seed;

/// Blocking metrics that are judged together.
const BLOCKING: usize = 25;
/// Enough to bound a rate of false alarms of none at all by 2 %.
const EFFORT: Effort = Effort { runs: 100, recordings: 4, runs_each: 60 };

fn recorded(machine: Machine, launches: usize, pairs: usize) -> Recorded {
    let mut seed = Seed::new(11);
    let launch = |_| machine.launch(4 * pairs, 1.0, &mut seed);
    let launches = (0..launches).map(launch).collect();
    Recorded { metric: metric("it"), pairs, often: 1, launches }
}

fn played(machine: Machine) -> NoiseRow {
    let recorded = recorded(machine, 40, 20);
    let rules = Rules::full(1);
    let lines = check(&recorded).unwrap();
    let (pairs, launches) = (recorded.pairs, rules.launches);
    let gate = Gate { lines, rules, pairs, launches, blocking: BLOCKING };
    play(&recorded, &gate, EFFORT)
}

fn good(metric: &str) -> NoiseRow {
    NoiseRow {
        metric: metric.to_owned(),
        gate: Importance::Blocking,
        launches: 40,
        pairs: 80,
        pairs_played: 80,
        false_fail: 0.0,
        false_fail_upper: 0.002,
        found_10: 0.93,
        found_25: 1.0,
        inconclusive: 0.05,
    }
}

#[test]
fn on_a_quiet_machine_the_gate_is_right() {
    let row = played(Machine { pairs: 0.05, launches: 0.01 });
    assert_eq!(row.broken(), [""; 0], "{row:?}");
    assert_eq!((row.false_fail, row.found_25), (0.0, 1.0));
}

#[test]
fn on_an_ordinary_machine_the_gate_is_right() {
    let row = played(Machine { pairs: 0.10, launches: 0.015 });
    assert_eq!(row.broken(), [""; 0], "{row:?}");
}

#[test]
fn on_a_noisy_machine_the_gate_sees_less_and_still_cries_no_wolf() {
    let row = played(Machine { pairs: 0.15, launches: 0.02 });
    assert!(row.false_fail_upper <= FALSE_FAIL_MAX, "{row:?}");
    assert!(FOUND_25_MIN <= row.found_25, "{row:?}");
    assert!(row.inconclusive <= INCONCLUSIVE_MAX, "{row:?}");
}

#[test]
fn a_machine_that_is_far_too_noisy_is_not_said_to_be_good() {
    let row = played(Machine { pairs: 0.5, launches: 0.2 });
    assert!(!row.broken().is_empty(), "{row:?}");
}

#[test]
fn a_recording_that_is_too_small_says_nothing() {
    let quiet = Machine { pairs: 0.05, launches: 0.01 };
    let rules = Rules::full(1);
    let few = row(&recorded(quiet, 39, 20), &rules, BLOCKING);
    assert_eq!(few, Err(TooLittle::Launches { metric: "it".to_owned(), launches: 39 }));
    let short = Recorded { pairs: 84, ..recorded(quiet, 40, 20) };
    assert_eq!(
        row(&short, &rules, BLOCKING),
        Err(TooLittle::Pairs { metric: "it".to_owned(), pairs: 80, wanted: 84 })
    );
    let absolute = Metric { relative: None, ..metric("it") };
    let absolute = Recorded { metric: absolute, ..recorded(quiet, 40, 20) };
    assert_eq!(row(&absolute, &rules, BLOCKING), Err(TooLittle::NotRelative("it".to_owned())));
}

#[test]
fn a_recording_shorter_than_the_last_round_is_played_with_its_pairs_drawn_again() {
    let mut recorded = recorded(Machine { pairs: 0.05, launches: 0.01 }, 40, 20);
    recorded.launches.iter_mut().for_each(|launch| launch.pairs.truncate(24));
    let rules = Rules::full(1);
    let (lines, pairs) = (check(&recorded).unwrap(), recorded.pairs);
    let gate = Gate { lines, rules, pairs, launches: rules.launches, blocking: BLOCKING };
    let row = play(&recorded, &gate, EFFORT);
    assert_eq!((row.pairs, row.pairs_played), (24, 80));
    assert_eq!(row.broken(), [""; 0], "{row:?}");
}

/// Whatever came late in a launch belongs to what launches are like.
#[test]
fn every_part_of_a_recorded_launch_is_played() {
    let mut recorded = recorded(Machine { pairs: 0.05, launches: 0.01 }, 40, 20);
    for pair in recorded.launches.iter_mut().flat_map(|launch| &mut launch.pairs[20..]) {
        pair.head *= 1.3;
    }
    let row = row(&recorded, &Rules { rounds: 1, ..Rules::full(1) }, BLOCKING).unwrap();
    assert!(0.5 < row.false_fail + row.inconclusive, "{row:?}");
}

#[test]
fn a_table_holds_when_every_blocking_row_does() {
    let table = |rows: &[NoiseRow]| NoiseTable { rows: rows.to_vec() };
    assert!(table(&[good("a"), good("b")]).holds());
    assert!(!table(&[]).holds(), "nothing was shown");
    let blind = NoiseRow { found_10: 0.7, inconclusive: 0.3, ..good("b") };
    assert_eq!(
        table(&[good("a"), blind.clone()]).broken(),
        [
            "b: +10 % found in 70.0 % of runs, less than 80.0 %",
            "b: nothing said in 30.0 % of runs, more than 20.0 %"
        ]
    );
    let advisory = NoiseRow { gate: Importance::Advisory, ..blind };
    assert!(table(&[good("a"), advisory.clone()]).holds());
    assert!(!table(&[advisory]).holds());
    let wolf = NoiseRow { false_fail_upper: 0.03, ..good("a") };
    assert!(!table(&[wolf]).holds());
    let half_blind = NoiseRow { found_25: 0.94, ..good("a") };
    assert!(!table(&[half_blind]).holds());
}

#[test]
fn a_slow_down_shows_where_the_scenario_times_the_work() {
    let machine = Machine { pairs: 0.05, launches: 0.01 };
    let draws = Draws { seed: 2, times: 500 };
    let launches = |slower| {
        let mut seed = Seed::new(4);
        (0..5).map(|_| machine.launch(20, slower, &mut seed)).collect::<Vec<_>>()
    };
    let shown = |slower| shows(&metric("it"), &launches(slower), draws).unwrap();
    assert!(shown(1.2).shows, "{:?}", shown(1.2));
    assert!(!shown(1.05).shows, "it waits before it looks");
    assert!(!shown(1.0).shows);
    assert_eq!(shows(&metric("it"), &[], draws), None);
}

#[test]
fn the_simulated_machine_is_as_noisy_as_it_says() {
    let launch = Machine { pairs: 0.1, launches: 0.0 }.launch(2000, 1.25, &mut Seed::new(1));
    let ratios: Vec<f64> = launch.pairs.iter().map(|it| (it.head / it.base).ln()).collect();
    let middle = statistic(Statistic::Median, &ratios).unwrap();
    let spread: f64 = ratios.iter().map(|it| (it - middle).powi(2)).sum();
    // Two sides, each with its own noise.
    assert!((middle - 1.25_f64.ln()).abs() < 0.01, "{middle}");
    assert!(((spread / number(ratios.len())).sqrt() - 0.1 * 2_f64.sqrt()).abs() < 0.01);
}
