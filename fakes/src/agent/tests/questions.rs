//! Questions to the host: permission and hooks.

use super::host::check;

#[test]
fn an_allowed_tool_runs() {
    check(
        r"a: tool: touch x; echo y
         allow
         +0",
        r#"
         a: tool: touch x; echo y
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | requires_action | may Bash?
         allow
           running
         +0
           back "y" | uses mcp__assistant__reply | replies "The tool said: y" | back "sent"
           | says "Done." | RESULT completed "Done." [a] 3 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_denied_tool_tells_the_model_why() {
    check(
        r"a: tool: touch x
         deny not today",
        r#"
         a: tool: touch x
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | requires_action | may Bash?
         deny not today
           running | back! "not today" | uses mcp__assistant__reply
           | replies "The tool said: not today" | back "sent" | says "Done."
           | RESULT completed "Done." [a] 3 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_denial_can_end_the_turn() {
    check(
        r"a: tool: touch x
         deny! stop",
        r#"
         a: tool: touch x
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | requires_action | may Bash?
         deny! stop
           running | back! "The user doesn't want to proceed with th"
           | told "[Request interrupted by user for tool use]"
           | RESULT! aborted_tools "-" [a] 3 rounds | a cancelled | idle
        "#,
    );
}

#[test]
fn a_failed_question_is_a_failed_tool() {
    check(
        r"a: tool: touch x
         fail oops",
        r#"
         a: tool: touch x
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | requires_action | may Bash?
         fail oops
           running | back! "Tool permission request failed: Error: o"
           | uses mcp__assistant__reply
           | replies "The tool said: Tool permission request failed: Error: oops" | back "sent"
           | says "Done." | RESULT completed "Done." [a] 3 rounds | a completed | idle
        "#,
    );
}

#[test]
fn the_hooks_are_asked_in_the_order_of_a_turn() {
    check(
        r"init UserPromptSubmit PreToolUse Stop
         a: hi
         hook {}
         hook {}
         hook {}",
        r#"
         init UserPromptSubmit PreToolUse Stop
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | hook UserPromptSubmit?
         hook {}
           init[a] | uses mcp__assistant__reply | hook PreToolUse?
         hook {}
           replies "You said: hi" | back "sent" | says "Done." | hook Stop?
         hook {}
           RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_stop_hook_sends_the_turn_back_once() {
    check(
        r#"init Stop
         a: silent
         hook {"decision":"block","reason":"say something"}
         hook {}"#,
        r#"
         init Stop
           initialize | ready | notifications/initialized
         a: silent
           running | a queued | a started | init[a] | says "Done." | hook Stop?
         hook {"decision":"block","reason":"say something"}
           told "Stop hook feedback:\nsay something" | notification | uses mcp__assistant__reply
           | replies "You said: silent" | back "sent" | says "Done." | hook Stop?
         hook {}
           RESULT completed "Done." [a] 3 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_hook_denies_a_tool() {
    check(
        r#"init PreToolUse
         a: hi
         hook {"hookSpecificOutput":{"permissionDecision":"deny","permissionDecisionReason":"no"}}"#,
        r#"
         init PreToolUse
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | init[a] | uses mcp__assistant__reply
           | hook PreToolUse?
         hook {"hookSpecificOutput":{"permissionDecision":"deny","permissionDecisionReason":"no"}}
           back! "PreToolUse:mcp__assistant__reply hook er" | says "Done."
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_hook_allows_a_tool_without_a_question() {
    check(
        r#"init PreToolUse
         a: tool: touch x
         hook {"hookSpecificOutput":{"permissionDecision":"allow"}}
         +0
         hook {}"#,
        r#"
         init PreToolUse
           initialize | ready | notifications/initialized
         a: tool: touch x
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | hook PreToolUse?
         hook {"hookSpecificOutput":{"permissionDecision":"allow"}}
         +0
           back "(Bash completed with no output)" | uses mcp__assistant__reply
           | hook PreToolUse?
         hook {}
           replies "The tool said: (Bash completed with no output)" | back "sent" | says "Done."
           | RESULT completed "Done." [a] 3 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_failed_hook_blocks_if_it_was_registered_so() {
    check(
        r"init PreToolUse
         a: hi
         hook! broken",
        r#"
         init PreToolUse
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | init[a] | uses mcp__assistant__reply
           | hook PreToolUse?
         hook! broken
           stderr: Error in hook callback PreToolUse | informational
           | back! "PreToolUse:mcp__assistant__reply hook er" | says "Done."
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_hook_that_says_nothing_stops_the_tool() {
    check(
        r"init PreToolUse
         a: hi
         +2000",
        r#"
         init PreToolUse
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | init[a] | uses mcp__assistant__reply
           | hook PreToolUse?
         +2000
           withdrawn | back! "PreToolUse hook did not respond before i" | says "Done."
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_prompt_hook_keeps_the_prompt_from_the_model() {
    check(
        r#"init UserPromptSubmit
         a: hi
         hook {"decision":"block","reason":"no"}"#,
        r#"
         init UserPromptSubmit
           initialize | ready | notifications/initialized
         a: hi
           running | a queued | a started | hook UserPromptSubmit?
         hook {"decision":"block","reason":"no"}
           init[a] | informational
           | RESULT - "UserPromptSubmit operation blocked by hook:" [a] 0 rounds | a completed
           | idle
        "#,
    );
}

#[test]
fn a_prompt_hook_sees_a_folded_message_too() {
    check(
        r"init UserPromptSubmit
         a: tool: sleep 1; echo x
         hook {}
         b: mid
         +1000
         hook {}",
        r#"
         init UserPromptSubmit
           initialize | ready | notifications/initialized
         a: tool: sleep 1; echo x
           running | a queued | a started | hook UserPromptSubmit?
         hook {}
           init[a] | says "Running." | uses Bash
         b: mid
           b queued
         +1000
           back "x" | hook UserPromptSubmit?
         hook {}
           b started | uses mcp__assistant__reply | uses mcp__assistant__reply
           | replies "The tool said: x" | back "sent" | replies "You said: mid" | back "sent"
           | says "Done." | b completed | RESULT completed "Done." [a b] 4 rounds | a completed
           | idle
        "#,
    );
}
