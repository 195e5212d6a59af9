//! A run of a few metrics, for tests of what is kept of runs.

use jiff::Timestamp;
use jiff::civil::date;

use super::policy::{
    Direction, Family, Importance, Kind, Metric, RelativeLines, Scope, Statistic, Unit,
};
use super::report::{
    BenchMachine, BenchReport, BenchVerdict, Build, Control, Interval, KIND, Load, Measured,
    MetricReport, Mode, Standing,
};
use crate::exit_code::ExitCode;
use crate::report::{Machine, SCHEMA};

/// A quiet full run of a clean build that began at this moment, with these values.
pub(crate) fn run(at: &str, values: &[(&str, f64)]) -> BenchReport {
    let control = |&family: &Family| Control {
        family,
        metric: "daemon.ready".into(),
        ratio: around(1.0),
        quiet: true,
    };
    BenchReport {
        schema: SCHEMA.to_owned(),
        kind: KIND.to_owned(),
        mode: Mode::Full,
        started_at: moment(at),
        elapsed_ms: 300_000,
        repeat: "cargo xtask bench-check".into(),
        machine: BenchMachine {
            id: "linux-x86_64-2-unknown".into(),
            machine: Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 },
            cpu: String::new(),
        },
        head: Build { commit: "c0ffee".into(), clean: true },
        base: None,
        base_missing: None,
        load: Load { looks: 100, loaded: 3, limit: 0.25, median: 0.02, worst: 0.4 },
        controls: Family::ALL.iter().map(control).collect(),
        metrics: values.iter().map(|(id, value)| measured(id, *value)).collect(),
        bare: Vec::new(),
        roles: Vec::new(),
        trends: <_>::default(),
        tiers: Vec::new(),
        quarantine: Vec::new(),
        verdict: BenchVerdict {
            exit_code: ExitCode::Pass,
            held: values.len(),
            failed: 0,
            inconclusive: 0,
            unmeasured: 0,
            reasons: Vec::new(),
        },
    }
}

/// A moment of a day of which only the time of the day matters: `12:00`.
pub(crate) fn moment(at: &str) -> Timestamp {
    format!("2026-03-10T{at}:00Z").parse().expect("a time of the day")
}

/// A value that is sure to a twentieth of it.
pub(crate) fn around(value: f64) -> Interval {
    Interval { value, low: value * 0.95, high: value * 1.05 }
}

fn measured(id: &str, value: f64) -> MetricReport {
    MetricReport {
        policy: Metric {
            id: id.into(),
            title: "what it is".into(),
            unit: Unit::Milliseconds,
            kind: Kind::Latency,
            direction: Direction::Lower,
            statistic: Statistic::Median,
            baseline: 50.0,
            target: None,
            warn: 75.0,
            fail: None,
            concern: 100.0,
            relative: Some(RelativeLines { warn: 0.03, fail: 0.05 }),
            scope: Scope::Bench,
            gate: Importance::Blocking,
            scenario: Some("life".into()),
            family: Family::Processes,
            awaits: None,
            since: date(2026, 3, 1),
            why: "why it matters".into(),
        },
        standing: Standing::Pass,
        head: Some(Measured { estimate: around(value), samples: 100 }),
        absolute: None,
        relative: None,
        reasons: Vec::new(),
    }
}
