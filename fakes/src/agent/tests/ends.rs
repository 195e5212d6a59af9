//! How a run ends, and what a host may say.

use super::host::check;

#[test]
fn the_end_of_stdin_waits_for_background_work() {
    check(
        r"a: bg: sleep 1
         eof
         +1000",
        r#"
         a: bg: sleep 1
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | background_tasks_changed | task_started
           | back "Command running in background with ID: b" | uses mcp__assistant__reply
           | replies "The tool said: Command running in background with ID: TASK. Output is being written to: /nowhere/tasks/TASK.output. You will be notified when it completes."
           | back "sent" | says "Done." | RESULT completed "Done." [a] 3 rounds | a completed
           | idle
         eof
         +1000
           task_updated | task completed | background_tasks_changed | running | init[]
           | says "Noted." | RESULT completed "Noted." [] 1 rounds | idle | exit 0
        "#,
    );
}

#[test]
fn the_end_of_stdin_fails_an_open_question() {
    check(
        r"a: tool: touch x
         eof",
        r#"
         a: tool: touch x
           running | a queued | a started | init[a] | says "Running." | uses Bash
           | requires_action | may Bash?
         eof
           running | back! "Tool permission request failed: AbortErr"
           | uses mcp__assistant__reply | back! "Stream closed" | says "Done."
           | RESULT completed "Done." [a] 3 rounds | a completed | idle | exit 0
        "#,
    );
}

#[test]
fn the_end_of_stdin_lets_the_turn_finish() {
    check(
        r"a: tool: sleep 3; echo x
         eof
         +3000",
        r#"
         a: tool: sleep 3; echo x
           running | a queued | a started | init[a] | says "Running." | uses Bash
         eof
         +3000
           back "x" | uses mcp__assistant__reply | back! "Stream closed" | says "Done."
           | RESULT completed "Done." [a] 3 rounds | a completed | idle | exit 0
        "#,
    );
}

#[test]
fn an_error_result_shows_in_the_exit_code() {
    check(
        r"a: error 400
         eof",
        r#"
         a: error 400
           running | a queued | a started | init[a] | says "API Error: 400 error 400"
           | RESULT! api_error "API Error: 400 error 400" [a] 1 rounds | a cancelled | idle
         eof
           exit 1
        "#,
    );
}

#[test]
fn a_termination_kills_the_tool_and_writes_no_result() {
    check(
        r"a: tool: sleep 5
         term",
        r#"
         a: tool: sleep 5
           running | a queued | a started | init[a] | says "Running." | uses Bash
         term
           kill | exit 143
        "#,
    );
}

#[test]
fn requests_of_the_host_are_answered() {
    check(
        r#"ctl set_permission_mode {"mode":"plan"}
         ctl set_permission_mode {"mode":"x"}
         ctl set_model {"model":"m"}
         ctl cancel_async_message {"message_uuid":"x"}
         ctl end_session"#,
        r#"
         ctl set_permission_mode {"mode":"plan"}
           ok | status
         ctl set_permission_mode {"mode":"x"}
           error "Cannot set permission mode: must be one of acceptEdits, auto, bypassPermissions, default, dontAsk, plan"
         ctl set_model {"model":"m"}
           ok
         ctl cancel_async_message {"message_uuid":"x"}
           ok
         ctl end_session
           ok | exit 0
        "#,
    );
}

#[test]
fn a_line_that_is_no_json_is_fatal() {
    check(
        r"raw this is not json",
        r"
         raw this is not json
           stderr: Error parsing streaming input line (type=unknown, 16 chars): SyntaxError
           | exit 1
        ",
    );
}

#[test]
fn a_user_line_without_a_message_is_fatal() {
    check(
        r#"raw {"type":"user"}"#,
        r#"
         raw {"type":"user"}
           stderr: Error: Expected message role 'user', got 'undefined' | exit 1
        "#,
    );
}

#[test]
fn a_request_without_a_body_is_fatal() {
    check(
        r#"raw {"type":"control_request","request_id":"q"}"#,
        r#"
         raw {"type":"control_request","request_id":"q"}
           stderr: Error: Missing request on control_request | exit 1
        "#,
    );
}

#[test]
fn a_blank_line_is_nothing() {
    check(
        r"raw  
         a: hi",
        r#"
         raw
         a: hi
           running | a queued | a started | init[a] | uses mcp__assistant__reply
           | replies "You said: hi" | back "sent" | says "Done."
           | RESULT completed "Done." [a] 2 rounds | a completed | idle
        "#,
    );
}

#[test]
fn a_strict_agent_refuses_an_unknown_request() {
    check(
        r"ctl no_such_subtype",
        r#"
         ctl no_such_subtype
           error "Unsupported control request subtype: no_such_subtype"
           | stderr: fake-claude is strict: a request of subtype "no_such_subtype" | exit 3
        "#,
    );
}

#[test]
fn a_strict_agent_refuses_text_that_may_be_a_command() {
    check(
        r#"raw {"type":"user","message":{"role":"user","content":"/clear"}}"#,
        r#"
         raw {"type":"user","message":{"role":"user","content":"/clear"}}
           stderr: fake-claude is strict: a user line without client_composed | exit 3
        "#,
    );
}
