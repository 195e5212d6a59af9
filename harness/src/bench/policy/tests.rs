use std::path::PathBuf;

use super::{Kind, Metric, Policy, PolicyError, RelativeLines, Scope, Statistic, Unit, reading};
use crate::bench::probe::Offered;

/// A metric with nothing wrong.
const READY: &str = r#"
[[metric]]
id = "daemon.ready"
title = "the daemon starts"
unit = "ms"
kind = "latency"
direction = "lower"
statistic = "median"
baseline = 50
target = 40.5
warn = 75
fail = 100
concern = 500
relative = { warn = 0.03, fail = 0.05 }
scope = "bench"
gate = "blocking"
scenario = "life"
family = "processes"
since = "2026-11-22"
why = "a restart is as long as this"
"#;

fn ready() -> Metric {
    Policy::parse(READY).unwrap().metrics.remove(0)
}

fn policy(metrics: Vec<Metric>) -> Policy {
    Policy { retired: Vec::new(), metrics }
}

/// The one problem of [`READY`] with this mistake in it.
#[track_caller]
fn check(mistake: impl FnOnce(&mut Metric), expected: &str) {
    let mut metric = ready();
    mistake(&mut metric);
    let id = metric.id.clone();
    assert_eq!(policy(vec![metric]).problems(), [format!("{id}: {expected}")]);
}

#[track_caller]
fn refused(text: &str) -> PolicyError {
    Policy::parse(text).unwrap_err()
}

fn offered(name: &str, metrics: &[&str]) -> Offered {
    Offered { name: name.into(), metrics: metrics.iter().map(|&metric| metric.into()).collect() }
}

/// The metric as one that valgrind counts.
fn counted(metric: &mut Metric) {
    (metric.scope, metric.scenario) = (Scope::Instructions, Some("instructions".into()));
    (metric.kind, metric.unit) = (Kind::Growth, Unit::Instructions);
}

/// The policy of this project.
fn ours() -> Policy {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../baselines/metrics.toml");
    Policy::read(&file).unwrap()
}

#[test]
fn the_policy_of_this_project_has_no_problem() {
    assert_eq!(ours().problems(), [""; 0]);
}

/// Baseline and concern of each, in the unit of its metric: milliseconds, kilobytes, things.
#[test]
fn the_first_fifteen_promises_stand_as_they_were_given() {
    let policy = ours();
    for (id, baseline, concern) in [
        ("imessage.send", 154.0, 500.0),
        ("imessage.chat_db_write", 111.0, 500.0),
        ("signal.send", 294.0, 1000.0),
        ("signal.subscribe", 7.0, 100.0),
        ("daemon.pickup_20", 110.0, 500.0),
        ("daemon.route_message", 7.0, 50.0),
        ("agent.connect", 1300.0, 3000.0),
        ("agent.first_response", 29.0, 200.0),
        ("agent.full_query", 1900.0, 5000.0),
        ("agent.disconnect", 10.0, 1000.0),
        ("agent.resume_connect", 1000.0, 3000.0),
        ("agent.interrupt", 4.0, 100.0),
        ("registry.update_2000", 5.0, 2000.0),
        ("memory.growth_5_cycles", 368.0, 5000.0),
        ("tasks.orphans", 0.0, 0.0),
    ] {
        let metric = policy.find(id).unwrap_or_else(|| panic!("no {id}"));
        let unit = match id {
            "memory.growth_5_cycles" => "kB",
            "tasks.orphans" => "",
            _ => "ms",
        };
        let found = (metric.baseline, metric.concern, metric.unit.symbol());
        assert_eq!(format!("{found:?}"), format!("{:?}", (baseline, concern, unit)), "{id}");
    }
}

#[test]
fn what_nobody_could_build_yet_is_all_that_awaits() {
    let policy = ours();
    let awaiting: Vec<&str> = policy
        .metrics
        .iter()
        .filter(|metric| !metric.is_built())
        .map(|metric| metric.id.as_str())
        .collect();
    assert_eq!(
        awaiting,
        [
            "imessage.send",
            "imessage.chat_db_write",
            "signal.send",
            "signal.subscribe",
            "chat_db.poll_idle",
            "chat_db.detect",
        ]
    );
}

#[test]
fn every_part_of_an_entry_is_read() {
    let metric = ready();
    assert_eq!((metric.target, metric.fail), (Some(40.5), Some(100.0)));
    assert_eq!(metric.relative, Some(RelativeLines { warn: 0.03, fail: 0.05 }));
    assert_eq!(metric.since.to_string(), "2026-11-22");
    assert_eq!(policy(vec![metric]).problems(), [""; 0]);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    for (line, key, expected) in [
        ("baseline = 50", "baseline = 50\nfails = 80", "`fails` in line 10"),
        ("fail = 0.05", "fail = 0.05, block = 0.1", "`block` in line 14"),
        ("[[metric]]", "strict = true\n[[metric]]", "`strict` in line 2"),
        ("[[metric]]", "[[metrics]]", "`metrics` in line 2"),
    ] {
        let error = refused(&READY.replacen(line, key, 1));
        let expected = format!("understand {expected}: there is no such key");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn every_key_of_a_metric_is_known_and_no_other() {
    let mut metric = ready();
    metric.awaits = Some("its part".into());
    let json = serde_json::to_value(&metric).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let sorted = |known: &[&str]| {
        let mut known: Vec<String> = known.iter().map(|&key| key.to_owned()).collect();
        known.sort();
        known
    };
    assert_eq!(keys(&json), sorted(reading::METRIC_KEYS));
    assert_eq!(keys(&json["relative"]), sorted(reading::RELATIVE_KEYS));
}

#[test]
fn what_is_missing_or_of_no_meaning_is_named_with_its_line() {
    for (from, to, expected) in [
        ("warn = 75\n", "", "missing field `warn`"),
        ("\"latency\"", "\"speed\"", "unknown variant `speed`"),
        ("baseline = 50", "baseline = \"50\"", "line 9"),
        ("baseline = 50", "baseline = 50\nbaseline = 60", "line 10"),
    ] {
        let error = refused(&READY.replacen(from, to, 1)).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Policy::read("no/metrics.toml".as_ref()).unwrap_err().to_string();
    assert!(error.starts_with("read the policy no/metrics.toml: "), "{error}");
}

#[test]
fn a_metric_in_a_report_of_a_newer_build_is_read() {
    let mut json = serde_json::to_value(ready()).unwrap();
    json["colour"] = "red".into();
    json["relative"]["colour"] = "red".into();
    assert_eq!(serde_json::from_value::<Metric>(json).unwrap(), ready());
}

#[test]
fn an_id_of_another_form_is_found() {
    for id in ["ready", "daemon.", ".ready", "daemon..ready", "Daemon.ready", "daemon ready", ""] {
        check(|metric| metric.id = id.into(), "its id is not made of small words joined by points");
    }
}

#[test]
fn what_says_nothing_is_found() {
    check(|metric| metric.why = " ".into(), "its why is empty");
    check(|metric| metric.title = String::new(), "its title is empty");
}

#[test]
fn lines_on_the_wrong_side_of_each_other_are_found() {
    check(|metric| metric.target = Some(51.0), "its target of 51 is worse than its baseline of 50");
    check(|metric| metric.warn = 49.0, "its baseline of 50 is worse than its warn of 49");
    check(|metric| metric.fail = Some(74.0), "its warn of 75 is worse than its fail of 74");
    check(|metric| metric.concern = 99.0, "its fail of 100 is worse than its concern of 99");
}

#[test]
fn where_more_is_better_the_lines_go_down() {
    let higher = |metric: &mut Metric| {
        metric.direction = super::Direction::Higher;
        (metric.target, metric.fail) = (Some(600.0), None);
        (metric.baseline, metric.warn, metric.concern) = (500.0, 75.0, 50.0);
    };
    let mut metric = ready();
    higher(&mut metric);
    assert_eq!(policy(vec![metric]).problems(), [""; 0]);
    check(
        |metric| {
            higher(metric);
            metric.concern = 76.0;
        },
        "its warn of 75 is worse than its concern of 76",
    );
}

#[test]
fn a_line_that_is_no_amount_is_found() {
    check(|metric| metric.target = Some(-1.0), "its target of -1 is no amount");
    let mut metric = ready();
    metric.concern = f64::INFINITY;
    assert_eq!(policy(vec![metric]).problems(), ["daemon.ready: its concern of inf is no amount"]);
}

#[test]
fn relative_lines_that_do_not_grow_from_nothing_are_found() {
    for (warn, fail) in [(0.0, 0.05), (0.05, 0.05), (0.06, 0.05), (0.03, f64::INFINITY)] {
        check(
            |metric| metric.relative = Some(RelativeLines { warn, fail }),
            &format!("its relative lines {warn} and {fail} do not grow from 0"),
        );
    }
}

#[test]
fn an_exact_metric_has_one_line_and_one_sample() {
    let exact = |metric: &mut Metric| {
        (metric.kind, metric.unit) = (Kind::Exact, Unit::Count);
        metric.statistic = Statistic::Max;
        (metric.target, metric.fail, metric.relative) = (None, None, None);
        (metric.baseline, metric.warn, metric.concern) = (0.0, 0.0, 0.0);
    };
    let mut metric = ready();
    exact(&mut metric);
    assert_eq!(policy(vec![metric]).problems(), [""; 0]);
    for (mistake, expected) in [
        (
            (|metric| metric.concern = 1.0) as fn(&mut Metric),
            "it is exact, but its warn and its concern differ",
        ),
        (
            |metric| metric.relative = Some(RelativeLines { warn: 0.1, fail: 0.2 }),
            "it is exact, and so needs no relative lines",
        ),
        (|metric| metric.statistic = Statistic::Median, "its statistic does not fit its kind"),
        (|metric| metric.unit = Unit::Kilobytes, "its unit does not fit its kind and scope"),
    ] {
        check(
            |metric| {
                exact(metric);
                mistake(metric);
            },
            expected,
        );
    }
}

#[test]
fn what_is_counted_in_something_else_is_found() {
    check(
        |metric| (metric.unit, metric.relative) = (Unit::Megabytes, None),
        "its unit does not fit its kind and scope",
    );
    for unit in [Unit::Milliseconds, Unit::Count, Unit::Instructions] {
        check(
            |metric| {
                (metric.kind, metric.unit, metric.relative) = (Kind::Growth, unit, None);
            },
            "its unit does not fit its kind and scope",
        );
    }
}

#[test]
fn few_samples_have_no_percentile() {
    let mut metric = ready();
    (metric.kind, metric.statistic, metric.relative) = (Kind::Growth, Statistic::P95, None);
    metric.unit = Unit::Megabytes;
    assert_eq!(
        policy(vec![metric]).problems(),
        ["daemon.ready: its statistic does not fit its kind"]
    );
}

#[test]
fn a_metric_is_measured_or_awaits_its_part() {
    for (scenario, awaits, expected) in [
        (Some("life"), Some("Signal"), "it has a scenario, and awaits its part"),
        (None, None, "it has no scenario, and awaits nothing"),
        (None, Some(" "), "what it awaits is empty"),
        (Some("instructions"), None, "its scenario instructions does not fit its scope"),
    ] {
        check(
            |metric| {
                metric.scenario = scenario.map(str::to_owned);
                metric.awaits = awaits.map(str::to_owned);
                // What has no pairs needs no control, which is another problem.
                metric.relative = None;
            },
            expected,
        );
    }
    check(
        |metric| {
            counted(metric);
            metric.scenario = Some("life".into());
        },
        "its scenario life does not fit its scope",
    );
}

#[test]
fn an_id_belongs_to_one_metric_for_ever() {
    let twice = policy(vec![ready(), ready()]);
    assert_eq!(twice.problems(), ["daemon.ready: its id stands twice"]);
    let mut again = policy(vec![ready()]);
    again.retired.push("daemon.ready".into());
    assert!(again.knows("daemon.ready") && !again.knows("daemon.steady"));
    assert_eq!(
        again.problems(),
        ["daemon.ready: its id is retired, and means something else in old runs"]
    );
}

#[test]
fn a_family_that_is_compared_needs_a_metric_to_vouch_for_it() {
    let mut metric = ready();
    (metric.scenario, metric.awaits) = (None, Some("Signal".into()));
    assert_eq!(
        policy(vec![metric]).problems(),
        ["the family processes has no metric that could be its control"]
    );
}

#[test]
fn a_policy_of_nothing_is_a_problem() {
    assert_eq!(policy(Vec::new()).problems(), ["there is no metric"]);
}

#[test]
fn what_is_promised_is_measured_and_the_reverse() {
    let promised = policy(vec![ready()]);
    let problems = |offers: &[Offered]| promised.problems_with(offers);
    let life = offered("life", &["daemon.ready"]);
    assert_eq!(problems(&[life.clone(), offered("bare", &["bare.spawn"])]), [""; 0]);
    assert_eq!(problems(&[]), ["daemon.ready: the scenario life does not measure it"]);
    assert_eq!(
        problems(&[life, offered("idle", &["daemon.heat"])]),
        ["daemon.heat: the scenario idle measures it without a policy"]
    );
}

#[test]
fn no_probe_has_to_offer_what_valgrind_counts_or_what_awaits() {
    let mut instructions = ready();
    counted(&mut instructions);
    let mut awaiting = ready();
    (awaiting.scenario, awaiting.awaits) = (None, Some("Signal".into()));
    (awaiting.id, awaiting.relative) = ("signal.send".into(), None);
    assert_eq!(policy(vec![instructions, awaiting]).problems_with(&[]), [""; 0]);
}
