//! The real policy, and what is asked for.

use std::path::Path;

use harness::bench::check::Check;

use super::*;
use crate::bench::drive;

pub(in crate::bench) fn policy() -> Policy {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Policy::read(&root.join("baselines/metrics.toml")).unwrap()
}

pub(in crate::bench) fn offered(but: &[&str]) -> Vec<Offered> {
    let mut offered = policy().offered();
    offered.retain(|it| !but.contains(&it.name.as_str()));
    offered
}

/// The plan, a line for each scenario.
fn play(mode: Mode, only: Option<&str>, base: Option<&[Offered]>) -> Vec<String> {
    let head = offered(&[]);
    let planned = plan(&policy(), Wanted { mode, only, head: &head, base });
    let line = |it: &Planned| {
        let how = match it.how {
            How::Paired => format!("{} pairs", it.pairs),
            How::Absolute { launches: 1, samples } => format!("{samples} samples"),
            How::Absolute { launches, samples } => format!("{launches} x {samples} samples"),
            How::New { samples, .. } => format!("new, {samples} samples"),
        };
        let control = it.control_for.map(|family| format!(", control of {family}"));
        format!("{}: {how}{}", it.scenario, control.unwrap_or_default())
    };
    planned.iter().map(line).collect()
}

#[test]
fn every_scenario_of_the_policy_has_a_row_and_every_row_is_of_one() {
    let policy = policy();
    let of_policy: BTreeSet<&str> = policy
        .metrics
        .iter()
        .filter(|metric| metric.scope == Scope::Bench)
        .filter_map(|metric| metric.scenario.as_deref())
        .collect();
    let of_table: BTreeSet<&str> = ROWS.iter().map(|row| row.scenario).collect();
    assert_eq!(of_table, of_policy);
    assert_eq!(of_table.len(), ROWS.len(), "a scenario stands twice");
}

#[test]
fn a_run_without_a_base_measures_absolutely() {
    let lines = play(Mode::Run, Some("route_core"), None);
    assert_eq!(lines, ["route_core: 100 samples"]);
    assert!(play(Mode::Full, None, None).iter().all(|line| line.ends_with("samples")));
}

#[test]
fn every_family_that_is_compared_has_a_control() {
    let base = offered(&[]);
    for mode in [Mode::Full, Mode::Quick, Mode::Compare] {
        let lines = play(mode, None, Some(&base));
        for family in Family::ALL {
            let control = format!("control of {family}");
            let count = lines.iter().filter(|line| line.ends_with(&control)).count();
            assert_eq!(count, 1, "{mode:?} {family}: {lines:?}");
        }
    }
}

#[test]
fn what_was_asked_for_alone_vouches_for_itself() {
    let base = offered(&[]);
    let lines = play(Mode::Full, Some("cli.status"), Some(&base));
    assert_eq!(lines, ["status: 20 pairs, control of processes"]);
    let lines = play(Mode::Full, Some("daemon.route_message.core"), Some(&base));
    assert_eq!(lines, ["route_core: 20 pairs, control of cpu"]);
}

#[test]
fn what_the_base_lacks_is_new_and_vouches_for_nothing() {
    let base = offered(&["route_core"]);
    let lines = play(Mode::Full, Some("r"), Some(&base));
    assert!(lines.contains(&"route_core: new, 100 samples".to_owned()), "{lines:?}");
    assert!(lines.contains(&"registry: 20 pairs, control of cpu".to_owned()), "{lines:?}");
}

#[test]
fn what_is_not_compared_is_measured_alone() {
    let base = offered(&[]);
    let lines = play(Mode::Full, Some("real"), Some(&base));
    assert_eq!(lines, ["agent_real: 10 x 1 samples", "agent_starts: 5 x 2 samples"]);
}

#[test]
fn a_name_that_nothing_has_plans_nothing() {
    assert!(play(Mode::Full, Some("no such"), None).is_empty());
}

#[test]
fn what_takes_long_is_not_measured_every_day() {
    let policy = policy();
    let is_ever_quick = |only| is_ever_quick(&policy, only);
    assert!(is_ever_quick(None) && is_ever_quick(Some("cli.status")));
    assert!(!is_ever_quick(Some("burst")) && !is_ever_quick(Some("instructions.route")));
}

#[test]
fn what_the_head_does_not_offer_is_not_planned() {
    let head = offered(&["route_core"]);
    let wanted = Wanted { mode: Mode::Run, only: Some("route_core"), head: &head, base: None };
    assert!(plan(&policy(), wanted).is_empty());
}

#[test]
fn a_first_round_leaves_time_for_more() {
    let offered = offered(&[]);
    let first = |mode, rules: Rules| {
        let wanted = Wanted { mode, only: None, head: &offered, base: Some(&offered) };
        drive::estimate(&Check::new(rules, plan(&policy(), wanted)).orders())
    };
    let (full, quick) = (first(Mode::Full, Rules::full(1)), first(Mode::Quick, Rules::quick(1)));
    assert!(full < Duration::from_mins(6), "{full:?}");
    assert!(quick < Duration::from_secs(55), "{quick:?}");
}
