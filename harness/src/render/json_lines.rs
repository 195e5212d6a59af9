//! One JSON object a line while a run goes on: for whoever watches it from another process.
//!
//! ```json
//! {"event":"started","at":"2026-03-01T12:00:00Z","id":"tier2::..","seed":7}
//! {"event":"ended","at":"..","case":{"id":"tier2::..","outcome":"passed", ..}}
//! {"event":"report","at":"..","schema":"harness.report.v1","tier":2, .., "verdict":{..}}
//! ```
//!
//! `report` is the last line; a file without it is of a run that died. It carries everything of the
//! report but its cases, which have had their lines.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::report::{CaseReport, Report};

/// A case begins, with its seed where it has one.
pub fn started(at: Timestamp, id: &str, seed: Option<u64>) -> String {
    line(&json!({"event": "started", "at": at, "id": id, "seed": seed}))
}

/// A case has ended.
pub fn ended(at: Timestamp, case: &CaseReport) -> String {
    line(&json!({"event": "ended", "at": at, "case": case}))
}

/// All of it has ended.
pub fn report(at: Timestamp, report: &Report) -> String {
    let mut event = Map::new();
    event.insert("event".to_owned(), "report".into());
    event.insert("at".to_owned(), at.to_string().into());
    if let Ok(Value::Object(mut fields)) = serde_json::to_value(report) {
        fields.remove("cases");
        event.append(&mut fields);
    }
    line(&event)
}

fn line(event: &impl Serialize) -> String {
    let mut line = serde_json::to_string(event).expect("an event has string keys only");
    line.push('\n');
    line
}
