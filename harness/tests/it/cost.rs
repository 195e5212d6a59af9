//! What the runner itself costs: a developer waits for it at every run.
//!
//! Another process that wants the same cores adds its time slices to every figure. What is promised
//! is the runner's own part, so that the calmest of several looks counts; all of them are printed.

use std::time::{Duration, Instant};

use crate::play::Play;

/// How often something is measured until one look is calm enough.
const LOOKS_MAX: usize = 10;

/// Cases that do nothing.
const MANY: usize = 1000;

/// Listing all of them takes no longer, the start of the program included.
const LIST_MAX: Duration = Duration::from_millis(50);

/// What is around one case takes no longer, half of the times.
const WRAPPER_MS_MAX: f64 = 2.0;

/// Neighbours among the cases, whose median is one look.
const NEIGHBOURS: usize = 100;

#[test]
fn a_thousand_cases_are_listed_at_once() {
    let mut looks: Vec<Duration> = Vec::new();
    while looks.len() < LOOKS_MAX && looks.iter().all(|took| LIST_MAX < *took) {
        let play = Play::with(&["--list", "--format", "terse"]).many(MANY);
        let started = Instant::now();
        let finished = play.finish();
        looks.push(started.elapsed());
        assert_eq!(finished.stdout.lines().count(), MANY);
    }
    println!("listing {MANY} cases took {looks:?}");
    assert!(looks.iter().any(|took| *took <= LIST_MAX), "{looks:?}");
}

#[test]
fn the_wrapper_around_a_case_takes_next_to_nothing() {
    let played = Play::with(&[]).many(MANY).run();
    assert_eq!((played.code, played.report.verdict.passed), (0, MANY));
    let wrappers: Vec<f64> = played.report.cases.iter().map(|case| case.wrapper_ms).collect();
    let looks: Vec<f64> = wrappers.chunks(NEIGHBOURS).map(median).collect();
    println!("the wrapper took {} ms at the median, look by look {looks:?}", median(&wrappers));
    assert!(looks.iter().any(|median| *median <= WRAPPER_MS_MAX), "{looks:?}");
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
