//! A report of a measuring run for tests to look at: one metric of every standing, and trends from
//! nothing to hundreds of points.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::policy::{
    Direction, Family, Importance, Kind, Metric, RelativeLines, Scope, Statistic, Unit,
};
use super::report::{
    Bare, BenchMachine, BenchReport, BenchVerdict, Build, Control, Interval, Judgement, KIND, Load,
    Measured, MetricReport, Mode, Point, Promotion, QuarantineLine, Relative, RoleMemory, SlowCase,
    Standing, TierSummary, Trend,
};
use crate::exit_code::ExitCode;
use crate::report::{Machine, SCHEMA, Verdict};
use crate::tier::Tier;

/// A value that is known within 3 %.
pub(crate) fn about(value: f64) -> Interval {
    Interval { value, low: value * 0.97, high: value * 1.03 }
}

/// What is promised of a metric: `[baseline, warn, concern]`.
pub(crate) fn policy(id: &str, title: &str, lines: [f64; 3]) -> Metric {
    let [baseline, warn, concern] = lines;
    Metric {
        id: id.to_owned(),
        title: title.to_owned(),
        unit: Unit::Milliseconds,
        kind: Kind::Latency,
        direction: Direction::Lower,
        statistic: Statistic::Median,
        baseline,
        target: None,
        warn,
        fail: None,
        concern,
        relative: Some(RelativeLines { warn: 0.03, fail: 0.05 }),
        scope: Scope::Bench,
        gate: Importance::Blocking,
        scenario: Some("scene".to_owned()),
        family: Family::Disk,
        awaits: None,
        since: date(2026, 3, 1),
        why: "what a person waits for before anything happens".to_owned(),
    }
}

/// A metric that was measured, and what it means.
pub(crate) fn measured(policy: Metric, value: f64, standing: Standing) -> MetricReport {
    let estimate = about(value);
    MetricReport {
        policy,
        standing,
        head: Some(Measured { estimate, samples: 100 }),
        absolute: Some(Judgement::Pass),
        relative: None,
        reasons: Vec::new(),
    }
}

/// The same metric beside a base that is so many times quicker.
pub(crate) fn against(ratio: f64, judgement: Judgement, row: MetricReport) -> MetricReport {
    let value = row.head.as_ref().map_or(1.0, |head| head.estimate.value) / ratio;
    let relative = Relative {
        base: Measured { estimate: about(value), samples: 100 },
        ratio: Interval { value: ratio, low: ratio - 0.012, high: ratio + 0.012 },
        p: if judgement == Judgement::Fail { 0.0002 } else { 0.6 },
        launches: 5,
        pairs: 100,
        confirmation: (judgement == Judgement::Fail).then(|| about(ratio)),
        judgement,
    };
    MetricReport { relative: Some(relative), ..row }
}

/// The same metric with a reason.
pub(crate) fn because(reason: &str, row: MetricReport) -> MetricReport {
    let reasons = row.reasons.iter().cloned().chain([reason.to_owned()]).collect();
    MetricReport { reasons, ..row }
}

/// A metric that was not measured.
pub(crate) fn unmeasured(policy: Metric, standing: Standing) -> MetricReport {
    MetricReport { head: None, absolute: None, ..measured(policy, 0.0, standing) }
}

/// So many runs about a value, which wander by a tenth of it, a day apart.
pub(crate) fn trend(count: usize, value: f64) -> Trend {
    let points = (0_u16..).take(count).map(|index| {
        let phase = f64::from(index);
        let wander = (phase * 0.7).sin().mul_add(0.05, (phase * 2.3).sin() * 0.04);
        Point {
            at: day(i64::from(index)),
            commit: format!("{index:04x}59b47"),
            estimate: about(value * (1.0 + wander)),
        }
    });
    Trend { points: points.collect(), promotions: Vec::new() }
}

/// A moment so many days after the first.
pub(crate) fn day(number: i64) -> Timestamp {
    let first =
        Timestamp::from_second(1_772_366_400).expect("it is within the years that there are");
    first + SignedDuration::from_hours(24 * number)
}

/// A reference that moved.
pub(crate) fn promotion(number: i64, value: f64, because: &str) -> Promotion {
    let (at, commit) = (day(number), "659b474c1d".to_owned());
    Promotion { at, commit, estimate: about(value), because: because.to_owned() }
}

/// A run with everything in it.
pub(crate) fn full() -> BenchReport {
    let metrics = metrics();
    BenchReport {
        schema: SCHEMA.to_owned(),
        kind: KIND.to_owned(),
        mode: Mode::Full,
        started_at: day(30),
        elapsed_ms: 431_200,
        repeat: "cargo xtask bench-check --against caabb12 --seed 7".to_owned(),
        machine: machine(),
        head: Build { commit: "659b474d0e4f".to_owned(), clean: true },
        base: Some(Build { commit: "caabb1271c55".to_owned(), clean: true }),
        base_missing: None,
        load: Load { looks: 64, loaded: 3, limit: 0.15, median: 0.031, worst: 0.42 },
        controls: controls(),
        bare: vec![
            Bare { what: "start a small program".to_owned(), ms: of(1.52) },
            Bare { what: "4 KiB written and synced".to_owned(), ms: of(0.31) },
            Bare { what: "one commit".to_owned(), ms: of(0.22) },
        ],
        roles: vec![
            role("idle", "daemon", 1, 9_961_472),
            role("100 sessions", "daemon", 1, 24_117_248),
            role("100 sessions", "agent", 100, 412_090_368),
        ],
        trends: trends(&metrics),
        tiers: tiers(),
        quarantine: vec![QuarantineLine {
            id: "tier2::restart::cursor_survives_kill".to_owned(),
            owner: "sources".to_owned(),
            issue: "#7".to_owned(),
            expires: date(2026, 4, 2),
            reason: "the stand-in closes its socket late".to_owned(),
        }],
        verdict: BenchVerdict {
            exit_code: ExitCode::InvariantBroken,
            held: 5,
            failed: 2,
            inconclusive: 1,
            unmeasured: 2,
            reasons: vec![
                "inbox.lost allows no tolerance and is 1".to_owned(),
                "daemon.ready got slower: +18.2 % ±1.2".to_owned(),
                "registry.update_2000 cannot be said: the disk was too noisy".to_owned(),
            ],
        },
        metrics,
    }
}

/// A run of so many metrics that all hold, without any history.
pub(crate) fn holding(count: usize) -> BenchReport {
    let row = |index| {
        let id = format!("daemon.metric_{index}");
        measured(policy(&id, "one of many", [5.0, 20.0, 50.0]), 3.0, Standing::Pass)
    };
    BenchReport {
        metrics: (0..count).map(row).collect(),
        trends: BTreeMap::new(),
        tiers: Vec::new(),
        quarantine: Vec::new(),
        controls: Vec::new(),
        bare: Vec::new(),
        roles: Vec::new(),
        verdict: BenchVerdict {
            exit_code: ExitCode::Pass,
            held: count,
            failed: 0,
            inconclusive: 0,
            unmeasured: 0,
            reasons: Vec::new(),
        },
        ..full()
    }
}

/// One metric of every standing.
fn metrics() -> Vec<MetricReport> {
    let pickup = policy("daemon.pickup_20", "20 test messages picked up", [110.0, 250.0, 500.0]);
    let ready = Metric {
        fail: Some(100.0),
        target: Some(50.0),
        ..policy("daemon.ready", "spawn to READY", [80.0, 90.0, 500.0])
    };
    let lost = Metric {
        unit: Unit::Count,
        kind: Kind::Exact,
        statistic: Statistic::Max,
        relative: None,
        ..policy("inbox.lost", "messages accepted and never routed", [0.0, 0.0, 0.0])
    };
    let rss = Metric {
        unit: Unit::Megabytes,
        kind: Kind::Growth,
        relative: None,
        fail: Some(15.0),
        ..policy("daemon.rss_idle", "resident memory of the idle daemon", [12.0, 13.5, 40.0])
    };
    let registry = policy("registry.update_2000", "2000 last-message updates", [5.0, 8.0, 2000.0]);
    let core = policy("daemon.route_message.core", "one message, in process", [0.05, 0.5, 1.0]);
    let route = policy("daemon.route_message", "accepted to session inbox", [7.0, 25.0, 50.0]);
    let send = Metric {
        scenario: None,
        awaits: Some("the messenger of the Mac".to_owned()),
        ..policy("imessage.send", "start to SENT", [154.0, 300.0, 500.0])
    };
    let connect =
        policy("agent.connect.real", "spawn to ready, real program", [1300.0, 2000.0, 3000.0]);
    let idle = Metric {
        unit: Unit::CpuMsPerMinute,
        gate: Importance::Advisory,
        relative: None,
        ..policy("daemon.cpu_idle", "processor time of the idle daemon", [50.0, 200.0, 600.0])
    };
    vec![
        against(1.004, Judgement::Pass, measured(pickup, 3.1, Standing::Pass)),
        because(
            "it is surely more than 5 % slower than the base, and fresh launches say so too",
            against(1.182, Judgement::Fail, measured(ready, 11.3, Standing::Fail)),
        ),
        because(
            "1 is not 0",
            MetricReport { relative: None, ..measured(lost, 1.0, Standing::Broken) },
        ),
        measured(rss, 9.96, Standing::Pass),
        because(
            "the control of the disk was too noisy",
            against(
                1.06,
                Judgement::Inconclusive,
                measured(registry, 0.094, Standing::Inconclusive),
            ),
        ),
        against(0.91, Judgement::Pass, measured(core, 0.001_24, Standing::Pass)),
        measured(route, 0.84, Standing::New),
        because("it awaits the messenger of the Mac", unmeasured(send, Standing::Awaits)),
        because("the real program is not on this machine", unmeasured(connect, Standing::Skipped)),
        because("beyond the line of remarks", measured(idle, 212.0, Standing::Warn)),
    ]
}

fn trends(metrics: &[MetricReport]) -> BTreeMap<String, Trend> {
    let counts = [30, 24, 12, 200, 1, 60, 0, 0, 5, 8];
    let mut trends: BTreeMap<String, Trend> = metrics
        .iter()
        .zip(counts)
        .map(|(row, count)| {
            let value = row.head.as_ref().map_or(900.0, |head| head.estimate.value);
            (row.policy.id.clone(), trend(count, value))
        })
        .collect();
    if let Some(ready) = trends.get_mut("daemon.ready") {
        for point in ready.points.iter_mut().rev().skip(1) {
            point.estimate = about(point.estimate.value / 1.18);
        }
        let why = "the walk over processes reads one file less";
        ready.promotions = vec![promotion(0, 9.4, "the first value"), promotion(11, 9.5, why)];
    }
    trends
}

fn controls() -> Vec<Control> {
    let control = |family, metric: &str, value, quiet| Control {
        family,
        metric: metric.to_owned(),
        ratio: Interval { value, low: value - 0.011, high: value + 0.011 },
        quiet,
    };
    vec![
        control(Family::Cpu, "daemon.route_message.core", 1.001, true),
        control(Family::Disk, "daemon.route_message", 1.07, false),
        control(Family::Processes, "agent.connect", 0.996, true),
    ]
}

fn machine() -> BenchMachine {
    let machine = Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 };
    BenchMachine {
        id: "linux-x86_64-2-specimen".into(),
        machine,
        cpu: "Specimen at 2.8 GHz".into(),
    }
}

fn tiers() -> Vec<TierSummary> {
    let tier = |tier, exit_code, passed, failed| TierSummary {
        tier,
        started_at: day(29),
        elapsed_ms: 14_320,
        verdict: Verdict {
            exit_code,
            passed,
            failed,
            skipped: 0,
            quarantined: 1,
            reasons: Vec::new(),
        },
        slowest: vec![
            SlowCase { id: "tier2::burst::five_hundred_files".to_owned(), elapsed_ms: 2_310.0 },
            SlowCase { id: "tier2::trouble::a_full_disk".to_owned(), elapsed_ms: 1_742.0 },
        ],
    };
    vec![
        tier(Tier::InProcess, ExitCode::Pass, 1204, 0),
        tier(Tier::RealBinaries, ExitCode::Failed, 83, 1),
    ]
}

fn role(scene: &str, role: &str, processes: usize, rss_bytes: u64) -> RoleMemory {
    let pss_bytes = Some(rss_bytes / 10 * 7);
    RoleMemory { scene: scene.to_owned(), role: role.to_owned(), processes, rss_bytes, pss_bytes }
}

fn of(value: f64) -> Measured {
    Measured { estimate: about(value), samples: 20 }
}
