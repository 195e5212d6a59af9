//! Writes that fail, a machine that has trouble of its own, and ends that speak against nobody.

use super::*;

#[test]
fn an_order_whose_file_cannot_be_written_is_refused_and_the_daemon_is_not_touched() {
    insta::assert_snapshot!(play(fresh(), "ready no-pending arm writes +2 arm"), @r#"
    begin: start good2
    arm: (pending Armed 0: disk full), refuse (write it: disk full)
    2s: no pending
    arm: pending Armed 0
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm no-pending switch writes +2 switch ends ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: (pending Started 1: disk full), refuse (write it: disk full)
    2s: current good2, pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm no-current switch writes +2 disarm"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, (current new: disk full), refuse (write it: disk full)
    2s: current good2, pending Armed 0
    disarm: no pending
    "#);
    insta::assert_snapshot!(play(fresh(), "ready no-mark mark-good1 writes mark-good1"), @r#"
    begin: start good2
    mark-good1: (mark good1 Bad (the owner says so): disk full), refuse (write it: disk full)
    mark-good1: mark good1 Bad (the owner says so)
    "#);
}

/// Whoever wants the machine out of its trouble needs no file for that.
#[test]
fn a_slot_that_was_ordered_runs_and_is_written_down_as_soon_as_the_disk_takes_it() {
    insta::assert_snapshot!(play(fresh(), "ready no-current to-good1 ends ready +1 writes +1"), @r#"
    begin: start good2
    to-good1: TERM
    ends: start good1
    ready: (current good1: disk full), answer Up
    2s: current good1
    "#);
}

/// As with any restart that the launcher did not live to see confirmed.
#[test]
fn what_an_order_that_was_refused_left_in_files_does_no_harm_to_a_later_launcher() {
    let found = Found { pending: Some(pending(Phase::Armed)), current: Some("new"), ..fresh() };
    insta::assert_snapshot!(play(found.clone(), "ready"), @r#"
    begin: current good2, no pending, start good2
    "#);
    insta::assert_snapshot!(play(found, "no-current | ready writes +2"), @r#"
    begin: (current good2: disk full), start good2
    2s: current good2, no pending
    "#);
}

#[test]
fn a_restart_that_cannot_be_ended_is_not_confirmed_and_nobody_is_blamed() {
    let ready = "ready arm switch ends ready";
    insta::assert_snapshot!(play(fresh(), &format!("{ready} no-removal confirm writes confirm")), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    confirm: mark new Good (confirmed), (no pending: disk full), refuse (write it: disk full)
    confirm: mark new Good (confirmed), no pending
    "#);
    let beats = "+15 beat ".repeat(8);
    let script = format!("{ready} no-mark confirm writes {beats} ends whole ready");
    insta::assert_snapshot!(play(fresh(), &script), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    confirm: (mark new Good (confirmed): disk full), refuse (write it: disk full)
    2s: pending Started 1
    120s: remember 0 0, pending RollingBack 1, TERM
    ends: look
    whole: current good2, start good2
    ready: no pending
    "#);
}

/// It counts in this life, and is written again until the disk takes it; a person is called once.
#[test]
fn a_mark_that_cannot_be_written_counts_all_the_same() {
    let script = "ready no-mark no-current no-memory ends ready ends ready ends ready arm-same \
                  +15 beat +15 beat writes +15 beat ends ready";
    insta::assert_snapshot!(play(fresh(), script), @r#"
    begin: start good2
    ends: (remember 1 0: disk full), start good2
    ends: (remember 2 0: disk full), start good2
    ends: (remember 3 0: disk full), (mark good2 Bad (exit 1): disk full), (current good1: disk full), start good1
    arm-same: refused, the slot is marked bad
    2s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    4s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    6s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    8s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    10s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    12s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    14s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    16s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    18s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    20s: alert (the launcher cannot write what it has to: failed to write it: disk full), (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    22s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    24s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    26s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    28s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    30s: (mark good2 Bad (exit 1): disk full), (current good1: disk full), (remember 3 0: disk full)
    32s: mark good2 Bad (exit 1), current good1, remember 3 0
    ends: remember 1 0, start good1
    "#);
}

#[test]
fn a_restart_whose_file_stays_is_over_and_is_taken_away_as_soon_as_it_can_be() {
    let script = "ready arm switch ends no-removal ends whole ready +2 arm restart ends ready \
                  writes +2 arm";
    insta::assert_snapshot!(play(fresh(), script), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ends: mark new Bad (exit 1), remember 0 0, pending RollingBack 1, look
    whole: current good2, start good2
    ready: (no pending: disk full), answer RolledBack { why: "exit 1" }
    2s: (no pending: disk full)
    arm: refused, something else is under way
    restart: TERM
    ends: start good2
    ready: answer Up
    4s: no pending
    arm: refused, the slot is marked bad
    "#);
    // Else a later launcher would start the slot that was left.
    let script = "ready arm switch ends no-current ends whole ready +2 writes +2";
    insta::assert_snapshot!(play(fresh(), script), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ends: mark new Bad (exit 1), remember 0 0, pending RollingBack 1, look
    whole: (current good2: disk full), start good2
    ready: answer RolledBack { why: "exit 1" }
    2s: (current good2: disk full)
    4s: current good2, no pending
    "#);
}

#[test]
fn trouble_of_the_machine_is_waited_out_and_no_slot_is_blamed() {
    insta::assert_snapshot!(play(fresh(), "unfit-outside +60 unfit-outside +120 ready ends ready"), @r#"
    begin: start good2
    unfit-outside: remember 0 1
    60s: start good2
    unfit-outside: remember 0 2
    180s: start good2
    ends: remember 1 2, start good2
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends unfit-outside whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    unfit-outside: remember 0 0, pending RollingBack 1, look
    whole: current good2, start good2
    ready: no pending, answer RolledBack { why: "no memory" }
    "#);
}

#[test]
fn a_daemon_that_somebody_ended_is_started_again_and_has_not_crashed() {
    insta::assert_snapshot!(play(fresh(), "ready +10 ends-asked ready +9 ends-asked ends-asked"), @r#"
    begin: start good2
    ends-asked: start good2
    ends-asked: remember 1 0, start good2
    ends-asked: remember 2 0, start good2
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready +10 ends-asked whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    ends-asked: remember 0 0, pending RollingBack 1, look
    whole: current good2, start good2
    ready: no pending
    "#);
}

#[test]
fn a_restart_that_nobody_goes_on_with_is_called_off() {
    insta::assert_snapshot!(play(fresh(), "ready arm +15 beat +15 beat +15 beat +15 switch"), @r#"
    begin: start good2
    arm: pending Armed 0
    60s: no pending
    switch: refused, there is no such restart at this point
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm +15 beat switch ends +15 ready beat +15 beat +15 beat"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    "#);
}

/// The daemon was not heard, and not because it said nothing.
#[test]
fn a_launcher_that_stood_still_itself_does_not_take_its_daemon_for_hung() {
    insta::assert_snapshot!(play(fresh(), "ready >25 beat >25 >25"), @r#"
    begin: start good2
    >25: TERM
    "#);
    insta::assert_snapshot!(play(fresh(), "ready >21 beat >19 beat +20 ends"), @r#"
    begin: start good2
    60s: TERM
    ends: remember 1 0, start good2
    "#);
    insta::assert_snapshot!(play(fresh(), ">60 ready arm >90 switch"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready >130 beat confirm"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    confirm: mark new Good (confirmed), no pending
    "#);
}
