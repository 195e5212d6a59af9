//! Whole runs against shell scripts that pretend to be probes.

use std::fs;

use harness::bench::check::{Cost, How, Purpose, Surroundings};
use harness::bench::load::WAIT_MAX;
use harness::bench::policy::{Family, Kind};
use harness::bench::report::{MetricReport, Standing};
use tempfile::TempDir;

use super::*;
use crate::bench::plan::tests::policy;

const METRIC: &str = "daemon.route_message.core";
const RULES: Rules = Rules { launches: 2, rounds: 1, growth: 2, seed: 1, draws: 200 };

/// A probe that says this to a preparation and to a sample.
fn probe(room: &TempDir, name: &str, prepared: &str, sample: &str) -> Start {
    let hello = format!(
        r#"{{"probe":"bench-probe.v1","scenarios":[{{"name":"route_core","metrics":["{METRIC}"]}}]}}"#
    );
    let script = format!(
        "echo '{hello}'\nwhile read -r ask; do case \"$ask\" in\n\
         *prepare*) echo '{prepared}';;\n*sample*) echo '{sample}';;\n\
         *finish*) echo '{{\"answer\":\"finished\"}}';;\nesac; done\n"
    );
    let path = room.path().join(name);
    fs::write(&path, script).unwrap();
    Start { program: "sh".into(), arguments: vec![path.into()] }
}

fn takes(room: &TempDir, name: &str, ms: f64) -> Start {
    let roles =
        r#"[{"scene":"idle","role":"daemon","processes":1,"rss_bytes":5,"pss_bytes":null}]"#;
    let sample = format!(r#"{{"answer":"values","values":{{"{METRIC}":{ms}}},"roles":{roles}}}"#);
    probe(room, name, r#"{"answer":"prepared"}"#, &sample)
}

fn says(room: &TempDir, name: &str, prepared: &str) -> Start {
    probe(room, name, prepared, "{}")
}

fn planned() -> Vec<Planned> {
    let metrics = vec![policy().find(METRIC).unwrap().clone()];
    let control_for = Some(Family::Cpu);
    let scenario = "route_core".to_owned();
    vec![Planned {
        scenario,
        metrics,
        how: How::Paired,
        pairs: 3,
        often: 1,
        control_for,
        cost: Cost { launch: Duration::ZERO, sample: Duration::from_millis(1) },
    }]
}

fn starts(head: Start, base: Start) -> Starts {
    Starts { control: head.clone(), base: Some(base), head }
}

fn run(starts: &Starts, look: fn() -> f64) -> (MetricReport, Guard, Vec<RoleMemory>) {
    let interrupt = Interrupt::never();
    let mut drive = Drive::new(starts, RULES, planned(), &interrupt);
    drive.look = look;
    // What waits for quiet would wait for real.
    drive.guard.waited(WAIT_MAX);
    let measured = drive.run().unwrap();
    let mut metrics = measured.check.findings(Surroundings::Quiet).metrics;
    assert_eq!(metrics.len(), 1);
    (metrics.remove(0), measured.guard, measured.roles)
}

#[test]
fn equal_builds_pass_and_memory_is_remembered() {
    let room = tempfile::tempdir().unwrap();
    let starts = starts(takes(&room, "head", 0.01), takes(&room, "base", 0.01));
    let (metric, guard, roles) = run(&starts, || 0.0);
    assert_eq!(metric.standing, Standing::Pass, "{:?}", metric.reasons);
    assert_eq!(metric.head.unwrap().samples, 6);
    assert_eq!(guard.load().looks, 1, "a look is not due more often");
    assert_eq!(roles[0].rss_bytes, 5);
}

#[test]
fn a_slower_head_fails() {
    let room = tempfile::tempdir().unwrap();
    let starts = starts(takes(&room, "head", 0.02), takes(&room, "base", 0.01));
    let (metric, ..) = run(&starts, || 0.0);
    assert_eq!(metric.standing, Standing::Fail, "{:?}", metric.reasons);
    assert!(metric.relative.unwrap().confirmation.is_some());
}

#[test]
fn what_goes_wrong_in_the_base_leaves_the_head_unsaid() {
    let room = tempfile::tempdir().unwrap();
    let base = says(&room, "base", r#"{"answer":"failed","why":"start the daemon"}"#);
    let (metric, ..) = run(&starts(takes(&room, "head", 0.01), base), || 0.0);
    assert_eq!(metric.standing, Standing::Inconclusive);
    assert_eq!(metric.reasons, ["the base failed to start the daemon"]);
    assert_eq!(metric.head.unwrap().samples, 6, "head is measured all the same");
}

#[test]
fn what_the_base_lacks_is_new() {
    let room = tempfile::tempdir().unwrap();
    let base = says(&room, "base", r#"{"answer":"missing","what":"the scenario"}"#);
    let (metric, ..) = run(&starts(takes(&room, "head", 0.01), base), || 0.0);
    assert_eq!(metric.standing, Standing::New);
}

#[test]
fn what_goes_wrong_beside_others_says_nothing() {
    let room = tempfile::tempdir().unwrap();
    let head = says(&room, "head", r#"{"answer":"failed","why":"start the daemon"}"#);
    let (metric, ..) = run(&starts(head, takes(&room, "base", 0.01)), || 1.0);
    assert_eq!(metric.standing, Standing::Inconclusive, "{:?}", metric.reasons);
}

/// No look at the machine makes a count less of a count, but what it kept from being counted at all is
/// nobody's fault.
#[test]
fn what_goes_wrong_beside_others_says_nothing_where_no_time_is_looked_at_either() {
    let room = tempfile::tempdir().unwrap();
    let head = says(&room, "head", r#"{"answer":"failed","why":"start the daemon"}"#);
    let starts = starts(head.clone(), head);
    let counted = planned().into_iter().map(|mut plan| {
        plan.metrics.iter_mut().for_each(|metric| metric.kind = Kind::Growth);
        plan
    });
    let interrupt = Interrupt::never();
    let mut drive = Drive::new(&starts, RULES, counted.collect(), &interrupt);
    drive.look = || 1.0;
    drive.guard.waited(WAIT_MAX);
    let metrics = drive.run().unwrap().check.findings(Surroundings::Loaded).metrics;
    assert_eq!(metrics[0].standing, Standing::Inconclusive, "{:?}", metrics[0].reasons);
}

#[test]
fn what_goes_wrong_in_the_head_fails() {
    let room = tempfile::tempdir().unwrap();
    let head = says(&room, "head", r#"{"answer":"failed","why":"start the daemon"}"#);
    let (metric, ..) = run(&starts(head, takes(&room, "base", 0.01)), || 0.0);
    assert_eq!(metric.standing, Standing::Fail);
    assert_eq!(metric.reasons[0], "failed to start the daemon");
}

#[test]
fn what_the_machine_lacks_is_skipped() {
    let room = tempfile::tempdir().unwrap();
    let head = says(&room, "head", r#"{"answer":"missing","what":"an agent"}"#);
    let (metric, ..) = run(&starts(head.clone(), head), || 0.0);
    assert_eq!(metric.standing, Standing::Skipped);
}

#[test]
fn beside_others_nothing_is_said() {
    let room = tempfile::tempdir().unwrap();
    let starts = starts(takes(&room, "head", 0.02), takes(&room, "base", 0.01));
    let (metric, guard, _) = run(&starts, || 1.0);
    assert_eq!(metric.standing, Standing::Inconclusive, "{:?}", metric.reasons);
    assert!(guard.is_loaded());
}

#[test]
fn who_wants_figures_all_the_same_gets_them() {
    let room = tempfile::tempdir().unwrap();
    let starts = starts(takes(&room, "head", 0.01), takes(&room, "base", 0.01));
    let interrupt = Interrupt::never();
    let planned = planned().into_iter().map(|plan| Planned {
        how: How::Absolute { launches: 1, samples: 4 },
        control_for: None,
        ..plan
    });
    let mut drive =
        Drive::new(&starts, RULES, planned.collect(), &interrupt).with(Strictness::Keep);
    drive.look = || 1.0;
    drive.guard.waited(WAIT_MAX);
    let findings = drive.run().unwrap().check.findings(Surroundings::Loaded);
    assert_eq!(findings.metrics[0].head.as_ref().unwrap().samples, 4);
}

#[test]
fn a_run_whose_time_is_up_says_nothing_more() {
    let room = tempfile::tempdir().unwrap();
    let starts = starts(takes(&room, "head", 0.01), takes(&room, "base", 0.01));
    let interrupt = Interrupt::never();
    let drive = Drive::new(&starts, RULES, planned(), &interrupt).within(Duration::ZERO);
    let findings = drive.run().unwrap().check.findings(Surroundings::Quiet);
    assert_eq!(findings.metrics[0].standing, Standing::Inconclusive);
}

#[test]
fn a_wish_to_end_ends_the_run() {
    let room = tempfile::tempdir().unwrap();
    let starts = starts(takes(&room, "head", 0.01), takes(&room, "base", 0.01));
    let interrupt = Interrupt::at_once();
    let mut drive = Drive::new(&starts, RULES, planned(), &interrupt);
    drive.look = || 0.0;
    assert!(drive.run().is_err());
}

#[test]
fn a_run_is_as_long_as_its_samples() {
    let order = |sides, pairs| Order {
        scenario: "cpu_idle".to_owned(),
        purpose: Purpose::Measure,
        sides,
        pairs,
        launch: 0,
    };
    assert_eq!(estimate(&[order(Sides::HeadAlone, 1)]).as_secs(), 31);
    assert_eq!(estimate(&[order(Sides::BaseAndHead, 1), order(Sides::HeadAlone, 1)]).as_secs(), 93);
}

#[test]
fn time_that_is_left_goes_to_what_still_fits() {
    let order = |scenario: &str| Order {
        scenario: scenario.to_owned(),
        purpose: Purpose::Measure,
        sides: Sides::HeadAlone,
        pairs: 1,
        launch: 0,
    };
    let orders = [order("agent_real"), order("route_core")];
    let (fits, rest) = fitting(&orders, Duration::from_secs(3)).unwrap();
    assert_eq!(fits, orders[1]);
    assert!(Duration::from_secs(2) < rest && rest < Duration::from_secs(3), "{rest:?}");
    assert_eq!(fitting(&orders, Duration::from_mins(1)).unwrap().0, orders[0]);
    assert_eq!(fitting(&orders, Duration::from_millis(1)), None);
}

#[test]
fn on_a_slow_machine_the_time_that_is_left_is_worth_less() {
    let second = Duration::from_secs(1);
    let left = |expected, took| at_pace(100 * second, expected * second, took * second);
    assert_eq!(left(10, 20), 50 * second);
    assert_eq!(left(20, 10), 100 * second);
    assert_eq!(left(0, 1), 100 * second, "nothing is known yet");
}
