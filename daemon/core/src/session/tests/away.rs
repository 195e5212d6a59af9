//! An agent that is put away for a restart of the daemon: what it owes waits, and comes back by
//! itself.

use super::check;

/// A turn that a restart cuts off is not lost, and its message is not delivered unmarked.
#[test]
fn an_agent_put_away_while_held_comes_back_with_the_release_and_without_a_message() {
    check(
        "new:1 slot up run hold away idle exit +9999 release slot up",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         hold ->
         away -> Interrupt
         idle -> CloseInput
         exit -> Settle(1InterruptedNo) ReleaseSlot
         +9999 ->
         release -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=1!)",
    );
}

#[test]
fn background_tasks_are_stopped_before_their_agent_is_put_away() {
    check(
        "new:1 slot up run tasks:t1 hold away +5 +2 exit",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         tasks:t1 ->
         hold ->
         away -> StopTask("t1") Interrupt
         +5 -> Terminate
         +2 -> Kill
         exit -> Settle(1InterruptedNo) ReleaseSlot"#,
    );
}

#[test]
fn an_agent_that_is_starting_is_put_away_too() {
    check(
        "new:1 slot hold away exit release slot up",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         hold ->
         away -> Terminate
         exit -> ReleaseSlot
         release -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)",
    );
}

/// A restart is as good as over once its agent is put away: nobody wants one while held.
#[test]
fn an_agent_put_away_while_it_is_restarted_is_not_started_before_the_release() {
    check(
        "new:1 slot up run hold restart away idle exit +9999 release",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         hold ->
         restart -> Interrupt
         away ->
         idle -> CloseInput
         exit -> Settle(1InterruptedNo) ReleaseSlot
         +9999 ->
         release -> AskSlot",
    );
}

#[test]
fn to_be_put_away_does_not_keep_a_session_from_its_end() {
    check(
        "new:1 slot up run now away exit",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         now -> Interrupt Terminate
         away ->
         exit -> Settle(1InterruptedNo) ReleaseSlot End",
    );
}

/// Somebody ended it on purpose: a restart of the daemon is no reason to begin again.
/// Incidents: 46.
#[test]
fn a_killed_session_that_is_put_away_sleeps_until_the_next_message() {
    check(
        "new:1 slot up run kill away idle exit +9999 new:2",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         kill -> Interrupt
         away ->
         idle -> CloseInput
         exit -> Settle(1InterruptedNo) ReleaseSlot
         +9999 ->
         new:2 -> AskSlot",
    );
}
