use std::fs;

use super::{Reference, ReferenceError, left_out, promote};
use crate::bench::policy::{Importance, Kind, Policy};
use crate::bench::report::{BenchReport, Mode, Standing};
use crate::bench::small_run::{around, moment, run};

const READY: &str = "daemon.ready";
const STATUS: &str = "cli.status";

/// Both metrics, promoted at noon.
fn at_noon() -> Reference {
    promote(None, &run("12:00", &[(READY, 10.0), (STATUS, 5.0)]), None, "the first one").unwrap()
}

/// Values of a metric that were promoted, with their reasons.
fn promoted(reference: &Reference, metric: &str) -> Vec<String> {
    let list = reference.metrics.get(metric).into_iter().flatten();
    list.map(|one| format!("{} {}", one.promotion.estimate.value, one.promotion.because)).collect()
}

/// What stands in the way of promoting a run at one o'clock with something wrong.
#[track_caller]
fn check(wrong: impl FnOnce(&mut BenchReport), expected: &[&str]) {
    let mut report = run("13:00", &[(READY, 11.0), (STATUS, 6.0)]);
    wrong(&mut report);
    let refusal = promote(Some(at_noon()), &report, None, "it is faster").unwrap_err();
    assert_eq!(refusal.reasons, expected);
    assert_eq!(refusal.to_string(), format!("promote this run: {}", expected.join("; ")));
}

#[test]
fn the_first_promotion_is_where_everything_comes_from() {
    let noon = at_noon();
    let ready = noon.current(READY).unwrap();
    assert_eq!((ready.promotion.at, ready.promotion.commit.as_str()), (moment("12:00"), "c0ffee"));
    assert_eq!((ready.promotion.estimate, ready.samples), (around(10.0), 100));
    assert_eq!(noon.machine.id, "linux-x86_64-2-unknown");
    assert_eq!(noon.current("daemon.heat"), None);
}

#[test]
fn a_later_promotion_keeps_the_earlier_ones_and_the_anchor() {
    let later = run("13:00", &[(READY, 8.0), (STATUS, 5.0)]);
    let moved = promote(Some(at_noon()), &later, None, " it looks less \n").unwrap();
    assert_eq!(promoted(&moved, READY), ["10 the first one", "8 it looks less"]);
    assert_eq!(moved.anchor(READY).unwrap().promotion.estimate, around(10.0));
    assert_eq!(moved.current(READY).unwrap().promotion.estimate, around(8.0));
}

#[test]
fn one_metric_moves_alone() {
    let later = run("13:00", &[(READY, 8.0), (STATUS, 5.0)]);
    let only = [READY.to_owned()];
    let moved = promote(Some(at_noon()), &later, Some(&only), "it looks less").unwrap();
    assert_eq!(promoted(&moved, READY).len(), 2);
    assert_eq!(promoted(&moved, STATUS), ["5 the first one"]);
}

#[test]
fn a_run_that_cannot_be_trusted_moves_nothing() {
    check(|report| report.head.clean = false, &["what was measured is not exactly c0ffee"]);
    check(|report| report.mode = Mode::Quick, &["it was a quick run"]);
    check(|report| report.load.loaded = 26, &["others were at work at 26 of 100 looks"]);
    check(
        |report| (report.load.looks, report.load.loaded) = (0, 0),
        &["nobody looked whether others were at work"],
    );
    check(
        |report| {
            report.controls[0].quiet = false;
            report.controls[0].ratio = around(1.2);
        },
        &["the control of cpu found 1.200 between equal builds"],
    );
    check(
        |report| report.machine.id = "linux-x86_64-8-unknown".into(),
        &["it ran on linux-x86_64-8-unknown, not on linux-x86_64-2-unknown"],
    );
}

#[test]
fn a_metric_without_a_trusted_value_keeps_all_from_moving() {
    for (standing, expected) in [
        (Standing::Inconclusive, "daemon.ready is inconclusive"),
        (Standing::Fail, "daemon.ready fails"),
        (Standing::Broken, "daemon.ready is broken"),
    ] {
        check(|report| report.metrics[0].standing = standing, &[expected]);
    }
    check(|report| report.metrics[0].head = None, &["daemon.ready was not measured"]);
    check(
        |report| report.metrics[0].head.as_mut().unwrap().estimate.high = f64::NAN,
        &["daemon.ready has no sound value"],
    );
}

#[test]
fn an_advisory_metric_that_does_not_hold_stays_and_is_in_nobodys_way() {
    let mut report = run("13:00", &[(READY, 8.0), (STATUS, 6.0)]);
    report.metrics[1].policy.gate = Importance::Advisory;
    report.metrics[1].standing = Standing::Inconclusive;
    let moved = promote(Some(at_noon()), &report, None, "it looks less").unwrap();
    assert_eq!(promoted(&moved, READY), ["10 the first one", "8 it looks less"]);
    assert_eq!(promoted(&moved, STATUS), ["5 the first one"]);
    let left: Vec<&str> = left_out(&report).map(|metric| metric.policy.id.as_str()).collect();
    assert_eq!(left, [STATUS]);
    // By name it is asked for what it is.
    let refusal = promote(None, &report, Some(&[STATUS.to_owned()]), "why not").unwrap_err();
    assert_eq!(refusal.reasons, ["cli.status is inconclusive"]);
}

#[test]
fn times_need_a_control_of_their_family_and_memory_does_not() {
    check(
        |report| {
            report.controls.clear();
            report.metrics[1].policy.kind = Kind::Growth;
        },
        &["daemon.ready has no control of processes to vouch for it"],
    );
}

#[test]
fn the_same_run_is_promoted_once() {
    check(
        |report| report.started_at = moment("12:00"),
        &[
            "the reference of daemon.ready is of 2026-03-10T12:00:00Z and no older",
            "the reference of cli.status is of 2026-03-10T12:00:00Z and no older",
        ],
    );
}

#[test]
fn everything_in_the_way_is_named_at_once() {
    check(
        |report| {
            report.head.clean = false;
            report.mode = Mode::Quick;
            report.metrics[0].standing = Standing::Inconclusive;
        },
        &[
            "what was measured is not exactly c0ffee",
            "it was a quick run",
            "daemon.ready is inconclusive",
        ],
    );
}

#[test]
fn nobody_promotes_without_a_reason() {
    let refusal = promote(None, &run("12:00", &[(READY, 10.0)]), None, " ").unwrap_err();
    assert_eq!(refusal.reasons, ["nobody says why"]);
}

#[test]
fn what_was_not_tried_stays_unless_it_is_asked_for() {
    let mut report = run("13:00", &[(READY, 8.0), (STATUS, 6.0)]);
    (report.metrics[1].standing, report.metrics[1].head) = (Standing::Skipped, None);
    let moved = promote(Some(at_noon()), &report, None, "it looks less").unwrap();
    assert_eq!(promoted(&moved, STATUS), ["5 the first one"]);
    let asked = [STATUS.to_owned(), "daemon.heat".to_owned()];
    let refusal = promote(Some(at_noon()), &report, Some(&asked), "why not").unwrap_err();
    assert_eq!(refusal.reasons, ["there is no metric daemon.heat", "cli.status was not measured"]);
}

#[test]
fn there_is_something_to_promote_or_it_is_refused() {
    let refused = |only: Option<&[String]>| {
        promote(None, &run("12:00", &[]), only, "because").unwrap_err().reasons
    };
    assert_eq!(refused(None), ["nothing was measured that holds"]);
    assert_eq!(refused(Some(&[])), ["no metric is asked for"]);
}

#[test]
fn the_compiler_is_noted_for_what_it_built() {
    let noted = at_noon().built_by("rustc 1.95.0", moment("12:00"));
    let later = promote(Some(noted), &run("13:00", &[(READY, 8.0)]), None, "less").unwrap();
    let later = later.built_by("rustc 1.96.0", moment("13:00"));
    let compilers: Vec<_> = later.metrics[READY].iter().map(|one| one.rustc.as_deref()).collect();
    assert_eq!(compilers, [Some("rustc 1.95.0"), Some("rustc 1.96.0")]);
}

#[test]
fn it_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = Reference::path(dir.path(), "linux-x86_64-2-unknown");
    assert_eq!(Reference::read(&path).unwrap(), None);
    let reference = at_noon().built_by("rustc 1.95.0", moment("12:00"));
    reference.write(&path).unwrap();
    assert_eq!(Reference::read(&path).unwrap(), Some(reference));
}

#[test]
fn a_file_of_another_form_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("here.json");
    fs::write(&path, at_noon().to_json().replace("reference.v1", "reference.v2")).unwrap();
    let error = Reference::read(&path).unwrap_err();
    assert!(matches!(&error, ReferenceError::Schema { found, .. } if found.ends_with("v2")));
    fs::write(&path, "{").unwrap();
    assert!(matches!(Reference::read(&path), Err(ReferenceError::Json { .. })));
}

#[test]
fn what_a_hand_did_to_it_is_found() {
    let known = Policy { retired: vec![READY.into()], metrics: Vec::new() };
    let found = |edit: fn(&mut Reference)| {
        let only = [READY.to_owned()];
        let noon = promote(None, &run("12:00", &[(READY, 10.0)]), Some(&only), "first").unwrap();
        let later = run("13:00", &[(READY, 9.0)]);
        let mut reference = promote(Some(noon), &later, None, "less").unwrap();
        edit(&mut reference);
        reference.problems(&known)
    };
    assert_eq!(found(|_| {}), [""; 0]);
    assert_eq!(
        found(|reference| reference.metrics.get_mut(READY).unwrap().reverse()),
        ["reference of daemon.ready: \
          that of 2026-03-10T12:00:00Z stands behind that of 2026-03-10T13:00:00Z"]
    );
    assert_eq!(
        found(|reference| reference.metrics.get_mut(READY).unwrap().clear()),
        ["reference of daemon.ready: it has no value"]
    );
    assert_eq!(
        found(|reference| reference.metrics.get_mut(READY).unwrap()[0].promotion.because.clear()),
        ["reference of daemon.ready: that of 2026-03-10T12:00:00Z has no reason"]
    );
    assert_eq!(
        found(|reference| {
            reference.metrics.get_mut(READY).unwrap()[1].promotion.estimate.high = 1.0;
        }),
        ["reference of daemon.ready: that of 2026-03-10T13:00:00Z is no measured value"]
    );
    assert_eq!(
        found(|reference| {
            let values = reference.metrics.remove(READY).unwrap();
            reference.metrics.insert("daemon.heat".into(), values);
        }),
        ["reference of daemon.heat: the policy does not know it"]
    );
}
