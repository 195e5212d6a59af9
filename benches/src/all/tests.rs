use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use harness::bench::policy::Policy;
use harness::bench::probe::Values;
use harness::binaries::Programs;

use super::*;
use crate::scenario::{Pace, Place, Scenario, Slowdown, checked};

/// Those that need nothing but this process. The others run built programs, which a unit test does
/// not have.
const IN_PROCESS: [&str; 3] = ["route_core", "route", "registry"];

fn in_process() -> impl Iterator<Item = Entry> {
    IN_PROCESS.iter().map(|name| {
        let entry = ALL.iter().find(|entry| entry.name == *name);
        *entry.unwrap_or_else(|| panic!("there is no {name}"))
    })
}

fn open(entry: &Entry) -> Box<dyn Scenario> {
    let programs = Programs::beside(Path::new("/nowhere/debug/bench")).unwrap();
    (entry.open)(&Place { programs, claude: None, live_bytes: None, pace: Pace::Measured }).unwrap()
}

#[track_caller]
fn sample(entry: &Entry, scenario: &mut dyn Scenario, slowdown: &Slowdown) -> Values {
    checked(entry, scenario.sample(slowdown).unwrap()).unwrap()
}

#[test]
fn names_and_metrics_are_there_once() {
    let names: Vec<_> = ALL.iter().map(|entry| entry.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    let metrics: Vec<_> = ALL.iter().flat_map(|entry| entry.metrics).collect();
    assert_eq!(metrics.iter().collect::<BTreeSet<_>>().len(), metrics.len(), "{metrics:?}");
}

#[test]
fn a_sample_has_a_sound_value_of_each_metric() {
    for entry in in_process() {
        let mut scenario = open(&entry);
        let values = sample(&entry, &mut *scenario, &Slowdown::none());
        assert!(values.values().all(|value| 0.0 < *value), "{}: {values:?}", entry.name);
        scenario.finish().unwrap();
    }
}

#[test]
fn whatever_is_slowed_takes_longer() {
    for entry in in_process() {
        let mut scenario = open(&entry);
        let plain = sample(&entry, &mut *scenario, &Slowdown::none());
        // As much again, and then some: longer whatever else the machine does.
        let delay = |ms: f64| Duration::from_secs_f64(2.0 * ms / 1000.0);
        let delays: BTreeMap<_, _> =
            plain.iter().map(|(metric, ms)| (metric.clone(), delay(*ms))).collect();
        let slowed = sample(&entry, &mut *scenario, &Slowdown::of(delays));
        for (metric, ms) in plain {
            assert!(1.9 * ms < slowed[&metric], "{metric}: {ms}, slowed {}", slowed[&metric]);
        }
    }
}

#[test]
fn whatever_is_measured_is_promised_and_the_reverse() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../baselines/metrics.toml");
    let policy = Policy::read(&path).unwrap();
    let offered = crate::serving::hello(ALL).scenarios;
    assert_eq!(policy.problems_with(&offered), [""; 0]);
}
