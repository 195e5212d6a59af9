//! What holds for any line, known or not.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

/// Any JSON value, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(any_key(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A key that the decoder looks for, or any.
fn any_key() -> impl Strategy<Value = String> {
    const KEYS: &[&str] = &[
        "subtype",
        "request",
        "request_id",
        "response",
        "error",
        "message",
        "content",
        "type",
        "state",
        "tasks",
        "task_id",
        "rate_limit_info",
        "command_uuid",
        "user_message_uuid",
        "user_message_uuids",
        "errors",
        "result",
        "is_error",
        "origin",
        "kind",
        "input",
        "tools",
        "mcp_servers",
        "session_id",
        "num_turns",
        "api_error_status",
        "text",
        "id",
        "name",
    ];
    prop_oneof![8 => proptest::sample::select(KEYS).prop_map(str::to_owned), 1 => ".*"]
}

/// A type and subtype that the decoder knows.
fn any_kind() -> impl Strategy<Value = (&'static str, &'static str)> {
    proptest::sample::select(vec![
        ("control_response", ""),
        ("control_request", ""),
        ("control_cancel_request", ""),
        ("assistant", ""),
        ("user", ""),
        ("result", "success"),
        ("rate_limit_event", ""),
        ("command_lifecycle", ""),
        ("system", "init"),
        ("system", "session_state_changed"),
        ("system", "background_tasks_changed"),
        ("system", "task_notification"),
        ("system", "api_retry"),
    ])
}

proptest! {
    /// Whatever an agent writes, its session lives on.
    /// Incidents: 40.
    #[test]
    fn any_bytes_decode(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode(&bytes);
    }

    #[test]
    fn any_utf16_text_of_the_program_decodes(units in proptest::collection::vec(
        prop_oneof![0xd7fe_u16..0xe002, any::<u16>(), Just(u16::from(b'\\'))], 0..20,
    )) {
        let escaped: Vec<_> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let escaped = escaped.concat();
        let line = format!(r#"{{"type":"result","result":"{escaped}"}}"#);
        let Frame::Result(result) = decode(line.as_bytes()) else { panic!("{line}") };
        prop_assert_eq!(result.text, String::from_utf16_lossy(&units));
    }

    /// A newer program says what we do not know, and leaves out what we do.
    /// Incidents: 40, J19.
    #[test]
    fn any_object_of_a_known_type_decodes_and_is_never_garbage(
        (kind, subtype) in any_kind(),
        fields in proptest::collection::hash_map(any_key(), any_json(), 0..12),
    ) {
        let mut object: serde_json::Map<String, Value> = fields.into_iter().collect();
        object.insert("type".into(), kind.into());
        if !subtype.is_empty() {
            object.insert("subtype".into(), subtype.into());
        }
        let line = Value::Object(object).to_string();
        let garbage = matches!(decode(line.as_bytes()), Frame::Garbage { .. });
        prop_assert!(!garbage);
    }

    #[test]
    fn any_text_stays_inside_its_line(text in any::<String>(), id in ".*") {
        let line = user(Uuid::from_u128(1), &text);
        prop_assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
        let message: Value = serde_json::from_slice(&line).unwrap();
        prop_assert_eq!(message["message"]["content"].as_str(), Some(text.as_str()));
        let denied = decode(&deny(&id, &text));
        let expected = Ok(json!({"behavior": "deny", "message": text}));
        let kept = matches!(denied, Frame::Response { request_id, outcome } if request_id == id && outcome == expected);
        // An empty id is no id.
        prop_assert!(kept || id.is_empty());
    }
}
