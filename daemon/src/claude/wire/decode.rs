//! Lines of the program into [`Frame`]s.

use serde_json::{Map, Value};

use super::frame::{
    AgentRequest, AgentState, Assistant, Block, Frame, HookCall, Init, Lifecycle, McpStatus,
    Permission, RateLimit, Retrying, ToolResult, TurnResult,
};
use super::surrogates::mended;

type Object = Map<String, Value>;

/// Reads one line. Never fails; see the module's doc for what becomes of what is not understood.
pub(crate) fn decode(line: &[u8]) -> Frame {
    let parsed = serde_json::from_slice(line)
        .or_else(|error| mended(line).map_or(Err(error), |mended| serde_json::from_slice(&mended)));
    let Ok(Value::Object(mut fields)) = parsed else {
        return Frame::Garbage { bytes: line.len() };
    };
    let object = &mut fields;
    let kind = text(object, "type");
    let frame = match kind.as_str() {
        "control_response" => response(object),
        "control_request" => request(object),
        "control_cancel_request" => {
            filled(object, "request_id").map(|request_id| Frame::Withdrawn { request_id })
        }
        "assistant" => Some(Frame::Assistant(assistant(object))),
        "user" => tool_results(object),
        "result" => Some(Frame::Result(turn_result(object))),
        "system" => system(object),
        "rate_limit_event" => take_object(object, "rate_limit_info").map(|limit| {
            Frame::RateLimit(RateLimit {
                status: text(&limit, "status"),
                resets_at_s: limit.get("resetsAt").and_then(Value::as_i64),
            })
        }),
        "command_lifecycle" => filled(object, "command_uuid").map(|uuid| {
            let state = lifecycle(&text(object, "state"));
            Frame::Lifecycle { uuid, state }
        }),
        "conversation_reset" => Some(Frame::Reset),
        _ => None,
    };
    frame.unwrap_or_else(|| {
        let subtype = optional(object, "subtype");
        Frame::Other { kind: subtype.map_or(kind.clone(), |subtype| format!("{kind}/{subtype}")) }
    })
}

fn response(object: &mut Object) -> Option<Frame> {
    let mut response = take_object(object, "response")?;
    let request_id = filled(&response, "request_id")?;
    let outcome = match text(&response, "subtype").as_str() {
        "success" => Ok(response.remove("response").unwrap_or(Value::Null)),
        _ => Err(text(&response, "error")),
    };
    Some(Frame::Response { request_id, outcome })
}

fn request(object: &mut Object) -> Option<Frame> {
    // Without an id nobody could answer it.
    let request_id = filled(object, "request_id")?;
    let mut body = take_object(object, "request").unwrap_or_default();
    let subtype = text(&body, "subtype");
    let request = match subtype.as_str() {
        "can_use_tool" => AgentRequest::CanUseTool(Permission {
            tool_name: text(&body, "tool_name"),
            tool_use_id: text(&body, "tool_use_id"),
            blocked_path: optional(&body, "blocked_path"),
            agent_id: optional(&body, "agent_id"),
            input: body.remove("input").unwrap_or(Value::Null),
        }),
        "hook_callback" => AgentRequest::Hook(hook_call(&mut body)),
        "mcp_message" => AgentRequest::Mcp {
            server: text(&body, "server_name"),
            message: body.remove("message").unwrap_or(Value::Null),
        },
        _ => AgentRequest::Unknown { subtype },
    };
    Some(Frame::Request { request_id, request })
}

fn hook_call(body: &mut Object) -> HookCall {
    let input = body.remove("input").unwrap_or(Value::Null);
    let of_input = |key| input.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    HookCall {
        callback_id: text(body, "callback_id"),
        event: of_input("hook_event_name"),
        tool_name: of_input("tool_name"),
        tool_use_id: text(body, "tool_use_id"),
        stop_hook_active: input.get("stop_hook_active") == Some(&Value::Bool(true)),
        input,
    }
}

fn system(object: &mut Object) -> Option<Frame> {
    match text(object, "subtype").as_str() {
        "init" => Some(Frame::Init(init(object))),
        "session_state_changed" => match text(object, "state").as_str() {
            "running" => Some(Frame::State(AgentState::Running)),
            "requires_action" => Some(Frame::State(AgentState::RequiresAction)),
            "idle" => Some(Frame::State(AgentState::Idle)),
            _ => None,
        },
        // Without the list it would read as "none lives", and a task would be forgotten.
        "background_tasks_changed" => object.get("tasks").and_then(Value::as_array).map(|tasks| {
            Frame::Tasks(
                tasks.iter().filter_map(|task| filled(task.as_object()?, "task_id")).collect(),
            )
        }),
        "task_notification" => filled(object, "task_id")
            .map(|task_id| Frame::TaskEnded { task_id, status: text(object, "status") }),
        "api_retry" => Some(Frame::Retrying(Retrying {
            attempt: number(object, "attempt").unwrap_or_default(),
            max: number(object, "max_retries").unwrap_or_default(),
            delay_ms: number(object, "retry_delay_ms").unwrap_or_default(),
            status: status(object, "error_status"),
        })),
        "compact_boundary" => Some(Frame::Compacted),
        _ => None,
    }
}

fn init(object: &Object) -> Init {
    let servers = items(object, "mcp_servers").filter_map(Value::as_object);
    Init {
        agent_session: text(object, "session_id"),
        version: optional(object, "claude_code_version"),
        model: text(object, "model"),
        tools: texts(object, "tools"),
        mcp_servers: servers
            .map(|server| McpStatus { name: text(server, "name"), status: text(server, "status") })
            .collect(),
        capabilities: texts(object, "capabilities"),
    }
}

fn assistant(object: &mut Object) -> Assistant {
    Assistant {
        blocks: take_object(object, "message").map_or_else(Vec::new, blocks),
        parent_tool_use: optional(object, "parent_tool_use_id"),
        api_error: optional(object, "error"),
        aborted: object.get("aborted") == Some(&Value::Bool(true)),
    }
}

fn blocks(mut message: Object) -> Vec<Block> {
    match message.remove("content") {
        Some(Value::String(text)) => vec![Block::Text(text)],
        Some(Value::Array(blocks)) => blocks.into_iter().map(block).collect(),
        _ => Vec::new(),
    }
}

fn block(value: Value) -> Block {
    let Value::Object(mut block) = value else { return Block::Other };
    match text(&block, "type").as_str() {
        "text" => Block::Text(text(&block, "text")),
        "tool_use" => Block::ToolUse {
            id: text(&block, "id"),
            name: text(&block, "name"),
            input: block.remove("input").unwrap_or(Value::Null),
        },
        "thinking" => Block::Thinking,
        _ => Block::Other,
    }
}

/// A `user` line is of interest where it carries the ends of tools; else it repeats what is known
/// (our own text, a note of the program).
fn tool_results(object: &mut Object) -> Option<Frame> {
    let message = take_object(object, "message")?;
    let results: Vec<_> = items(&message, "content")
        .filter_map(Value::as_object)
        .filter(|block| text(block, "type") == "tool_result")
        .map(|block| ToolResult {
            id: text(block, "tool_use_id"),
            is_error: block.get("is_error") == Some(&Value::Bool(true)),
        })
        .collect();
    (!results.is_empty()).then_some(Frame::ToolResults(results))
}

fn turn_result(object: &mut Object) -> TurnResult {
    let mut listed = texts(object, "user_message_uuids");
    if let Some(uuid) = optional(object, "user_message_uuid")
        && !listed.contains(&uuid)
    {
        listed.push(uuid);
    }
    let errors = texts(object, "errors");
    TurnResult {
        agent_session: text(object, "session_id"),
        listed,
        // A result that does not say that it went well has not.
        is_error: object.get("is_error") != Some(&Value::Bool(false)),
        subtype: text(object, "subtype"),
        terminal_reason: optional(object, "terminal_reason"),
        api_status: status(object, "api_error_status"),
        api_error_type: optional(object, "api_error_type"),
        num_turns: number(object, "num_turns").unwrap_or_default(),
        text: if errors.is_empty() { text(object, "result") } else { errors.join("\n") },
        stop_reason: optional(object, "stop_reason"),
        cost_usd_total: object.get("total_cost_usd").and_then(Value::as_f64),
        duration_ms: number(object, "duration_ms"),
        origin_kind: take_object(object, "origin").and_then(|origin| optional(&origin, "kind")),
    }
}

fn lifecycle(state: &str) -> Lifecycle {
    match state {
        "queued" => Lifecycle::Queued,
        "started" => Lifecycle::Started,
        "completed" => Lifecycle::Completed,
        "cancelled" => Lifecycle::Cancelled,
        _ => Lifecycle::Other,
    }
}

/// The text under `key`; empty if there is none.
fn text(object: &Object, key: &str) -> String {
    optional(object, key).unwrap_or_default()
}

fn optional(object: &Object, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

/// A text that is only good for something if it is not empty.
fn filled(object: &Object, key: &str) -> Option<String> {
    optional(object, key).filter(|text| !text.is_empty())
}

fn number(object: &Object, key: &str) -> Option<u64> {
    object.get(key)?.as_u64()
}

fn status(object: &Object, key: &str) -> Option<u16> {
    number(object, key).and_then(|status| u16::try_from(status).ok())
}

fn items<'a>(object: &'a Object, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn texts(object: &Object, key: &str) -> Vec<String> {
    items(object, key).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn take_object(object: &mut Object, key: &str) -> Option<Object> {
    match object.remove(key) {
        Some(Value::Object(inner)) => Some(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
