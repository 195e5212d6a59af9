//! What holds in every conversation, whatever it is about; checked after each contract.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::frames::{is_init, is_result};
use super::transcript::{Entry, Transcript};

/// A test of a field's JSON type.
type IsRight = fn(&Value) -> bool;

/// The fields that every result carries, with a test of their JSON type.
const RESULT_FIELDS: [(&str, IsRight); 12] = [
    ("subtype", Value::is_string),
    ("is_error", Value::is_boolean),
    ("duration_ms", Value::is_number),
    ("duration_api_ms", Value::is_number),
    ("num_turns", Value::is_number),
    ("session_id", Value::is_string),
    ("total_cost_usd", Value::is_number),
    ("usage", Value::is_object),
    ("modelUsage", Value::is_object),
    ("permission_denials", Value::is_array),
    ("uuid", Value::is_string),
    ("result_index", Value::is_number),
];

/// Checks all runs of a transcript.
pub(super) fn check(transcript: &Transcript) -> anyhow::Result<()> {
    for run in 0..transcript.runs() {
        let lines = transcript.lines.iter().filter(|line| line.run == run);
        let mut talk = Talk::default();
        for line in lines {
            talk.hear(&line.entry).with_context(|| format!("hold in run {}", run + 1))?;
        }
    }
    Ok(())
}

/// What is known of one run so far.
#[derive(Default)]
struct Talk {
    asked: BTreeSet<String>,
    identities: BTreeSet<String>,
    /// Whether a turn was announced that has no result yet.
    running: bool,
    results: u64,
}

impl Talk {
    fn hear(&mut self, entry: &Entry) -> anyhow::Result<()> {
        match entry {
            Entry::In(line) => self.hear_host(line),
            Entry::InRaw(text) => {
                let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
                lines.for_each(|line| self.hear_host(&line));
            }
            Entry::Out(line) => self.hear_program(line)?,
            _ => {}
        }
        Ok(())
    }

    fn hear_host(&mut self, line: &Value) {
        if line["type"] == "control_request" {
            self.asked.insert(text(&line["request_id"]));
        }
    }

    fn hear_program(&mut self, line: &Value) -> anyhow::Result<()> {
        ensure!(line["type"].is_string(), "a line without a type: {line}");
        if line["type"] == "control_response" {
            let id = text(&line["response"]["request_id"]);
            ensure!(self.asked.remove(&id), "an answer to {id:?}, which nobody waits for");
        }
        if line["type"] == "control_request" || line["uuid"].is_string() {
            let key = if line["uuid"].is_string() { "uuid" } else { "request_id" };
            let id = text(&line[key]);
            ensure!(!id.is_empty(), "a line without {key}: {line}");
            ensure!(self.identities.insert(id.clone()), "the {key} {id} twice");
        }
        if is_init(line) {
            ensure!(!self.running, "a turn begins before the result of the last one");
            self.running = true;
        }
        if is_result(line) {
            self.hear_result(line)?;
        }
        Ok(())
    }

    fn hear_result(&mut self, line: &Value) -> anyhow::Result<()> {
        for (field, is_right) in RESULT_FIELDS {
            ensure!(is_right(&line[field]), "a result whose {field} is {}", line[field]);
        }
        let words = if line["subtype"] == "success" { &line["result"] } else { &line["errors"] };
        ensure!(!words.is_null(), "a result that says nothing");
        ensure!(
            line["result_index"] == self.results,
            "result {} is numbered {}",
            self.results,
            line["result_index"]
        );
        let unknown_session = line["terminal_reason"].is_null() && line["is_error"] == true;
        ensure!(self.running || unknown_session, "a result of no turn");
        self.running = false;
        self.results += 1;
        Ok(())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
