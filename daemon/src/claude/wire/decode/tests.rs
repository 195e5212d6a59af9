use serde_json::json;

use super::*;

/// Decodes `line` and compares.
#[track_caller]
fn check(line: &str, frame: &Frame) {
    assert_eq!(decode(line.as_bytes()), *frame);
}

fn other(kind: &str) -> Frame {
    Frame::Other { kind: kind.to_owned() }
}

#[test]
fn an_answer_carries_its_body_or_the_reason_why_not() {
    check(
        r#"{"type":"control_response","response":{"subtype":"success","request_id":"req_2","response":{"still_queued":[],"cancelled":["e9aa"]}}}"#,
        &Frame::Response {
            request_id: "req_2".into(),
            outcome: Ok(json!({"still_queued": [], "cancelled": ["e9aa"]})),
        },
    );
    check(
        r#"{"type":"control_response","response":{"subtype":"success","request_id":"req_3"}}"#,
        &Frame::Response { request_id: "req_3".into(), outcome: Ok(Value::Null) },
    );
    check(
        r#"{"type":"control_response","response":{"subtype":"error","request_id":"req_4","error":"Unsupported control request subtype: x","error_code":"unsupported_request"}}"#,
        &Frame::Response {
            request_id: "req_4".into(),
            outcome: Err("Unsupported control request subtype: x".into()),
        },
    );
}

#[test]
fn a_question_for_permission_keeps_its_whole_input() {
    check(
        r#"{"type":"control_request","request_id":"9bc4","request":{"subtype":"can_use_tool","tool_name":"Bash","display_name":"Bash","input":{"command":"mkdir -p d","description":"run it"},"permission_suggestions":[{"type":"setMode","mode":"acceptEdits","destination":"session"}],"blocked_path":"/w/d","tool_use_id":"toolu_1"}}"#,
        &Frame::Request {
            request_id: "9bc4".into(),
            request: AgentRequest::CanUseTool(Permission {
                tool_name: "Bash".into(),
                input: json!({"command": "mkdir -p d", "description": "run it"}),
                tool_use_id: "toolu_1".into(),
                blocked_path: Some("/w/d".into()),
                agent_id: None,
            }),
        },
    );
}

#[test]
fn a_hook_tells_its_event() {
    let call = |line: &str| match decode(line.as_bytes()) {
        Frame::Request { request: AgentRequest::Hook(call), .. } => call,
        frame => panic!("{frame:?}"),
    };
    let tool = call(
        r#"{"type":"control_request","request_id":"r","request":{"subtype":"hook_callback","callback_id":"hook_0","tool_use_id":"toolu_2","input":{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"},"tool_use_id":"toolu_2"}}}"#,
    );
    assert_eq!((tool.callback_id.as_str(), tool.event.as_str()), ("hook_0", "PreToolUse"));
    assert_eq!((tool.tool_name.as_str(), tool.tool_use_id.as_str()), ("Bash", "toolu_2"));
    assert_eq!(tool.input["tool_input"]["command"], "ls");
    assert!(!tool.stop_hook_active);

    let stop = call(
        r#"{"type":"control_request","request_id":"r","request":{"subtype":"hook_callback","callback_id":"hook_1","input":{"hook_event_name":"Stop","stop_hook_active":true,"last_assistant_message":"done"}}}"#,
    );
    assert_eq!(stop.event, "Stop");
    assert!(stop.stop_hook_active);
}

#[test]
fn calls_of_our_tools_pass_as_they_are_and_unknown_requests_keep_their_id() {
    check(
        r#"{"type":"control_request","request_id":"185a","request":{"subtype":"mcp_message","server_name":"assistant","message":{"method":"tools/list","jsonrpc":"2.0","id":1}}}"#,
        &Frame::Request {
            request_id: "185a".into(),
            request: AgentRequest::Mcp {
                server: "assistant".into(),
                message: json!({"method": "tools/list", "jsonrpc": "2.0", "id": 1}),
            },
        },
    );
    let unknown = |subtype: &str| Frame::Request {
        request_id: "q".into(),
        request: AgentRequest::Unknown { subtype: subtype.into() },
    };
    check(
        r#"{"type":"control_request","request_id":"q","request":{"subtype":"elicit"}}"#,
        &unknown("elicit"),
    );
    check(r#"{"type":"control_request","request_id":"q"}"#, &unknown(""));
    check(
        r#"{"type":"control_request","request":{"subtype":"can_use_tool"}}"#,
        &other("control_request"),
    );
    check(
        r#"{"type":"control_cancel_request","request_id":"4495"}"#,
        &Frame::Withdrawn { request_id: "4495".into() },
    );
}

#[test]
fn the_beginning_of_a_turn_tells_what_to_resume_by() {
    check(
        r#"{"type":"system","subtype":"init","cwd":"/w","session_id":"de89","tools":["Task","mcp__calc__add"],"mcp_servers":[{"name":"calc","status":"connected","source":"sdk"}],"model":"claude-opus-5-5","permissionMode":"default","claude_code_version":"2.1.330","capabilities":["interrupt_receipt_v1","interrupt_cancel_queued_v1"]}"#,
        &Frame::Init(Init {
            agent_session: "de89".into(),
            version: Some("2.1.330".into()),
            model: "claude-opus-5-5".into(),
            tools: vec!["Task".into(), "mcp__calc__add".into()],
            mcp_servers: vec![McpStatus { name: "calc".into(), status: "connected".into() }],
            capabilities: vec!["interrupt_receipt_v1".into(), "interrupt_cancel_queued_v1".into()],
        }),
    );
}

#[test]
fn states_come_with_and_without_the_mark_for_hosts() {
    check(
        r#"{"type":"system","subtype":"session_state_changed","state":"running","sdk_host_only":true}"#,
        &Frame::State(AgentState::Running),
    );
    check(
        r#"{"type":"system","subtype":"session_state_changed","state":"requires_action"}"#,
        &Frame::State(AgentState::RequiresAction),
    );
    check(
        r#"{"type":"system","subtype":"session_state_changed","state":"idle"}"#,
        &Frame::State(AgentState::Idle),
    );
    check(
        r#"{"type":"system","subtype":"session_state_changed","state":"dreaming"}"#,
        &other("system/session_state_changed"),
    );
}

#[test]
fn answers_come_block_by_block() {
    check(
        r#"{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"thinking","thinking":"..","signature":"s"},{"type":"text","text":"Running."},{"type":"tool_use","id":"toolu_3","name":"Bash","input":{"command":"ls"}},{"type":"server_tool_use"},7]},"parent_tool_use_id":"toolu_0"}"#,
        &Frame::Assistant(Assistant {
            blocks: vec![
                Block::Thinking,
                Block::Text("Running.".into()),
                Block::ToolUse {
                    id: "toolu_3".into(),
                    name: "Bash".into(),
                    input: json!({"command": "ls"}),
                },
                Block::Other,
                Block::Other,
            ],
            parent_tool_use: Some("toolu_0".into()),
            ..Assistant::default()
        }),
    );
    check(
        r#"{"type":"assistant","message":{"model":"<synthetic>","content":"API Error: 403"},"parent_tool_use_id":null,"error":"authentication_failed","is_api_error_message":true}"#,
        &Frame::Assistant(Assistant {
            blocks: vec![Block::Text("API Error: 403".into())],
            api_error: Some("authentication_failed".into()),
            ..Assistant::default()
        }),
    );
}

#[test]
fn of_user_lines_only_the_ends_of_tools_are_of_interest() {
    check(
        r#"{"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_a","type":"tool_result","content":"made","is_error":false},{"tool_use_id":"toolu_b","type":"tool_result","content":[{"type":"text","text":"42"}]},{"type":"tool_result","content":"no","is_error":true,"tool_use_id":"toolu_c"}]},"parent_tool_use_id":null}"#,
        &Frame::ToolResults(vec![
            ToolResult { id: "toolu_a".into(), is_error: false },
            ToolResult { id: "toolu_b".into(), is_error: false },
            ToolResult { id: "toolu_c".into(), is_error: true },
        ]),
    );
    check(
        r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"[Request interrupted by user]"}]}}"#,
        &other("user"),
    );
    check(r#"{"type":"user","message":{"role":"user","content":"text"}}"#, &other("user"));
}

#[test]
fn a_result_lists_every_message_it_took_up_whatever_the_order_of_its_keys() {
    check(
        r#"{"duration_api_ms":1032,"stop_reason":"end_turn","session_id":"87b3","total_cost_usd":0.00028,"terminal_reason":"completed","is_error":false,"num_turns":1,"subtype":"success","api_error_status":null,"result":"echo: q1\nq2","type":"result","duration_ms":27,"user_message_uuid":"6fad","user_message_uuids":["b1ba","6fad"],"queued_turn_count":0}"#,
        &Frame::Result(TurnResult {
            agent_session: "87b3".into(),
            listed: vec!["b1ba".into(), "6fad".into()],
            subtype: "success".into(),
            terminal_reason: Some("completed".into()),
            num_turns: 1,
            text: "echo: q1\nq2".into(),
            stop_reason: Some("end_turn".into()),
            cost_usd_total: Some(0.000_28),
            duration_ms: Some(27),
            ..TurnResult::default()
        }),
    );
    let listed = |line: &str| match decode(line.as_bytes()) {
        Frame::Result(result) => result.listed,
        frame => panic!("{frame:?}"),
    };
    assert_eq!(listed(r#"{"type":"result","user_message_uuid":"a"}"#), ["a"]);
    assert_eq!(
        listed(r#"{"type":"result","user_message_uuid":"a","user_message_uuids":["b"]}"#),
        ["b", "a"]
    );
    assert_eq!(listed(r#"{"type":"result"}"#), [""; 0]);
}

#[test]
fn a_failed_turn_may_call_itself_a_success() {
    check(
        r#"{"session_id":"439b","terminal_reason":"api_error","is_error":true,"num_turns":1,"subtype":"success","api_error_status":403,"api_error_type":"permission_error","result":"Failed to authenticate. API Error: 403 error 403","type":"result"}"#,
        &Frame::Result(TurnResult {
            agent_session: "439b".into(),
            is_error: true,
            subtype: "success".into(),
            terminal_reason: Some("api_error".into()),
            api_status: Some(403),
            api_error_type: Some("permission_error".into()),
            num_turns: 1,
            text: "Failed to authenticate. API Error: 403 error 403".into(),
            ..TurnResult::default()
        }),
    );
    check(
        r#"{"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":0,"stop_reason":null,"session_id":"66a7","errors":["No conversation found","with session ID: 66a7"]}"#,
        &Frame::Result(TurnResult {
            agent_session: "66a7".into(),
            is_error: true,
            subtype: "error_during_execution".into(),
            text: "No conversation found\nwith session ID: 66a7".into(),
            ..TurnResult::default()
        }),
    );
}

#[test]
fn a_result_that_does_not_say_it_went_well_has_not() {
    for line in [r#"{"type":"result"}"#, r#"{"type":"result","is_error":"false"}"#] {
        assert!(matches!(decode(line.as_bytes()), Frame::Result(result) if result.is_error));
    }
}

#[test]
fn an_injected_turn_tells_what_started_it() {
    let line = r#"{"type":"result","is_error":false,"origin":{"kind":"task-notification","producer":"session-task"},"result":"noted"}"#;
    let Frame::Result(result) = decode(line.as_bytes()) else { panic!("not a result") };
    assert_eq!(result.origin_kind.as_deref(), Some("task-notification"));
    assert!(result.listed.is_empty());
}

#[test]
fn background_tasks_are_told_as_the_whole_live_set() {
    check(
        r#"{"type":"system","subtype":"background_tasks_changed","tasks":[{"task_id":"bi69","task_type":"local_bash","description":"run it"},{"no":"id"}]}"#,
        &Frame::Tasks(vec!["bi69".into()]),
    );
    check(
        r#"{"type":"system","subtype":"background_tasks_changed","tasks":[]}"#,
        &Frame::Tasks(vec![]),
    );
    check(
        r#"{"type":"system","subtype":"background_tasks_changed"}"#,
        &other("system/background_tasks_changed"),
    );
    check(
        r#"{"type":"system","subtype":"task_notification","task_id":"bi69","status":"completed","output_file":"","summary":"run it"}"#,
        &Frame::TaskEnded { task_id: "bi69".into(), status: "completed".into() },
    );
}

#[test]
fn trouble_with_the_api_is_told_as_it_happens() {
    check(
        r#"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":608,"error_status":401,"error":"authentication_failed"}"#,
        &Frame::Retrying(Retrying { attempt: 1, max: 10, delay_ms: 608, status: Some(401) }),
    );
    check(
        r#"{"type":"system","subtype":"api_retry","attempt":2,"max_retries":10,"retry_delay_ms":510,"error_status":null,"error":"unknown"}"#,
        &Frame::Retrying(Retrying { attempt: 2, max: 10, delay_ms: 510, status: None }),
    );
    check(
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"allowed","resetsAt":1795349720,"rateLimitType":"five_hour"}}"#,
        &Frame::RateLimit(RateLimit { status: "allowed".into(), resets_at_s: Some(1_795_349_720) }),
    );
}

#[test]
fn the_rest_of_what_is_known_is_known() {
    check(
        r#"{"type":"command_lifecycle","command_uuid":"1111","state":"queued","uuid":"1e12"}"#,
        &Frame::Lifecycle { uuid: "1111".into(), state: Lifecycle::Queued },
    );
    check(
        r#"{"type":"conversation_reset","new_conversation_id":"1de5","trigger":"clear"}"#,
        &Frame::Reset,
    );
    check(
        r#"{"type":"system","subtype":"compact_boundary","compact_metadata":{"trigger":"auto"}}"#,
        &Frame::Compacted,
    );
}

/// A line of an unknown kind is passed over, and not an end.
/// Incidents: 40.
#[test]
fn what_is_unknown_is_named_and_what_is_no_object_is_counted() {
    check(r#"{"type":"keep_alive"}"#, &other("keep_alive"));
    check(
        r#"{"type":"system","subtype":"thinking_tokens","estimated_tokens":6}"#,
        &other("system/thinking_tokens"),
    );
    check(r#"{"type":7}"#, &other(""));
    check("{}", &other(""));
    check("[1]", &Frame::Garbage { bytes: 3 });
    check("Debugger listening", &Frame::Garbage { bytes: 18 });
    check(r#"{"type":"result""#, &Frame::Garbage { bytes: 16 });
    assert_eq!(decode(b"{\"type\":\"\xff\"}"), Frame::Garbage { bytes: 12 });
    let deep = "[".repeat(100_000);
    check(&deep, &Frame::Garbage { bytes: 100_000 });
}

#[test]
fn a_text_that_was_cut_inside_a_character_does_not_cost_its_line() {
    let text = |escaped: &str| {
        let line = format!(r#"{{"type":"result","is_error":false,"result":"{escaped}"}}"#);
        match decode(line.as_bytes()) {
            Frame::Result(result) => result.text,
            frame => panic!("{frame:?}"),
        }
    };
    let escaped = text(r"\ud83d and \\ud83d");
    assert_eq!(escaped, "\u{fffd} and \\ud83d", "an escaped backslash begins no escape");
    assert_eq!(text("whole \\ud83d\\ude00"), "whole \u{1f600}");
    assert_eq!(text("cut \\ud83d"), "cut \u{fffd}");
    assert_eq!(
        text("\\ude00 cut \\uD83D\\n\\ud83d\\ud83d\\ude00"),
        "\u{fffd} cut \u{fffd}\n\u{fffd}\u{1f600}"
    );
}
