//! What the runner itself costs: a developer waits for it at every run.
//!
//! Another process that wants the same cores adds its time slices to every figure by the clock. What
//! is promised is the runner's own part: the time of the cores, in the calmest of several looks.

use crate::play::Play;

/// How often something is measured until one look is calm enough.
const LOOKS_MAX: usize = 5;

/// Cases that do nothing.
const MANY: usize = 1000;

/// Listing all of them takes no more of the cores, the start of the program included.
const LIST_MS_MAX: u32 = 50;

/// What is around one case takes no more of the cores.
const WRAPPER_MS_MAX: f64 = 2.0;

#[test]
fn a_thousand_cases_are_listed_at_once() {
    let mut looks: Vec<u32> = Vec::new();
    while looks.len() < LOOKS_MAX && looks.iter().all(|took_ms| LIST_MS_MAX < *took_ms) {
        let finished = Play::with(&["--list", "--format", "terse"]).many(MANY).finish();
        assert_eq!(finished.stdout.lines().count(), MANY);
        looks.push(cpu_ms(&finished.stderr));
    }
    println!("ms of the cores for listing {MANY} cases: {looks:?}");
    assert!(looks.iter().any(|took_ms| *took_ms <= LIST_MS_MAX), "{looks:?}");
}

#[test]
fn the_wrapper_around_a_case_takes_next_to_nothing() {
    let mut looks: Vec<(f64, f64)> = Vec::new();
    while looks.len() < LOOKS_MAX && looks.iter().all(|(each_ms, _)| WRAPPER_MS_MAX < *each_ms) {
        looks.push(cpu_ms_of_a_case());
    }
    println!("ms of the cores for each case, and of the clock at the median: {looks:?}");
    assert!(looks.iter().any(|(each_ms, _)| *each_ms <= WRAPPER_MS_MAX), "{looks:?}");
}

/// What a run of many cases takes of the cores, for each of them. By the clock the figure is also that
/// of whoever else wants them; this is the runner's own, its start and its report included. The median
/// of the wrapper by the clock is beside it.
fn cpu_ms_of_a_case() -> (f64, f64) {
    let played = Play::with(&[]).many(MANY).run();
    assert_eq!((played.code, played.report.verdict.passed), (0, MANY));
    let wrappers: Vec<f64> = played.report.cases.iter().map(|case| case.wrapper_ms).collect();
    let cpu_ms = cpu_ms(&played.stderr);
    assert!(0 < cpu_ms, "a run takes some time");
    let cases = u32::try_from(MANY).expect("a thousand");
    (f64::from(cpu_ms) / f64::from(cases), median(&wrappers))
}

/// What the runner says that it took.
fn cpu_ms(stderr: &str) -> u32 {
    let said = stderr.lines().find_map(|line| line.strip_prefix("cpu_ms "));
    said.expect("it tells its own part").parse().expect("a number")
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
