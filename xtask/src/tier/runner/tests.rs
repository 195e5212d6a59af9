//! Runners that are a line of shell, and what their end means.

use std::fs;
use std::process::Command;

use harness::gate::Gate;
use harness::report::{Outcome, Report, Selection};
use harness::tier::Tier;
use jiff::{SignedDuration, Timestamp};

use super::run;
use crate::tier::places::Places;
use crate::tier::tests::{case, report};
use crate::tier::{Order, Output};

/// Runs a runner that puts `report` where its own belongs, if it leaves any, and then does what
/// `script` says; checks what the whole means, and what is said about the runner itself.
#[track_caller]
fn check(report: Option<&Report>, script: &str, (exit_code, about): (u8, &str)) {
    check_order(
        &Order::whole(Tier::RealBinaries, Gate::Closed),
        report,
        script,
        (exit_code, about),
    );
}

#[track_caller]
fn check_order(
    order: &Order,
    report: Option<&Report>,
    script: &str,
    (exit_code, about): (u8, &str),
) {
    let room = tempfile::tempdir().unwrap();
    let places = Places::at(room.path().join("tier2"));
    places.clear().unwrap();
    let made = room.path().join("made.json");
    let mut command = Command::new("sh");
    let copy = if let Some(report) = report {
        report.write(&made).unwrap();
        "cp \"$MADE\" \"$REPORT\"; "
    } else {
        ""
    };
    command.args(["-c", &format!("{copy}{script}"), "runner"]);
    command.env("MADE", &made).env("REPORT", places.report());
    let read = run(order, command, &places, &Output::File(places.output())).unwrap();
    let said = read.cases.iter().find(|case| case.id == "tier2::(runner)");
    let said = said.and_then(|case| case.message.clone()).unwrap_or_default();
    let said = said.replace(&room.path().display().to_string(), "..");
    assert_eq!((read.verdict.exit_code.number(), said.as_str()), (exit_code, about));
}

/// A report that a runner makes after it was started.
fn made(outcome: Outcome) -> Report {
    let mut report = report(Gate::Closed, vec![case("tier2::a", outcome)]);
    report.started_at = Timestamp::now() + SignedDuration::from_hours(1);
    report
}

#[test]
fn a_runner_whose_report_and_end_agree_is_believed() {
    check(Some(&made(Outcome::Passed)), "exit 0", (0, ""));
    check(Some(&made(Outcome::Broken)), "exit 21", (21, ""));
    check(Some(&made(Outcome::MissingPrecondition)), "exit 40", (40, ""));
}

#[test]
fn a_runner_that_leaves_no_report_has_failed_however_it_ended() {
    let about = |end: &str| {
        format!(
            "the runner ended with {end} and left no report: read the report \
             ../tier2/report.json: No such file or directory (os error 2)"
        )
    };
    check(None, "exit 0", (20, &about("0")));
    check(None, "exit 33", (20, &about("33")));
    check(None, "kill -9 $$", (20, &about("signal: 9 (SIGKILL)")));
}

#[test]
fn half_a_report_is_none() {
    let half = "echo '{\"schema\"' > \"$REPORT\"; exit 0";
    let about = "the runner ended with 0 and left no report: read the report \
                 ../tier2/report.json: EOF while parsing an object at line 2 column 0";
    check(None, half, (20, about));
}

#[test]
fn a_runner_that_dies_after_its_report_has_failed() {
    let died = "the runner ended with signal: 9 (SIGKILL) and its report with 0";
    check(Some(&made(Outcome::Passed)), "kill -9 $$", (20, died));
    let otherwise = "the runner ended with 0 and its report with 20";
    check(Some(&made(Outcome::Failed)), "exit 0", (20, otherwise));
}

#[test]
fn a_report_of_another_run_is_not_believed() {
    let mut old = made(Outcome::Passed);
    old.started_at = Timestamp::now() - SignedDuration::from_secs(1);
    check(Some(&old), "exit 0", (20, "the report is of an earlier run"));

    let mut other = made(Outcome::Passed);
    other.tier = Tier::RealAgent;
    let order = Order::whole(Tier::RealBinaries, Gate::Closed);
    let room = tempfile::tempdir().unwrap();
    let places = Places::at(room.path().to_path_buf());
    other.write(&places.report()).unwrap();
    let read = run(&order, Command::new("true"), &places, &Output::Terminal).unwrap();
    assert_eq!(read.cases[1].id, "tier3::(runner)");
    assert_eq!(read.verdict.exit_code.number(), 20);

    let mut open = made(Outcome::Passed);
    open.gate = Gate::Open;
    check(Some(&open), "exit 0", (20, "the report is of a run behind another gate"));

    let mut partial = made(Outcome::Passed);
    partial.selection = Selection { only: Some("a".to_owned()), exact: false };
    check(Some(&partial), "exit 0", (20, "the report is of another selection"));
}

#[test]
fn a_verdict_that_does_not_follow_from_the_cases_is_not_believed() {
    let mut lie = made(Outcome::Passed);
    lie.cases[0].outcome = Outcome::Failed;
    check(Some(&lie), "exit 0", (20, "the verdict of the report does not follow from its cases"));
}

#[test]
fn a_selection_is_handed_over_as_one_word_and_never_as_an_option() {
    let mut order = Order::whole(Tier::RealBinaries, Gate::Closed);
    order.selection.only = Some("--list a".to_owned());
    let mut report = made(Outcome::Passed);
    report.selection = order.selection.clone();
    check_order(&order, Some(&report), "[ \"$1 $2\" = '-- --list a' ]", (0, ""));
}

#[test]
fn what_an_earlier_run_left_is_gone_before_the_next_one_begins() {
    let room = tempfile::tempdir().unwrap();
    let places = Places::at(room.path().join("tier2"));
    places.clear().unwrap();
    made(Outcome::Passed).write(&places.report()).unwrap();
    fs::write(places.logs().join("case.log"), "old").unwrap();
    places.clear().unwrap();
    assert!(!places.report().exists());
    assert_eq!(fs::read_dir(places.logs()).unwrap().count(), 0);
}
