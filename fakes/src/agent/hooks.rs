//! The hooks that the host registered in `initialize`.

use std::time::Duration;

use serde_json::{Value, json};

use super::asks::Ask;
use super::verdicts::HookFailure;
use super::{Agent, Timer};

/// How long a hook may think when the host named no limit.
const HOOK_DEFAULT_MAX: Duration = Duration::from_mins(1);

/// One registered callback.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) callback: String,
    event: String,
    matcher: Option<String>,
    pub(super) timeout: Duration,
    pub(super) blocks_on_failure: bool,
}

/// All registered callbacks.
#[derive(Debug, Default)]
pub(super) struct Hooks(Vec<Hook>);

impl Hooks {
    /// Reads the `hooks` of an `initialize` request; `Err` says what cannot be read.
    pub(super) fn read(hooks: &Value) -> Result<Self, String> {
        let mut read = Vec::new();
        let events = match hooks {
            Value::Null => return Ok(Self::default()),
            Value::Object(events) => events,
            _ => return Err("hooks that are no object".to_owned()),
        };
        for (event, entries) in events {
            for entry in entries.as_array().into_iter().flatten() {
                let Some(ids) = entry["hookCallbackIds"].as_array() else {
                    return Err(format!("a hook of {event} without hookCallbackIds"));
                };
                for id in ids.iter().filter_map(Value::as_str) {
                    read.push(Hook {
                        callback: id.to_owned(),
                        event: event.clone(),
                        matcher: entry["matcher"].as_str().map(str::to_owned),
                        timeout: entry["timeout"]
                            .as_f64()
                            .map_or(HOOK_DEFAULT_MAX, Duration::from_secs_f64),
                        blocks_on_failure: entry["onFailure"] == "block",
                    });
                }
            }
        }
        Ok(Self(read))
    }

    /// The callbacks of an event; for a tool's event, those whose matcher names the tool.
    pub(super) fn of(&self, event: &str, tool: Option<&str>) -> Vec<Hook> {
        let matches = |hook: &&Hook| {
            hook.event == event
                && match (hook.matcher.as_deref(), tool) {
                    (None | Some("" | "*" | ".*"), _) | (_, None) => true,
                    (Some(matcher), Some(tool)) => matcher.split('|').any(|name| {
                        name == tool || name.strip_suffix(".*").is_some_and(|p| tool.starts_with(p))
                    }),
                }
        };
        self.0.iter().filter(matches).cloned().collect()
    }
}

impl Agent {
    /// Asks one hook of the running turn.
    pub(super) fn ask_hook(&mut self, hook: &Hook, tool_use_id: &str, mut input: Value) {
        input["session_id"] = json!(self.session_id);
        let path = self.options.memory.path(&self.session_id);
        input["transcript_path"] = json!(path.display().to_string());
        input["cwd"] = json!(self.options.cwd);
        input["permission_mode"] = json!(self.options.permission_mode);
        input["hook_event_name"] = json!(hook.event);
        let request = self.ask(
            Ask::Hook,
            &json!({
                "subtype": "hook_callback", "callback_id": hook.callback,
                "input": input, "tool_use_id": tool_use_id,
            }),
        );
        self.timer(hook.timeout, Timer::Hook(request));
    }

    /// A hook did not answer in its time.
    pub(super) fn hook_timed_out(&mut self, request: &str) {
        if self.asks.find(|ask| *ask == Ask::Hook).iter().any(|open| open == request) {
            self.asks.withdraw(request);
            self.emit(&json!({ "type": "control_cancel_request", "request_id": request }));
            self.hook_answered(Err(HookFailure::TimedOut));
        }
    }
}
