//! What goes wrong: agents that end or do not start, turns that fail, a store that refuses.

use super::{check, check_from, played};
use crate::session::{Beginning, Conversation, Hold, Standing, Start};

#[test]
fn a_crash_with_one_row_in_flight_counts_and_the_third_gives_it_up() {
    check(
        "new:1 slot up exit +2 slot up ok: exit +2 slot up ok: exit",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         exit -> Settle(1AgentEndedYes) ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=1!)
         ok: ->
         exit -> Settle(2AgentEndedYes) ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(3=1!)
         ok: ->
         exit -> Settle(3AgentEndedYes,row1:poison) Dropped(1) ReleaseSlot",
    );
}

#[test]
fn rows_in_flight_together_when_the_agent_crashes_do_not_count_and_go_one_by_one() {
    check(
        "new:1,2 slot up exit +2 slot up new:3 ok:3 ok:4 ok:5",
        "new:1,2 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1,2=2)
         exit -> Settle(1AgentEndedNo,2AgentEndedNo) ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(3=1!)
         new:3 ->
         ok:3 -> Settle(3ok) Deliver(4=2!)
         ok:4 -> Settle(4ok) Deliver(5=3)
         ok:5 -> Settle(5ok)",
    );
}

#[test]
fn an_end_that_we_asked_for_does_not_count() {
    check(
        "new:1 slot up run restart idle exit slot up",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         restart -> Interrupt
         idle -> CloseInput
         exit -> Settle(1InterruptedNo) ReleaseSlot AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=1!)",
    );
}

#[test]
fn a_failing_api_does_not_count_and_is_waited_for() {
    check(
        "new:1 slot up busy:1 +1 +1 busy:2 +4 ok:3",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         busy:1 -> Settle(1TurnFailedNo) TurnNotServed("api 529")
         +1 ->
         +1 -> Deliver(2=1!)
         busy:2 -> Settle(2TurnFailedNo) TurnNotServed("api 529")
         +4 -> Deliver(3=1!)
         ok:3 -> Settle(3ok)"#,
    );
}

#[test]
fn a_failed_turn_of_several_rows_is_retried_row_by_row() {
    check(
        "new:1,2 slot up err:1,2 +2 err:3 +4 ok:4 ok:5",
        r#"new:1,2 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1,2=2)
         err:1,2 -> Settle(1TurnFailedNo,2TurnFailedNo) TurnFailed("broke")
         +2 -> Deliver(3=1!)
         err:3 -> Settle(3TurnFailedYes) TurnFailed("broke")
         +4 -> Deliver(4=1!)
         ok:4 -> Settle(4ok) Deliver(5=2!)
         ok:5 -> Settle(5ok)"#,
    );
}

#[test]
fn a_message_that_the_api_refuses_for_good_is_dropped_only_alone() {
    check(
        "new:1,2 slot up bad:1,2 bad:3 ok:4",
        r#"new:1,2 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1,2=2)
         bad:1,2 -> Settle(1TurnFailedNo,2TurnFailedNo) TurnFailed("api 400") Deliver(3=1!)
         bad:3 -> Settle(3TurnFailedNo,row1:api-400) Dropped(1) TurnFailed("api 400") Deliver(4=2!)
         ok:4 -> Settle(4ok)"#,
    );
}

#[test]
fn redeliveries_go_as_one_batch_and_new_rows_queue_behind() {
    check(
        "new:1!,2!,3 slot up new:4 ok:1 ok:2 ok:3,4",
        "new:1!,2!,3 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1!,2=2!)
         new:4 ->
         ok:1 -> Settle(1ok)
         ok:2 -> Settle(2ok) Deliver(3=3,4=4)
         ok:3,4 -> Settle(3ok,4ok)",
    );
}

#[test]
fn rows_with_counted_attempts_go_alone() {
    check(
        "new:1!2,2!,3 slot up err:1 +2 ok:2 ok:3",
        r#"new:1!2,2!,3 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1!)
         err:1 -> Settle(1TurnFailedYes,row1:poison) Dropped(1) TurnFailed("broke")
         +2 -> Deliver(2=2!)
         ok:2 -> Settle(2ok) Deliver(3=3)
         ok:3 -> Settle(3ok)"#,
    );
}

#[test]
fn an_agent_that_ended_because_it_was_asked_to_counts_against_no_message() {
    check(
        "new:1 slot up asked +2 slot up exit +4 slot up asked end",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         asked -> Settle(1AgentEndedNo) ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=1!)
         exit -> Settle(2AgentEndedYes) ReleaseSlot
         +4 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(3=1!)
         asked -> Settle(3AgentEndedNo) ReleaseSlot Dead
         end -> End",
    );
}

/// Dead is not for ever: somebody who writes is answered.
/// A crash loop is waited out.
/// Incidents: 79.
/// Danger zone: 2.
#[test]
fn three_errors_in_a_row_are_dead_until_the_next_message() {
    check(
        "new:1 slot failed +2 slot failed +4 slot failed +1 new:2",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +4 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot Dead
         +1 ->
         new:2 -> AskSlot",
    );
}

/// Neither silence nor a start a minute for ever.
/// The count of errors and revivals decays: no session is given up for good.
/// Incidents: 79, K17.
/// Danger zone: 2, 5.
/// Pitfall: 4.
#[test]
fn a_dead_session_with_work_tries_again_after_a_minute_but_not_for_ever() {
    check(
        "new:1 slot failed +2 slot failed +4 slot failed +60 slot failed +2 slot failed +4 slot failed +60 slot failed +2 slot failed +4 slot failed +60 slot failed +2 slot failed +4 slot failed +60 +900 +100 +16",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +4 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot Dead
         +60 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +4 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot Dead
         +60 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +4 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot Dead
         +60 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot
         +4 -> AskSlot
         slot -> Launch(Fresh)
         failed -> ReleaseSlot Dead
         +60 -> CircuitOpen(1266s)
         +900 ->
         +100 ->
         +16 -> AskSlot",
    );
}

/// The session is neither forgotten nor resumed for ever.
/// Incidents: 32.
#[test]
fn a_refused_resume_starts_afresh_and_says_so() {
    check_from(
        Start::Resume,
        "new:1! slot lost exit slot up ok:1",
        "new:1! -> AskSlot
         slot -> Launch(Resume)
         lost -> MemoryLost Terminate
         exit -> ReleaseSlot AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1!?)
         ok:1 -> Settle(1ok)",
    );
}

#[test]
fn an_agent_that_does_not_come_up_is_terminated_and_counts_as_an_error() {
    check(
        "new:1 slot +60 +2 exit +2",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         +60 -> Terminate
         +2 -> Kill
         exit -> ReleaseSlot
         +2 -> AskSlot",
    );
}

#[test]
fn ended_at_once_an_agent_is_terminated() {
    check(
        "new:1 slot up run now exit",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         now -> Interrupt Terminate
         exit -> Settle(1InterruptedNo) ReleaseSlot End",
    );
}

/// However the program came to drop it, be it by a compaction in the middle of the work.
/// Incidents: 49.
#[test]
fn what_the_program_read_and_forgot_is_delivered_again() {
    check(
        "new:1 slot up seen:1 run ok: idle +5",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         seen:1 ->
         run ->
         ok: ->
         idle ->
         +5 -> Settle(1ForgottenYes) Deliver(2=1!)",
    );
}

#[test]
fn what_the_program_never_read_is_waited_for() {
    check(
        "new:1 slot up run ok: idle +5 +100",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         ok: ->
         idle ->
         +5 ->
         +100 ->",
    );
}

#[test]
fn a_cancelled_message_is_delivered_again() {
    check(
        "new:1,2 slot up cancel:2 ok:1",
        "new:1,2 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1,2=2)
         cancel:2 -> Settle(2InterruptedNo)
         ok:1 -> Settle(1ok) Deliver(3=2!)",
    );
}

#[test]
fn what_the_store_refused_to_begin_is_tried_again() {
    check(
        "new:1 slot up nobegin +2 gone:2",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         nobegin ->
         +2 -> Deliver(2=1)
         gone:2 ->",
    );
}

#[test]
fn a_loss_of_memory_is_said_even_if_the_store_refused_the_first_telling() {
    check_from(
        Start::Resume,
        "new:1 slot lost exit slot up nobegin +2 ok:2 new:2",
        "new:1 -> AskSlot
         slot -> Launch(Resume)
         lost -> MemoryLost Terminate
         exit -> ReleaseSlot AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1?)
         nobegin ->
         +2 -> Deliver(2=1?)
         ok:2 -> Settle(2ok)
         new:2 -> Deliver(3=2)",
    );
}

#[test]
fn a_loss_of_memory_is_said_even_if_the_row_that_was_to_say_it_is_finished() {
    check_from(
        Start::Resume,
        "new:1,2 slot lost exit slot up gone:1 ok:2 new:3 ok:3 new:4",
        "new:1,2 -> AskSlot
         slot -> Launch(Resume)
         lost -> MemoryLost Terminate
         exit -> ReleaseSlot AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1?,2=2)
         gone:1 ->
         ok:2 -> Settle(2ok)
         new:3 -> Deliver(3=3?)
         ok:3 -> Settle(3ok)
         new:4 -> Deliver(4=4)",
    );
}

#[test]
fn a_late_or_foreign_result_changes_nothing() {
    check(
        "new:1 slot up ok:7 ok:1 ok:1 err:1",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         ok:7 ->
         ok:1 -> Settle(1ok)
         ok:1 ->
         err:1 -> TurnFailed("broke")"#,
    );
}

/// Where a session stands after a script.
#[track_caller]
fn check_standing(script: &str, expected: Standing) {
    let beginning = Beginning {
        conversation: Conversation::OfTheChat,
        start: Start::Fresh,
        hold: Hold::Released,
    };
    assert_eq!(played(beginning, script).0.standing(), expected, "{script}");
}

#[test]
fn a_session_whose_turn_failed_is_shown_to_rest_until_it_tries_again() {
    check_standing("new:1 slot up", Standing::Busy);
    for failed in ["busy:1", "err:1", "busy:1 +1", "busy:1 +2 busy:2 +3"] {
        check_standing(&format!("new:1 slot up {failed}"), Standing::Resting);
    }
    for tried in ["busy:1 +2", "busy:1 +2 busy:2 +4"] {
        check_standing(&format!("new:1 slot up {tried}"), Standing::Busy);
    }
    check_standing("new:1 slot up busy:1 +2 ok:2", Standing::Idle);
    // Refused for good, it is not tried again.
    check_standing("new:1 slot up bad:1", Standing::Idle);
}

#[test]
fn what_failed_is_seen_below_a_hold_for_as_long_as_nobody_tries_it_again() {
    check_standing("new:1 slot up busy:1 hold +60", Standing::Resting);
    check_standing("new:1 slot up busy:1 hold +60 release", Standing::Busy);
    // Without an agent too.
    check_standing("new:1 slot up busy:1 +2 hold away idle exit +60", Standing::Waiting);
    check_standing("new:1 slot up exit hold +60", Standing::Waiting);
    check_standing("new:1 slot up hold away idle exit +60", Standing::Asleep);
    check_standing("new:1 slot up busy:1 kill exit +60", Standing::Asleep);
}

#[test]
fn the_agent_of_a_session_that_rests_makes_room_for_another() {
    check(
        "new:1 slot up busy:1 evict exit +2 slot up",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         busy:1 -> Settle(1TurnFailedNo) TurnNotServed("api 529")
         evict -> CloseInput
         exit -> ReleaseSlot
         +2 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=1!)"#,
    );
}
