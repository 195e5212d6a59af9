//! Turns: what starts them, joins them and cuts them.

use std::time::Duration;

use super::super::Options;
use super::host::{check, check_with};
use crate::holds::Holds;

#[test]
fn a_message_is_answered_by_the_reply_tool_and_one_result() {
    check(
        r"init
         a: hi",
        r#"
         init
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | init[a] | uses mcp__assistant__reply
           | replies "You said: hi" | back "sent" | says "Done."
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_message_during_a_tool_joins_its_turn() {
    check(
        r"a: tool: sleep 2; echo done
         b: mid
         +2000",
        r#"
         a: tool: sleep 2; echo done
           running | a queued | a started | init[a] | says "Running." | uses Bash
         b: mid
           b queued
         +2000
           back "done" | b started | uses mcp__assistant__reply | uses mcp__assistant__reply
           | replies "The tool said: done" | back "sent" | replies "You said: mid" | back "sent"
           | says "Done." | b completed | RESULT completed "Done." [a b] 4 rounds | a completed
           | idle
        "#,
    );
}

#[test]
fn a_message_for_later_gets_a_turn_of_its_own() {
    check(
        r"a: tool: sleep 2; echo done
         b~: mid
         +2000",
        r#"
         a: tool: sleep 2; echo done
           running | a queued | a started | init[a] | says "Running." | uses Bash
         b~: mid
           b queued
         +2000
           back "done" | uses mcp__assistant__reply | replies "The tool said: done"
           | back "sent" | says "Done." | RESULT completed "Done." [a] 3 rounds | a completed
           | b started | init[b] | uses mcp__assistant__reply | replies "You said: mid"
           | back "sent" | says "Done." | RESULT completed "Done." [b] 2 rounds | b completed
           | idle
        "#,
    );
}

#[test]
fn an_urgent_message_lets_the_tool_finish_and_cuts_the_turn() {
    check(
        r"a: tool: sleep 2; echo done
         b!: mid
         +2000",
        r#"
         a: tool: sleep 2; echo done
           running | a queued | a started | init[a] | says "Running." | uses Bash
         b!: mid
           b queued
         +2000
           back "done" | RESULT aborted_tools "" [a] 2 rounds | a cancelled | b started
           | init[b] | uses mcp__assistant__reply | replies "You said: mid" | back "sent"
           | says "Done." | RESULT completed "Done." [b] 2 rounds | b completed | idle
        "#,
    );
}

#[test]
fn an_urgent_message_cuts_a_text_at_once() {
    check(
        r"a: slow 3 100
         +150
         b!: q1",
        r#"
         a: slow 3 100
           running | a queued | a started | init[a]
         +150
         b!: q1
           b queued | says "w0 " (aborted) | RESULT aborted_streaming "w0 " [a] 1 rounds
           | a cancelled | b started | init[b] | uses mcp__assistant__reply
           | replies "You said: q1" | back "sent" | says "Done."
           | RESULT completed "Done." [b] 2 rounds | b completed | idle
        "#,
    );
}

#[test]
fn an_urgent_message_cuts_a_silent_turn_as_an_interrupt_does() {
    check(
        r"a: hang
         b: x
         c!: y",
        r#"
         a: hang
           running | a queued | a started | init[a]
         b: x
           b queued
         c!: y
           c queued | RESULT! aborted_streaming "-" [a] 1 rounds | a cancelled | c started
           | init[c] | uses mcp__assistant__reply | replies "You said: y" | back "sent"
           | b started | uses mcp__assistant__reply | replies "You said: x" | back "sent"
           | says "Done." | b completed | RESULT completed "Done." [c b] 3 rounds | c completed
           | idle
        "#,
    );
}

#[test]
fn messages_that_waited_become_one_turn() {
    check(
        r"a: silent
         a: silent
         b: hang
         c~: one
         d~: two
         interrupt",
        r#"
         a: silent
           running | a queued | a started | init[a] | says "Done."
           | RESULT completed "Done." [a] 1 rounds | a completed | idle
         a: silent
           idle
         b: hang
           running | b queued | b started | init[b]
         c~: one
           c queued
         d~: two
           d queued
         interrupt
           ok still_queued[c d] | told "[Request interrupted by user]"
           | RESULT! aborted_streaming "-" [b] 2 rounds | b cancelled | c started | d started
           | init[c d] | uses mcp__assistant__reply | uses mcp__assistant__reply
           | replies "You said: one" | back "sent" | replies "You said: two" | back "sent"
           | says "Done." | RESULT completed "Done." [c d] 3 rounds | c completed | d completed
           | idle
        "#,
    );
}

#[test]
fn a_background_task_starts_a_turn_when_it_ends() {
    check(
        r"a: bg: sleep 1
         +1000",
        r#"
         a: bg: sleep 1
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | background_tasks_changed | task_started
           | back "Command running in background with ID: b" | uses mcp__assistant__reply
           | replies "The tool said: Command running in background with ID: TASK. Output is being written to: /nowhere/tasks/TASK.output. You will be notified when it completes."
           | back "sent" | says "Done." | RESULT completed "Done." [a] 3 rounds | a completed
           | idle
         +1000
           task_updated | task completed | background_tasks_changed | running | init[]
           | says "Noted." | RESULT completed "Noted." [] 1 rounds | idle
        "#,
    );
}

#[test]
fn a_stopped_task_starts_no_turn() {
    check(
        r"a: bg: sleep 9
         stop
         eof",
        r#"
         a: bg: sleep 9
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | background_tasks_changed | task_started
           | back "Command running in background with ID: b" | uses mcp__assistant__reply
           | replies "The tool said: Command running in background with ID: TASK. Output is being written to: /nowhere/tasks/TASK.output. You will be notified when it completes."
           | back "sent" | says "Done." | RESULT completed "Done." [a] 3 rounds | a completed
           | idle
         stop
           task_updated | task stopped | background_tasks_changed | ok | idle
         eof
           exit 0
        "#,
    );
}

#[test]
fn a_repeated_id_is_dropped() {
    check(
        r"a: hi
         a: hi",
        r#"
         a: hi
           running | a queued | a started | init[a] | uses mcp__assistant__reply
           | replies "You said: hi" | back "sent" | says "Done."
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
         a: hi
           idle
        "#,
    );
}

#[test]
fn each_held_answer_comes_behind_its_own_hold() {
    let micros = Duration::from_micros;
    let holds = Holds {
        initialize: micros(1),
        assistant: micros(2),
        result: micros(3),
        interrupt: micros(4),
        exit: micros(5),
    };
    check_with(
        Options { holds, ..Options::default() },
        r"init
         a: hi
         interrupt
         eof",
        r#"
         init
           initialize | hold 1 | ready | notifications/initialized
         a: hi
           running | a queued | a started | init[a] | hold 2 | uses mcp__assistant__reply
           | replies "You said: hi" | back "sent" | says "Done." | hold 3
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
         interrupt
           hold 4 | ok still_queued[]
         eof
           hold 5 | exit 0
        "#,
    );
}
