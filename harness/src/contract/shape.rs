//! Whether two implementations said the same things in the same order, whatever the words.
//!
//! A transcript is split into lanes, and each lane is compared in order: the *conversation* (turns,
//! tools, questions, answers), the states of each *message*, the states of the *session*, and the
//! *tasks*. Between lanes the order is a matter of milliseconds. Of the lines of a lane the fields
//! that a host reads are compared by their JSON type. Lines and fields that the program may leave
//! out are not compared.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::frames::kind;
use super::transcript::{Entry, Transcript};

/// Fields that a host reads, by the beginning of the kind of their line.
const FIELDS: [(&str, &[&str]); 17] = [
    (
        "system/init",
        &[
            "/cwd",
            "/session_id",
            "/tools",
            "/mcp_servers",
            "/model",
            "/permissionMode",
            "/slash_commands",
            "/apiKeySource",
            "/claude_code_version",
            "/output_style",
            "/agents",
            "/skills",
            "/plugins",
            "/uuid",
            "/capabilities",
        ],
    ),
    (
        "assistant",
        &[
            "/message/id",
            "/message/role",
            "/message/model",
            "/message/content",
            "/message/usage",
            "/parent_tool_use_id",
            "/session_id",
            "/uuid",
        ],
    ),
    ("user", &["/message/role", "/message/content", "/parent_tool_use_id", "/session_id"]),
    (
        "result",
        &[
            "/is_error",
            "/duration_ms",
            "/duration_api_ms",
            "/num_turns",
            "/session_id",
            "/total_cost_usd",
            "/usage",
            "/modelUsage",
            "/permission_denials",
            "/uuid",
            "/result",
            "/errors",
            "/result_index",
            "/terminal_reason",
            "/api_error_status",
            "/user_message_uuids",
            "/origin/kind",
        ],
    ),
    (
        "system/api_retry",
        &["/attempt", "/max_retries", "/retry_delay_ms", "/error_status", "/error"],
    ),
    (
        "event",
        &[
            "/uuid",
            "/session_id",
            "/parent_tool_use_id",
            "/event/index",
            "/event/message/id",
            "/event/content_block/type",
            "/event/delta/stop_reason",
            "/event/usage",
        ],
    ),
    ("system/session_state_changed", &["/state", "/sdk_host_only"]),
    ("system/task_started", &["/task_id", "/description", "/task_type", "/tool_use_id"]),
    ("system/task_updated", &["/task_id", "/patch/status"]),
    ("system/task_notification", &["/task_id", "/status", "/output_file", "/summary"]),
    ("command_lifecycle", &["/command_uuid", "/state"]),
    ("control_cancel_request", &["/request_id"]),
    (
        "control_request/can_use_tool",
        &[
            "/request_id",
            "/request/tool_name",
            "/request/input",
            "/request/tool_use_id",
            "/request/permission_suggestions",
        ],
    ),
    (
        "control_request/hook_callback",
        &[
            "/request_id",
            "/request/callback_id",
            "/request/tool_use_id",
            "/request/input/session_id",
            "/request/input/transcript_path",
            "/request/input/cwd",
            "/request/input/permission_mode",
            "/request/input/tool_name",
            "/request/input/tool_input",
            "/request/input/prompt",
            "/request/input/stop_hook_active",
            "/request/input/last_assistant_message",
        ],
    ),
    (
        "control_request/mcp_message",
        &["/request_id", "/request/server_name", "/request/message/jsonrpc", "/request/message/id"],
    ),
    ("control_response/success", &["/response/request_id", "/response/response"]),
    (
        "control_response/error",
        &["/response/request_id", "/response/error", "/response/error_code"],
    ),
];

/// Fields whose words are the program's own and are compared as well.
const WORDS: [&str; 9] = [
    "/state",
    "/is_error",
    "/terminal_reason",
    "/api_error_status",
    "/num_turns",
    "/status",
    "/patch/status",
    "/error_status",
    "/message/role",
];

/// Events of which there are as many as the API's text had pieces.
const PIECES: &str = "event/content_block_delta";

/// Lines that the program may leave out, or that come as often as it likes.
const OPTIONAL: [&str; 10] = [
    "system/notification",
    "system/informational",
    "system/status",
    "system/task_progress",
    "system/background_tasks_changed",
    "system/thinking_tokens",
    "system/control_request_progress",
    "system/session_title_changed",
    "rate_limit_event",
    "keep_alive",
];

/// Where two implementations of a contract differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The contract.
    pub contract: String,
    /// The run and the lane in it.
    pub lane: String,
    /// What stood where, on either side.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}: {}", self.contract, self.lane, self.what)
    }
}

/// What one side said, lane by lane.
type Lanes = BTreeMap<String, Vec<Shape>>;

/// One line, without its words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    kind: String,
    fields: BTreeMap<&'static str, String>,
}

/// Compares what two sides said in a contract.
pub fn compare(
    contract: &str,
    one: (&str, &Transcript),
    other: (&str, &Transcript),
) -> Vec<Difference> {
    let (left, right) = (lanes(one.1), lanes(other.1));
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort();
    names.dedup();
    let mut found = Vec::new();
    let none = Vec::new();
    for name in names {
        let (a, b) = (left.get(name).unwrap_or(&none), right.get(name).unwrap_or(&none));
        let what = difference((one.0, a), (other.0, b));
        found.extend(what.into_iter().map(|what| Difference {
            contract: contract.to_owned(),
            lane: name.clone(),
            what,
        }));
    }
    found
}

/// Every field that is compared, after the beginning of the kind of its line.
pub fn compared_fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    let each = |(beginning, fields): &(&'static str, &'static [&'static str])| {
        let beginning = *beginning;
        fields.iter().map(move |&field| (beginning, field))
    };
    FIELDS.iter().flat_map(each)
}

/// Whether the kind of a line begins so.
pub fn is_of(beginning: &str, line: &Value) -> bool {
    full_kind(line).starts_with(beginning)
}

/// The kind of a line; an event of the API stands for itself.
fn full_kind(line: &Value) -> String {
    let event = line["event"]["type"].as_str();
    event.map_or_else(|| kind(line), |event| format!("event/{event}"))
}

/// The first place where the lines are others, else every field that is another.
fn difference(one: (&str, &[Shape]), other: (&str, &[Shape])) -> Vec<String> {
    let kinds = |shapes: &[Shape]| shapes.iter().map(|s| s.kind.clone()).collect::<Vec<_>>();
    let (a, b) = (kinds(one.1), kinds(other.1));
    if a != b {
        let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        let here =
            |kinds: &[String]| kinds.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
        return vec![format!(
            "line {}: {} says {}, {} says {}",
            at + 1,
            one.0,
            here(&a),
            other.0,
            here(&b)
        )];
    }
    let mut found = Vec::new();
    for (at, (a, b)) in one.1.iter().zip(other.1).enumerate() {
        for (field, left) in &a.fields {
            let right = &b.fields[field];
            if left != right {
                found.push(format!(
                    "line {} ({}) {field}: {} has {left}, {} has {right}",
                    at + 1,
                    a.kind,
                    one.0,
                    other.0
                ));
            }
        }
    }
    found
}

fn lanes(transcript: &Transcript) -> Lanes {
    let mut lanes = Lanes::new();
    for line in &transcript.lines {
        let run = line.run + 1;
        match &line.entry {
            Entry::Out(value) => {
                let kind = full_kind(value);
                if kind == PIECES {
                    continue;
                }
                if !OPTIONAL.iter().any(|optional| kind.starts_with(optional)) {
                    let lane = format!("run {run}, {}", lane(value, &kind));
                    lanes.entry(lane).or_default().push(shape(value, kind));
                }
            }
            Entry::Exit(exit) => lanes
                .entry(format!("run {run}, conversation"))
                .or_default()
                .push(Shape { kind: exit.to_string(), fields: BTreeMap::new() }),
            _ => {}
        }
    }
    lanes
}

fn lane(line: &Value, kind: &str) -> String {
    let id = line["command_uuid"].as_str();
    match kind {
        "command_lifecycle" => format!("message {}", id.unwrap_or_default()),
        "system/session_state_changed" => "session".to_owned(),
        kind if kind.starts_with("system/task_") => "tasks".to_owned(),
        kind if kind.starts_with("control_request/mcp_message") => "tool server".to_owned(),
        _ => "conversation".to_owned(),
    }
}

fn shape(line: &Value, kind: String) -> Shape {
    let read = FIELDS.iter().filter(|(beginning, _)| kind.starts_with(beginning));
    let fields = read
        .flat_map(|(_, fields)| fields.iter())
        .map(|&field| (field, described(field, line.pointer(field))))
        .collect();
    Shape { kind, fields }
}

/// A field as it is compared: its JSON type, or its very value.
fn described(field: &str, value: Option<&Value>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    if WORDS.contains(&field) {
        return value.to_string();
    }
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
    .to_owned()
}
