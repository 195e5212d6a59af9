//! What a runner is told, and cases and reports for the tests around.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::process::Command;

use harness::gate::Gate;
use harness::report::{CaseReport, Machine, Outcome, Report, SCHEMA, Selection};
use harness::tier::Tier;
use harness::verdict::judge;
use jiff::Timestamp;

use super::places::Places;
use super::{Api, Order, Output, has_fallen, tell_nothing, with_failure};
use crate::workspace::Workspace;

/// A case that ended so.
pub(crate) fn case(id: &str, outcome: Outcome) -> CaseReport {
    CaseReport {
        id: id.to_owned(),
        tags: Vec::new(),
        outcome,
        elapsed_ms: 1.0,
        wrapper_ms: 0.0,
        tries: 1,
        seed: None,
        log: None,
        message: None,
        repeat: None,
        quarantine: None,
    }
}

/// A report of tier 2 about these cases, made now.
pub(crate) fn report(gate: Gate, cases: Vec<CaseReport>) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        tier: Tier::RealBinaries,
        gate,
        started_at: Timestamp::now(),
        elapsed_ms: 1,
        selection: Selection::default(),
        machine: Machine::here(),
        ends: Vec::new(),
        problems: Vec::new(),
        verdict: judge(gate, &cases, &[]),
        cases,
    }
}

/// The variables that a command gets; `None` for one that is taken from it.
fn variables(command: &Command) -> BTreeMap<&str, Option<&str>> {
    let text = |value: &'_ OsStr| value.to_str().unwrap().to_owned().leak() as &str;
    command.get_envs().map(|(name, value)| (text(name), value.map(text))).collect()
}

#[test]
fn a_runner_is_told_where_to_write_and_how_strict_to_be() {
    let workspace = Workspace::find().unwrap();
    let places = Places::at("/t/harness/tier3".into());
    let mut live = Order::whole(Tier::RealAgent, Gate::Closed);
    live.api = Api::Live;
    live.budget = Some("requests=60,usd=2.00".to_owned());
    let mut command = Command::new("runner");
    live.tell(&mut command, &workspace, &places);
    let told = variables(&command);
    assert_eq!(told["HARNESS_REPORT"], Some("/t/harness/tier3/report.json"));
    assert_eq!(told["HARNESS_LINES"], Some("/t/harness/tier3/lines.jsonl"));
    assert_eq!(told["HARNESS_LOGS"], Some("/t/harness/tier3/logs"));
    assert!(told["HARNESS_QUARANTINE"].unwrap().ends_with("/harness/quarantine.toml"));
    assert_eq!(told["HARNESS_GATE"], Some("closed"));
    assert_eq!(told["HARNESS_API"], Some("live"));
    assert_eq!(told["HARNESS_BUDGET"], Some("requests=60,usd=2.00"));
    assert_eq!(told.get("HARNESS_HOME"), None);
}

#[test]
fn what_was_not_ordered_is_not_taken_from_the_environment() {
    let workspace = Workspace::find().unwrap();
    let places = Places::at("/t".into());
    let mut command = Command::new("runner");
    Order::whole(Tier::RealAgent, Gate::Open).tell(&mut command, &workspace, &places);
    let told = variables(&command);
    assert_eq!((told["HARNESS_GATE"], told["HARNESS_BUDGET"]), (None, None));
    assert_eq!(told["HARNESS_API"], Some("loopback"));
}

#[test]
fn tests_of_tier_1_are_told_nothing_that_is_meant_for_runners() {
    let mut command = Command::new("nextest");
    let set = [
        "HARNESS_GATE",
        "HARNESS_REPORT",
        "HARNESS_SEED",
        "HARNESS_KEEP",
        "HARNESS_SOAK",
        "CONTRACT_ONLY",
        "PROPTEST_CASES",
        "NEXTEST_RETRIES",
        "INSTA_FORCE_PASS",
        "PATH",
        "CARGO_HOME",
        "XHARNESS_SEED",
    ];
    tell_nothing(&mut command, set.map(OsString::from));
    let told = variables(&command);
    let taken: Vec<&str> =
        told.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    assert_eq!(
        taken,
        [
            "CONTRACT_ONLY",
            "HARNESS_GATE",
            "HARNESS_KEEP",
            "HARNESS_REPORT",
            "HARNESS_SEED",
            "HARNESS_SOAK",
            "INSTA_FORCE_PASS",
            "NEXTEST_RETRIES",
            "PROPTEST_CASES",
        ]
    );
    assert_eq!(told["INSTA_UPDATE"], Some("no"));
}

#[test]
fn what_nobody_watches_is_written_down_in_the_order_in_which_it_was_said() {
    let room = tempfile::tempdir().unwrap();
    let places = Places::at(room.path().to_path_buf());
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo one; echo two >&2; echo three; exit 5"]);
    let status = Output::File(places.output()).run(shell).unwrap();
    assert_eq!(status.code(), Some(5));
    assert_eq!(std::fs::read_to_string(places.output()).unwrap(), "one\ntwo\nthree\n");
}

#[test]
fn one_more_failure_changes_the_verdict_too() {
    let passed = report(Gate::Open, vec![case("tier2::a", Outcome::Passed)]);
    assert!(!has_fallen(&passed));
    let failed = with_failure(passed, "it died".to_owned());
    assert!(has_fallen(&failed));
    assert_eq!((failed.verdict.passed, failed.verdict.failed), (1, 1));
    assert_eq!(failed.verdict.exit_code.number(), 20);
}
