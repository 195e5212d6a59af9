//! What an interrupt does, by what the turn was waiting for.

use super::host::check;

#[test]
fn an_interrupt_keeps_the_partial_text_and_starts_what_waits() {
    check(
        r"a: slow 3 100
         +150
         b: q
         interrupt",
        r#"
         a: slow 3 100
           running | a queued | a started | init[a]
         +150
         b: q
           b queued
         interrupt
           ok still_queued[b] | says "w0 " (aborted) | told "[Request interrupted by user]"
           | RESULT! aborted_streaming "-" [a] 2 rounds | a cancelled | b started | init[b]
           | uses mcp__assistant__reply | replies "You said: q" | back "sent" | says "Done."
           | RESULT completed "Done." [b] 2 rounds | b completed | idle
        "#,
    );
}

#[test]
fn an_interrupt_can_cancel_what_waits() {
    check(
        r"a: slow 3 100
         +150
         b: q
         interrupt all
         interrupt",
        r#"
         a: slow 3 100
           running | a queued | a started | init[a]
         +150
         b: q
           b queued
         interrupt all
           b cancelled | ok still_queued[] cancelled[b] | says "w0 " (aborted)
           | told "[Request interrupted by user]" | RESULT! aborted_streaming "-" [a] 2 rounds
           | a cancelled | idle
         interrupt
           ok still_queued[]
        "#,
    );
}

#[test]
fn an_interrupt_ends_the_running_tool() {
    check(
        r"a: tool: sleep 9
         +150
         interrupt
         +9999",
        r#"
         a: tool: sleep 9
           running | a queued | a started | init[a] | says "Running." | uses Bash
         +150
         interrupt
           ok still_queued[] | back! "The user doesn't want to proceed with th"
           | told "[Request interrupted by user for tool use]"
           | RESULT! aborted_tools "-" [a] 3 rounds | a cancelled | idle
         +9999
        "#,
    );
}

#[test]
fn an_interrupt_withdraws_an_open_question() {
    check(
        r"a: tool: touch x
         interrupt",
        r#"
         a: tool: touch x
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | requires_action | may Bash?
         interrupt
           withdrawn | ok still_queued[] | running
           | back! "The user doesn't want to proceed with th"
           | told "[Request interrupted by user for tool use]"
           | RESULT! aborted_tools "-" [a] 3 rounds | a cancelled | idle
        "#,
    );
}

#[test]
fn an_interrupt_before_the_prompt_is_checked_counts_no_round() {
    check(
        r"init UserPromptSubmit
         a: hi
         interrupt",
        r#"
         init UserPromptSubmit
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | hook UserPromptSubmit?
         interrupt
           withdrawn | ok still_queued[] | init[a] | told "[Request interrupted by user]"
           | RESULT! aborted_streaming "-" [a] 0 rounds | a cancelled | idle
        "#,
    );
}

#[test]
fn an_interrupt_at_the_stop_hook_leaves_a_good_result() {
    check(
        r"init Stop
         a: hi
         interrupt",
        r#"
         init Stop
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | init[a] | uses mcp__assistant__reply
           | replies "You said: hi" | back "sent" | says "Done." | hook Stop?
         interrupt
           withdrawn | ok still_queued[] | RESULT completed "Done." [a] 2 rounds | a cancelled
           | idle
        "#,
    );
}
