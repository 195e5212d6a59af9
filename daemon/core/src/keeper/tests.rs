use super::*;
use crate::time::WallMs;
use stage::{at, play};

mod stage;
mod world;
mod writes;

type Slot = &'static str;

const BOUNDS: Bounds = Bounds {
    ready: Duration::from_secs(30),
    heartbeat: Duration::from_secs(20),
    stop: Duration::from_secs(50),
    runner_gone: Duration::from_secs(2),
};

fn fresh() -> Found<Slot> {
    Found {
        slots: BTreeMap::from([
            ("good1", Standing::Good),
            ("good2", Standing::Good),
            ("new", Standing::Unknown),
            ("bad", Standing::Bad),
        ]),
        current: Some("good2"),
        pending: None,
        memory: Memory::default(),
    }
}

fn pending(phase: Phase) -> Pending<Slot> {
    Pending {
        id: "r".into(),
        target: "new",
        previous: "good2",
        phase,
        tries: u32::from(phase != Phase::Armed),
        confirm_timeout: Duration::from_mins(2),
    }
}

#[test]
fn the_current_slot_is_started_and_started_again() {
    insta::assert_snapshot!(play(fresh(), "ready restart ends ready stop ends"), @r#"
    begin: start good2
    restart: TERM
    ends: start good2
    ready: answer Up
    stop: TERM
    ends: end
    "#);
}

#[test]
fn a_restart_that_is_confirmed_stays() {
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready confirm +1"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    confirm: mark new Good (confirmed), no pending
    "#);
}

/// It may run, and nothing is known of it: behind a crash loop it is left for one that is good.
#[test]
fn a_target_that_is_kept_without_proof_stays_and_is_not_called_good() {
    let script = "ready arm switch ends ready confirm-unproven ends ready ends ready ends ready";
    insta::assert_snapshot!(play(fresh(), script), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    confirm-unproven: no pending
    ends: remember 1 0, start new
    ends: remember 2 0, start new
    ends: remember 3 0, mark new Bad (exit 1), current good2, start good2
    "#);
}

#[test]
fn a_target_that_ends_hangs_or_is_late_is_left_for_the_one_before() {
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ends whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ends: mark new Bad (exit 1), remember 0 0, pending RollingBack 1, look
    whole: current good2, start good2
    ready: no pending, answer RolledBack { why: "exit 1" }
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends +30 +2 ends whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    30s: mark new Bad (it was not ready in time), remember 0 0, pending RollingBack 1, TERM
    32s: KILL
    ends: look
    whole: current good2, start good2
    ready: no pending, answer RolledBack { why: "it was not ready in time" }
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready +20 +2 ends whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    20s: mark new Bad (it hung), remember 0 0, pending RollingBack 1, TERM
    22s: KILL
    ends: look
    whole: current good2, start good2
    ready: no pending
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends unfit whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    unfit: mark new Bad (wrong hash), remember 0 0, pending RollingBack 1, look
    whole: current good2, start good2
    ready: no pending, answer RolledBack { why: "wrong hash" }
    "#);
}

/// Whoever was to confirm it may have been stopped, or the whole machine: of the target that says nothing.
#[test]
fn a_target_that_nobody_confirms_is_left_and_not_blamed() {
    let beats = "+15 beat ".repeat(8);
    let script = format!("ready arm switch ends ready {beats} ends whole ready");
    insta::assert_snapshot!(play(fresh(), &script), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    120s: remember 0 0, pending RollingBack 1, TERM
    ends: look
    whole: current good2, start good2
    ready: no pending
    "#);
}

#[test]
fn a_restart_that_nobody_carries_out_ends() {
    insta::assert_snapshot!(play(fresh(), "ready arm nobody +1 somebody +5 nobody +2"), @r#"
    begin: start good2
    arm: pending Armed 0
    8s: no pending
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch nobody +2 ends ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    2s: current good2, no pending
    ends: start good2
    ready: answer Failed { why: "nobody carries the restart out any more" }
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready nobody +2 ends whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    2s: remember 0 0, pending RollingBack 1, TERM
    ends: look
    whole: current good2, start good2
    ready: no pending
    "#);
}

#[test]
fn a_restart_is_rolled_back_on_request_and_answers_when_the_one_before_runs() {
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready back ends whole ready back"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    back: mark new Bad (the owner says so), remember 0 0, pending RollingBack 1, TERM
    ends: look
    whole: current good2, start good2
    ready: no pending, answer RolledBack { why: "the owner says so" }
    back: refused, there is no such restart at this point
    "#);
}

#[test]
fn a_target_that_did_nothing_wrong_can_be_tried_again_and_is_not_started_by_itself() {
    let again = "ready arm switch ends ready back-blameless ends whole ready arm switch ends ready";
    insta::assert_snapshot!(play(fresh(), again), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    back-blameless: remember 0 0, pending RollingBack 1, TERM
    ends: look
    whole: current good2, start good2
    ready: no pending, answer RolledBack { why: "the owner says so" }
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    "#);
    let slots = BTreeMap::from([("good2", Standing::Bad), ("new", Standing::Unknown)]);
    let pending = Some(pending(Phase::Started));
    let found = Found { slots, pending, current: Some("new"), ..fresh() };
    insta::assert_snapshot!(play(found, "whole +60"), @r#"
    begin: remember 0 0, pending RollingBack 1, look
    whole: current good2, no pending, remember 0 1
    60s: remember 0 2
    "#);
}

/// People wait for the one before: a target that hangs is not given the time of an orderly stop.
#[test]
fn a_target_that_does_not_stop_holds_up_the_way_back_for_seconds_alone() {
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready back +4 +1 ends whole ready"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    back: mark new Bad (the owner says so), remember 0 0, pending RollingBack 1, TERM
    5s: KILL
    ends: look
    whole: current good2, start good2
    ready: no pending, answer RolledBack { why: "the owner says so" }
    "#);
}

#[test]
fn a_launcher_that_finds_a_restart_goes_back_unless_nothing_had_happened() {
    let found = |phase, current| {
        let found = fresh();
        Found { pending: Some(pending(phase)), current: Some(current), ..found }
    };
    insta::assert_snapshot!(play(found(Phase::Armed, "good2"), "ready"), @r#"
    begin: no pending, start good2
    "#);
    insta::assert_snapshot!(play(found(Phase::Started, "new"), "whole ready"), @r#"
    begin: remember 0 0, pending RollingBack 1, look
    whole: current good2, start good2
    ready: no pending
    "#);
    insta::assert_snapshot!(play(found(Phase::RollingBack, "good2"), "whole ends ready"), @r#"
    begin: remember 0 0, pending RollingBack 1, look
    whole: start good2
    ends: remember 1 0, start good2
    ready: no pending
    "#);
}

/// Whoever asks hears what was wrong, however many launchers it took to go back.
#[test]
fn a_launcher_that_goes_on_with_going_back_keeps_the_reason() {
    let back = |id: &str, why: &str, at| {
        let (id, why) = (id.to_owned(), why.to_owned());
        Some(RolledBack { id, target: "new", why, at: WallMs(at) })
    };
    for (phase, remembered, says) in [
        (Phase::RollingBack, back("r", "exit 70", 1), back("r", "exit 70", 9)),
        (Phase::Started, back("r", "exit 70", 1), back("r", "exit 70", 9)),
        (
            Phase::RollingBack,
            back("before", "exit 70", 1),
            back("r", "the launcher ended before it was confirmed", 9),
        ),
    ] {
        let memory = Memory { rolled_back: remembered, ..Memory::default() };
        let found = Found { pending: Some(pending(phase)), memory, ..fresh() };
        let keeper = Keeper::begin(at(Duration::from_millis(9)), BOUNDS, found);
        assert_eq!(keeper.memory().rolled_back, says, "{phase:?}");
    }
}

/// Its target may take its time to end, and the launcher may not live to see that.
#[test]
fn why_a_restart_goes_back_is_written_before_its_target_is_told_to_end() {
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ready +20 +2 ends"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    20s: mark new Bad (it hung), remember 0 0, pending RollingBack 1, TERM
    22s: KILL
    ends: look
    "#);
}

#[test]
fn a_third_crash_within_the_window_leaves_the_slot_for_the_last_good_one() {
    insta::assert_snapshot!(play(fresh(), "ready ends ready ends ready ends ready"), @r#"
    begin: start good2
    ends: remember 1 0, start good2
    ends: remember 2 0, start good2
    ends: remember 3 0, mark good2 Bad (exit 1), current good1, start good1
    "#);
}

#[test]
fn a_daemon_that_was_given_what_it_cannot_use_is_waited_with_and_no_slot_is_blamed() {
    insta::assert_snapshot!(play(fresh(), "ends-64 +60 ends-64 +120 ready"), @r#"
    begin: start good2
    ends-64: remember 0 1
    60s: start good2
    ends-64: remember 0 2
    180s: start good2
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch ends ends-64 whole ends-64"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ends-64: remember 0 0, pending RollingBack 1, look
    whole: current good2, start good2
    ends-64: no pending, remember 0 1, answer Failed { why: "exit 64" }
    "#);
}

#[test]
fn crashes_far_apart_are_not_a_loop_and_are_forgotten() {
    let long = "+15 beat ".repeat(41);
    let script = format!("ready ends ready ends ready {long} ends ready");
    insta::assert_snapshot!(play(fresh(), &script), @r#"
    begin: start good2
    ends: remember 1 0, start good2
    ends: remember 2 0, start good2
    600s: remember 0 0
    ends: remember 1 0, start good2
    "#);
}

#[test]
fn the_only_slot_is_tried_again_with_longer_waits_and_a_person_is_called_once() {
    let slots = BTreeMap::from([("good2", Standing::Good), ("bad", Standing::Bad)]);
    let found = Found { slots, ..fresh() };
    let script = "ends ends ends +60 ends +120 ends +240 ends +480 ends +900 ends +900 ready";
    insta::assert_snapshot!(play(found, script), @r#"
    begin: start good2
    ends: remember 1 0, start good2
    ends: remember 2 0, start good2
    ends: remember 3 0, remember 3 1
    60s: start good2
    ends: remember 4 1, remember 4 2
    180s: start good2
    ends: remember 5 2, remember 5 3
    420s: start good2
    ends: remember 6 3, remember 6 4
    900s: start good2
    ends: remember 2 4, remember 2 5, alert (exit 1)
    1800s: start good2
    ends: remember 1 5, remember 1 6
    2700s: start good2
    "#);
}

#[test]
fn without_any_slot_it_waits_and_takes_what_it_is_given() {
    let slots = BTreeMap::from([("bad", Standing::Bad)]);
    let found = Found { slots, current: Some("bad"), ..fresh() };
    insta::assert_snapshot!(play(found, "+60 restart stop"), @r#"
    begin: remember 0 1
    60s: remember 0 2
    restart: remember 0 3, answer Failed { why: "no slot can be started" }
    stop: end
    "#);
}

#[test]
fn a_daemon_that_does_not_stop_is_killed() {
    insta::assert_snapshot!(play(fresh(), "ready restart +50 +60 ends ready"), @r#"
    begin: start good2
    restart: TERM
    50s: KILL
    ends: start good2
    ready: answer Up
    "#);
    insta::assert_snapshot!(play(fresh(), "ready +19 beat +19 +1 +2 ends ready"), @r#"
    begin: start good2
    39s: TERM
    41s: KILL
    ends: remember 1 0, start good2
    "#);
}

#[test]
fn a_daemon_may_take_as_long_for_its_stop_as_the_one_that_was_started_last() {
    insta::assert_snapshot!(play(fresh(), "stops-in-10 ready beat stop +20"), @r#"
    begin: start good2
    stop: TERM
    10s: KILL
    "#);
}

#[test]
fn what_cannot_be_done_is_refused_with_nothing_changed() {
    let script = "arm ready arm-bad arm-same switch confirm disarm back to-new mark-good2 arm arm \
                  switch-other restart to-good1 confirm disarm mark-good1 to-good1";
    insta::assert_snapshot!(play(fresh(), script), @r#"
    begin: start good2
    arm: refused, something else is under way
    arm-bad: refused, the slot is marked bad
    arm-same: refused, the slot is in use
    switch: refused, there is no such restart at this point
    confirm: refused, there is no such restart at this point
    disarm: refused, there is no such restart at this point
    back: refused, there is no such restart at this point
    to-new: refused, the slot is not known to be good
    mark-good2: refused, the slot is in use
    arm: pending Armed 0
    arm: refused, something else is under way
    switch-other: refused, there is no such restart at this point
    restart: refused, something else is under way
    to-good1: refused, something else is under way
    confirm: refused, there is no such restart at this point
    disarm: no pending
    mark-good1: mark good1 Bad (the owner says so)
    to-good1: refused, the slot is marked bad
    "#);
}

#[test]
fn a_database_that_was_damaged_speaks_against_the_target_and_calls_a_person() {
    let script = "ready arm switch ends ready back-blameless ends +60 beat ends damaged ready";
    insta::assert_snapshot!(play(fresh(), script), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    back-blameless: remember 0 0, pending RollingBack 1, TERM
    ends: look
    damaged: mark new Bad (damaged), alert (damaged), current good2, start good2
    ready: no pending, answer RolledBack { why: "the owner says so" }
    "#);
    let stopped = "ready arm switch ends ends stop restart damaged";
    insta::assert_snapshot!(play(fresh(), stopped), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ends: mark new Bad (exit 1), remember 0 0, pending RollingBack 1, look
    restart: refused, the launcher is stopping
    damaged: mark new Bad (damaged), alert (damaged), end
    "#);
}

/// An older build may not know what the configuration says by now.
#[test]
fn the_slot_that_ran_is_started_again_where_the_one_that_was_ordered_is_given_what_it_cannot_use() {
    insta::assert_snapshot!(play(fresh(), "ready to-good1 ends ends-64 ready ends-64"), @r#"
    begin: start good2
    to-good1: TERM
    ends: start good1
    ends-64: start good2
    ready: answer Failed { why: "exit 64" }
    ends-64: remember 0 1
    "#);
    insta::assert_snapshot!(play(fresh(), "ready to-good1 ends unfit-outside ends-64 +60"), @r#"
    begin: start good2
    to-good1: TERM
    ends: start good1
    unfit-outside: start good2
    ends-64: remember 0 1, answer Failed { why: "exit 64" }
    60s: start good2
    "#);
    insta::assert_snapshot!(play(fresh(), "ready to-good1 ends ready ends-64"), @r#"
    begin: start good2
    to-good1: TERM
    ends: start good1
    ready: current good1, answer Up
    ends-64: remember 0 1
    "#);
}

/// Until then a later launcher begins with the one before.
#[test]
fn a_slot_that_was_ordered_is_the_one_that_is_to_run_once_it_is_ready() {
    insta::assert_snapshot!(play(fresh(), "ends-64 to-good1 ends-64 ends-64 +120"), @r#"
    begin: start good2
    ends-64: remember 0 1
    to-good1: start good1
    ends-64: start good2
    ends-64: remember 0 2, answer Failed { why: "exit 64" }
    120s: start good2
    "#);
    insta::assert_snapshot!(play(fresh(), "ready to-good1 ends ends ends ends ready"), @r#"
    begin: start good2
    to-good1: TERM
    ends: start good1
    ends: remember 1 0, start good1
    ends: remember 2 0, start good1
    ends: remember 3 0, mark good1 Bad (exit 1), start good2
    ready: answer Failed { why: "exit 1" }
    "#);
    insta::assert_snapshot!(play(fresh(), "ready to-good1 ends stop ends"), @r#"
    begin: start good2
    to-good1: TERM
    ends: start good1
    stop: TERM
    ends: end
    "#);
}

/// It ran well enough to be left for another by an order alone; the youngest good one may be one that
/// was left for a reason.
#[test]
fn the_slot_that_ran_is_started_again_where_the_one_that_was_ordered_fails() {
    let ran = || Found { current: Some("new"), ..fresh() };
    insta::assert_snapshot!(play(ran(), "ready to-good1 ends unfit ready"), @r#"
    begin: start new
    to-good1: TERM
    ends: start good1
    unfit: mark good1 Bad (wrong hash), start new
    ready: answer Failed { why: "wrong hash" }
    "#);
    let mut alone = ran();
    alone.slots.remove("good2");
    insta::assert_snapshot!(play(alone, "ready to-good1 ends ends ends ends ready"), @r#"
    begin: start new
    to-good1: TERM
    ends: start good1
    ends: remember 1 0, start good1
    ends: remember 2 0, start good1
    ends: remember 3 0, mark good1 Bad (exit 1), start new
    ready: answer Failed { why: "exit 1" }
    "#);
}

/// It is started again where the ordered one cannot be.
#[test]
fn the_slot_that_ran_is_not_marked_bad_while_an_ordered_one_starts() {
    insta::assert_snapshot!(play(fresh(), "ready to-good1 ends mark-good2 ready mark-good2"), @r#"
    begin: start good2
    to-good1: TERM
    ends: start good1
    mark-good2: refused, the slot is in use
    ready: current good1, answer Up
    mark-good2: mark good2 Bad (the owner says so)
    "#);
}

#[test]
fn a_slot_that_is_started_next_is_not_marked_bad_meanwhile() {
    insta::assert_snapshot!(play(fresh(), "ready to-good1 mark-good1 ends ready"), @r#"
    begin: start good2
    to-good1: TERM
    mark-good1: refused, the slot is in use
    ends: start good1
    ready: current good1, answer Up
    "#);
}

#[test]
fn a_stop_comes_before_everything_else() {
    insta::assert_snapshot!(play(fresh(), "stop restart stop ends"), @r#"
    begin: start good2
    stop: TERM
    restart: refused, the launcher is stopping
    ends: end
    "#);
    insta::assert_snapshot!(play(fresh(), "ready arm switch stop ends stop"), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    stop: current good2, no pending
    ends: end
    "#);
    let beats = "+15 beat ".repeat(7);
    let script = format!("ready arm switch ends ready {beats} +14 stop +16 ends");
    insta::assert_snapshot!(play(fresh(), &script), @r#"
    begin: start good2
    arm: pending Armed 0
    switch: pending Started 1, current new, TERM
    ends: start new
    ready: answer Up
    stop: TERM
    ends: end
    "#);
}
