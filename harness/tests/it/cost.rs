//! What the runner itself costs: a developer waits for it at every run.

use std::time::{Duration, Instant};

use crate::play::Play;

/// What a run or two on a machine that does something else may spoil.
const TRIES: usize = 10;

/// Listing this many cases has to be done within [`LIST_MAX`].
const MANY: &str = "1000";
const LIST_MAX: Duration = Duration::from_millis(50);

/// What is around a case that does nothing, half of the times.
const WRAPPER_MS_MAX: f64 = 2.0;

#[test]
fn a_thousand_cases_are_listed_at_once() {
    let listing = || {
        let play = Play::with(&["--list", "--format", "terse"]).env("FIXTURE_MANY", MANY);
        let started = Instant::now();
        let finished = play.finish();
        let took = started.elapsed();
        assert_eq!(finished.stdout.lines().count(), 1000);
        took
    };
    let mut took: Vec<Duration> = Vec::new();
    while took.len() < TRIES && took.last().is_none_or(|last| LIST_MAX < *last) {
        took.push(listing());
    }
    println!("listing 1000 cases took {took:?}");
    assert!(took.iter().min().is_some_and(|best| *best <= LIST_MAX), "{took:?}");
}

#[test]
fn the_wrapper_around_a_case_takes_next_to_nothing() {
    let median_ms = || {
        let played = Play::with(&[]).env("FIXTURE_MANY", MANY).run();
        assert_eq!((played.code, played.report.verdict.passed), (0, 1000));
        let mut wrappers: Vec<f64> =
            played.report.cases.iter().map(|case| case.wrapper_ms).collect();
        wrappers.sort_by(f64::total_cmp);
        wrappers[wrappers.len() / 2]
    };
    let mut medians: Vec<f64> = Vec::new();
    while medians.len() < TRIES && medians.last().is_none_or(|last| WRAPPER_MS_MAX < *last) {
        medians.push(median_ms());
    }
    println!("the wrapper around 1000 cases took {medians:?} ms at the median");
    assert!(medians.iter().any(|median| *median <= WRAPPER_MS_MAX), "{medians:?}");
}
