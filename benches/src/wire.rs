//! Lines as the agent program writes them, for reading.

use serde_json::json;

/// A block of an answer, as most lines are.
pub fn assistant() -> Vec<u8> {
    let message = json!({
        "id": "msg_0000000000000000000000",
        "type": "message",
        "role": "assistant",
        "model": "claude-model",
        "content": [{"type": "text", "text": crate::framing::SHORT}],
        "stop_reason": null,
        "usage": {"input_tokens": 12, "output_tokens": 30, "cache_read_input_tokens": 4096},
    });
    line(&json!({
        "type": "assistant",
        "message": message,
        "parent_tool_use_id": null,
        "session_id": "00000000-0000-4000-8000-000000000000",
        "uuid": "00000000-0000-4000-8000-000000000001",
    }))
}

/// The answer to the first request: 18 KB, most of it the list of commands.
pub fn initialize_answer() -> Vec<u8> {
    let commands: Vec<_> = (0..84)
        .map(|nth| {
            json!({
                "name": format!("command-{nth}"),
                "description": "What a command does, in as many words as its author found fit, \
                                with \u{201c}quotes\u{201d}, a dash \u{2014} and a second sentence \
                                that says when it is to be used.",
                "argumentHint": "[what]",
            })
        })
        .collect();
    let models: Vec<_> = (0..6)
        .map(|nth| json!({"value": format!("model-{nth}"), "displayName": "A model"}))
        .collect();
    let body = json!({
        "commands": commands,
        "models": models,
        "account": {"tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY"},
        "hook_on_failure_supported": true,
        "capabilities": ["one_v1", "two_v1", "three_v1"],
    });
    line(&json!({
        "type": "control_response",
        "response": {"subtype": "success", "request_id": "1", "response": body},
    }))
}

/// The end of a turn whose text has this many bytes.
pub fn result(bytes: usize) -> Vec<u8> {
    line(&json!({
        "type": "result",
        "subtype": "success",
        "is_error": false,
        "terminal_reason": "completed",
        "result": crate::framing::long_text(bytes),
        "num_turns": 2,
        "duration_ms": 1234,
        "total_cost_usd": 0.01,
        "session_id": "00000000-0000-4000-8000-000000000000",
        "uuid": "00000000-0000-4000-8000-000000000002",
        "usage": {"input_tokens": 12, "output_tokens": 30},
    }))
}

fn line(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests;
