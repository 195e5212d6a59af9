//! A comparison passes only if something was compared, and nothing was broken, missing or different.

use std::time::Duration;

use harness::contract::{ALL, Contract, Entry, Line, Transcript};
use harness::exit_code::ExitCode;
use serde_json::json;

use super::{Said, Side, compare_sides};

/// C01 and C02.
fn contracts() -> &'static [Contract] {
    &ALL[..2]
}

fn kept(result: &str) -> Said {
    let said = json!({ "type": "result", "subtype": "success", "terminal_reason": result });
    let line = Line { run: 0, at: Duration::ZERO, entry: Entry::Out(said) };
    Said::Kept(Transcript { lines: vec![line] })
}

fn broken() -> Said {
    Said::Broken("no result came".to_owned())
}

fn unreadable() -> Said {
    Said::Unreadable("read C02.jsonl: it is not there".to_owned())
}

#[track_caller]
fn check(fake: [Said; 2], recording: [Said; 2], lines: &[&str], code: ExitCode) {
    let one = Side { name: "fake", said: fake.into() };
    let other = Side { name: "recording", said: recording.into() };
    let compared = compare_sides(contracts(), &one, &other);
    assert_eq!(compared.lines, lines);
    assert_eq!(compared.code, code);
}

#[test]
fn sides_that_say_the_same_pass() {
    check(
        [kept("done"), kept("done")],
        [kept("done"), Said::CannotShow],
        &["C02 not compared: recording cannot show it", "1 contracts compared, 0 with drift"],
        ExitCode::Pass,
    );
}

#[test]
fn drift_is_a_failure() {
    check(
        [kept("done"), kept("done")],
        [kept("cut"), unreadable()],
        &[
            "C01 run 1, conversation: line 1 (result/success) /terminal_reason: fake has \"done\", \
             recording has \"cut\"",
            "C02 not compared: recording failed to read C02.jsonl: it is not there",
            "1 contracts compared, 1 with drift",
        ],
        ExitCode::Failed,
    );
}

#[test]
fn a_contract_that_is_broken_on_either_side_is_a_failure() {
    check(
        [kept("done"), broken()],
        [kept("done"), kept("done")],
        &["C02 BROKEN by fake: no result came", "1 contracts compared, 0 with drift"],
        ExitCode::Failed,
    );
    check(
        [kept("done"), kept("done")],
        [broken(), kept("done")],
        &["C01 BROKEN by recording: no result came", "1 contracts compared, 0 with drift"],
        ExitCode::Failed,
    );
}

#[test]
fn a_recording_that_cannot_be_read_is_a_wrong_file() {
    check(
        [kept("done"), kept("done")],
        [kept("done"), unreadable()],
        &[
            "C02 not compared: recording failed to read C02.jsonl: it is not there",
            "1 contracts compared, 0 with drift",
        ],
        ExitCode::FileInvalid,
    );
}

#[test]
fn where_nothing_is_compared_nothing_passes() {
    check(
        [Said::CannotShow, kept("done")],
        [kept("done"), Said::CannotShow],
        &[
            "C01 not compared: fake cannot show it",
            "C02 not compared: recording cannot show it",
            "0 contracts compared, 0 with drift",
        ],
        ExitCode::NothingSelected,
    );
}
