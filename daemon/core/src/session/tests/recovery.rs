//! How a session gets over errors and orders: what waits for what, and what never waits for ever.

use std::time::Duration;

use super::{check, check_from};
use crate::limits::{DEAD_RETRY_AFTER, REVIVALS_MAX, REVIVALS_WINDOW};
use crate::message::RowId;
use crate::session::{
    Action, Beginning, Cause, ClosingStep, Conversation, Delivery, Event, Hold, Owed, Report,
    Session, Start,
};

/// Failed turns have a count of their own, which a good one ends.
/// Incidents: 39.
/// Danger zone: 2.
#[test]
fn a_good_turn_ends_the_waits_that_grew_with_failed_ones() {
    check(
        "new:1 slot up busy:1 +2 busy:2 +4 ok:3 new:2 busy:4 +2 ok:5",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         busy:1 -> Settle(1TurnFailedNo) TurnNotServed("api 529")
         +2 -> Deliver(2=1!)
         busy:2 -> Settle(2TurnFailedNo) TurnNotServed("api 529")
         +4 -> Deliver(3=1!)
         ok:3 -> Settle(3ok)
         new:2 -> Deliver(4=2)
         busy:4 -> Settle(4TurnFailedNo) TurnNotServed("api 529")
         +2 -> Deliver(5=2!)
         ok:5 -> Settle(5ok)"#,
    );
}

/// The third in a row counts as the third, and no good turn in between is needed for the wait to
/// end: only its length grows.
/// Incidents: 39.
#[test]
fn three_failed_turns_in_a_row_are_waited_for_longer_each_time() {
    check(
        "new:1 slot up busy:1 +2 busy:2 +3 +1 busy:3 +7 +1 ok:4",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         busy:1 -> Settle(1TurnFailedNo) TurnNotServed("api 529")
         +2 -> Deliver(2=1!)
         busy:2 -> Settle(2TurnFailedNo) TurnNotServed("api 529")
         +3 ->
         +1 -> Deliver(3=1!)
         busy:3 -> Settle(3TurnFailedNo) TurnNotServed("api 529")
         +7 ->
         +1 -> Deliver(4=1!)
         ok:4 -> Settle(4ok)"#,
    );
}

/// What is full stays full: whoever came back to it would never be answered again.
/// Incidents: 28.
#[test]
fn a_conversation_that_is_full_three_times_is_left_and_never_come_back_to() {
    check_from(
        Start::Resume,
        "new:1 slot up run full:1 +2 full:2 +4 full:3 idle exit +8 slot up ok:4 kill idle exit new:2 slot",
        r#"new:1 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(1=1)
         run ->
         full:1 -> Settle(1TurnFailedNo) TurnFailed("prompt too long")
         +2 -> Deliver(2=1!)
         full:2 -> Settle(2TurnFailedNo) TurnFailed("prompt too long")
         +4 -> Deliver(3=1!)
         full:3 -> Settle(3TurnFailedNo) TurnFailed("prompt too long") ConversationFull Interrupt
         idle -> CloseInput
         exit -> ReleaseSlot
         +8 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(4=1!?)
         ok:4 -> Settle(4ok)
         kill -> CloseInput
         idle ->
         exit -> ReleaseSlot
         new:2 -> AskSlot
         slot -> Launch(Resume)"#,
    );
}

/// Where nothing was said before there is nothing to leave: it is the message that does not fit,
/// and the chat goes on without it.
/// Incidents: 5, 28.
#[test]
fn a_message_that_fits_into_no_conversation_is_given_up() {
    check(
        "new:1 slot up full:1 +2 full:2 +4 full:3",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         full:1 -> Settle(1TurnFailedYes) TurnFailed("prompt too long")
         +2 -> Deliver(2=1!)
         full:2 -> Settle(2TurnFailedYes) TurnFailed("prompt too long")
         +4 -> Deliver(3=1!)
         full:3 -> Settle(3TurnFailedYes,row1:poison) Dropped(1) TurnFailed("prompt too long") ConversationFull CloseInput"#,
    );
}

/// Nothing was ever put before it, and no moment of a last message is missed for that.
/// Incidents: 54.
#[test]
fn an_agent_that_was_started_without_work_idles_away_like_any_other() {
    check(
        "restart slot up +7199 +1 exit +9999",
        "restart -> AskSlot
         slot -> Launch(Fresh)
         up ->
         +7199 ->
         +1 -> CloseInput
         exit -> ReleaseSlot
         +9999 ->",
    );
}

/// Whoever sees a session in trouble may ask at the same time as others do.
/// Incidents: 59.
#[test]
fn restarts_that_are_asked_for_together_are_one() {
    check(
        "new:1 slot up run restart restart idle restart exit slot up ok:2 idle +60",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         restart -> Interrupt
         restart ->
         idle -> CloseInput
         restart ->
         exit -> Settle(1InterruptedNo) ReleaseSlot AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=1!)
         ok:2 -> Settle(2ok)
         idle ->
         +60 ->",
    );
}

/// A restart that failed shields nobody: what comes next is tried after the wait of one error.
/// Incidents: 60.
#[test]
fn a_restart_that_fails_leaves_the_session_to_its_next_message() {
    check(
        "new:1 slot up run ok:1 idle restart exit slot failed new:2 +2 slot up",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         ok:1 -> Settle(1ok)
         idle ->
         restart -> CloseInput
         exit -> ReleaseSlot AskSlot
         slot -> Launch(Resume)
         failed -> ReleaseSlot
         new:2 ->
         +2 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=2)",
    );
}

/// Work of hours is no reason to end an agent: turns have no limit of their own.
/// Incidents: 52, 63, J15.
#[test]
fn a_turn_is_not_ended_for_its_length_alone() {
    check(
        "new:1 slot up seen:1 run +36000 tasks:t1 +36000 tasks: ok:1",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         seen:1 ->
         run ->
         +36000 ->
         tasks:t1 ->
         +36000 ->
         tasks: ->
         ok:1 -> Settle(1ok)",
    );
}

/// The agent starts, never answers, and hears neither the end of its input nor TERM: no way to
/// fail takes longer. How often it was started within a time is told apart all the same, or it
/// would be started again and again for ever.
/// Incidents: 61.
/// Danger zone: 2.
/// Pitfall: 4.
#[test]
fn a_session_that_fails_as_slowly_as_it_can_is_found_to_fail_too_often() {
    let mut session = Session::new(Beginning {
        conversation: Conversation::OfTheChat,
        start: Start::Fresh,
        hold: Hold::Released,
    });
    let row = Owed { row: RowId(1), counted: 0, delivery: Delivery::First };
    let mut now = Duration::ZERO;
    let (mut launches, mut dead, mut open) = (0, Vec::new(), Vec::new());
    session.handle(now, Event::Routed);
    while now < Duration::from_hours(1) {
        while let Some(action) = session.poll_action() {
            match action {
                Action::Fetch(after, _) => {
                    let rows = if after < row.row { vec![row] } else { Vec::new() };
                    session.handle(now, Event::Fetched { rows, more_after: None });
                }
                Action::AskSlot => session.handle(now, Event::SlotGranted),
                Action::Launch(_) => launches += 1,
                Action::Close(ClosingStep::Kill) => {
                    session.handle(now, Event::Exited(Cause::ByItself));
                }
                Action::Report(Report::Dead) => dead.push(now),
                Action::Report(Report::CircuitOpen(until)) => open.push((now, until)),
                _ => {}
            }
        }
        now = session.deadline().expect("it goes on trying");
        session.handle_deadline(now);
    }
    let (opened, until) = *open.first().expect("the circuit opens");
    assert!(launches <= 3 * (dead.len() + 1), "{launches} launches, dead at {dead:?}");
    assert_eq!(opened, dead[REVIVALS_MAX] + DEAD_RETRY_AFTER);
    assert_eq!(until, dead[0] + DEAD_RETRY_AFTER + REVIVALS_WINDOW);
}
