//! Failures: of the API, and those of a scenario.

use super::super::Options;
use super::host::{check, check_with};
use crate::scenario::Scenario;

#[test]
fn after_an_api_error_the_next_message_is_answered_alone() {
    check(
        r"a: error 400
         b: hi",
        r#"
         a: error 400
           running | a queued | a started | init[a] | says "API Error: 400 error 400"
           | RESULT! api_error "API Error: 400 error 400" [a] 1 rounds | a cancelled | idle
         b: hi
           running | b queued | b started | init[b] | uses mcp__assistant__reply
           | replies "You said: hi" | back "sent" | says "Done."
           | RESULT completed "Done." [b] 2 rounds | b completed | idle
        "#,
    );
}

#[test]
fn a_server_error_is_tried_again() {
    check(
        r"a: error 500 x2
         +600
         +1200",
        r#"
         a: error 500 x2
           running | a queued | a started | init[a] | retry 500 after 600
         +600
           retry 500 after 1200
         +1200
           uses mcp__assistant__reply | replies "You said: error 500 x2" | back "sent"
           | says "Done." | RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_cut_stream_is_tried_again() {
    check(
        r"a: drop
         +600",
        r#"
         a: drop
           running | a queued | a started | init[a] | retry null after 600
         +600
           uses mcp__assistant__reply | replies "You said: drop" | back "sent" | says "Done."
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[track_caller]
fn check_scenario(scenario: &str, script: &str, expected: &str) {
    let scenario = Scenario::parse(scenario).expect("the scenario parses");
    check_with(Options { scenario, retries_max: 2, ..Options::default() }, script, expected);
}

/// What a plain message makes the agent write, up to the first line of the model.
const BEGUN: &str = "running | a queued | a started | init[a]";
/// What follows the model's first line.
const REST: &str = "replies \"You said: hi\" | back \"sent\" | says \"Done.\" \
    | RESULT completed \"Done.\" [a] 2 rounds | a completed | idle";

#[test]
fn a_delayed_line_holds_back_what_follows() {
    check_scenario(
        r#"[{"when": {"on": "turn"}, "what": {"delay_ms": 500}}]"#,
        "a: hi\n+499\n+1\n+0",
        &format!("a: hi\n{BEGUN}\n+499\n+1\nuses mcp__assistant__reply\n| {REST}\n+0"),
    );
}

#[test]
fn a_stalled_agent_writes_nothing_more_and_dies_of_a_signal_only() {
    check_scenario(
        r#"[{"when": {"on": "turn"}, "what": "stall"}]"#,
        "a: hi\n+99999\neof\nterm",
        &format!("a: hi\n{BEGUN}\n+99999\neof\nterm\nexit 143"),
    );
}

#[test]
fn garbage_and_unknown_and_long_lines_come_before_the_line() {
    check_scenario(
        r#"[{"when": {"on": "turn"}, "what": "garbage"},
            {"when": {"on": "turn"}, "what": "unknown_type"},
            {"when": {"on": "turn"}, "what": {"long_line_bytes": 10}}]"#,
        "a: hi",
        &format!(
            "a: hi\n{BEGUN} | garbage | never_heard_of | never_heard_of \
             | uses mcp__assistant__reply | {REST}"
        ),
    );
}

#[test]
fn a_result_can_be_missing_or_come_twice() {
    check_scenario(
        r#"[{"when": {"on": "turn", "n": 1, "message": "result"}, "what": "skip"},
            {"when": {"on": "turn", "n": 2, "message": "result"}, "what": "duplicate"}]"#,
        "a: silent\nb: silent",
        "a: silent
         running | a queued | a started | init[a] | says \"Done.\" | a completed | idle
         b: silent
         running | b queued | b started | init[b] | says \"Done.\"
         | RESULT completed \"Done.\" [b] 1 rounds | RESULT completed \"Done.\" [b] 1 rounds
         | b completed | idle",
    );
}

#[test]
fn an_agent_can_die_in_the_middle_of_a_line() {
    check_scenario(
        r#"[{"when": {"on": "turn", "message": "system/init"}, "what": "truncate"}]"#,
        "a: hi",
        "a: hi\nrunning | a queued | a started | garbage | exit 1",
    );
}

#[test]
fn an_agent_can_die_before_it_is_ready() {
    check_scenario(
        r#"[{"when": {"on": "connect"}, "what": {"exit": 7}}]"#,
        "init",
        "init\ninitialize | exit 7",
    );
}

#[test]
fn a_usage_limit_is_told_and_ends_the_turn_with_429() {
    check_scenario(
        r#"[{"when": {"on": "turn", "n": 1}, "what": "rate_limit"}]"#,
        "a: silent\nb: silent",
        "a: silent
         running | a queued | a started | init[a] | rate_limit_event
         | says \"API Error: Request rejected (429) · error 429\"
         | RESULT! api_error \"API Error: Request rejected (429) · error 429\" [a] 1 rounds
         | a cancelled | idle
         b: silent
         running | b queued | b started | init[b] | says \"Done.\"
         | RESULT completed \"Done.\" [b] 1 rounds | b completed | idle",
    );
}

#[test]
fn a_failure_lasts_as_long_as_the_retries() {
    check_with(
        Options { retries_max: 2, ..Options::default() },
        "a: error 529\n+600\n+1200",
        "a: error 529
         running | a queued | a started | init[a] | retry 529 after 600
         +600
         retry 529 after 1200
         +1200
         says \"API Error: 529 error 529. This is a server-side issue, usually temporary — try again in a moment.\"
         | RESULT! api_error \"API Error: 529 error 529. This is a server-side issue, usually temporary — try again in a moment.\" [a] 1 rounds
         | a cancelled | idle",
    );
}
