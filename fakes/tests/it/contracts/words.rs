//! What becomes of the lines between a host and a stand-in with faults.

use std::collections::{HashMap, HashSet};

use harness::contract::kind;
use serde_json::{Value, json};

use super::fault::{Fault, Pick};

/// What becomes of the lines.
pub(crate) struct Words {
    faults: Vec<Fault>,
    /// The subtypes of the host's requests, by id.
    asked: HashMap<String, String>,
    messages: HashSet<String>,
    /// The faults that have struck once.
    struck: HashSet<usize>,
    copies: u32,
    silent: bool,
    pub(crate) ended: bool,
}

impl Words {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        Self {
            faults: faults.to_vec(),
            asked: HashMap::new(),
            messages: HashSet::new(),
            struck: HashSet::new(),
            copies: 0,
            silent: false,
            ended: false,
        }
    }

    pub(crate) fn greeting(&self) -> Vec<u8> {
        let greetings = self.faults.iter().filter_map(|fault| match fault {
            Fault::Greets(line) => Some(bytes_of(line)),
            _ => None,
        });
        greetings.flatten().collect()
    }

    pub(crate) fn ends_with_stdin(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::EndsWithStdin))
    }

    fn is(&self, pick: Pick, line: &Value) -> bool {
        match pick {
            Pick::Line(wanted) => {
                let kind = kind(line);
                kind.strip_prefix(wanted).is_some_and(|r| r.is_empty() || r.starts_with('/'))
            }
            Pick::State(state) => {
                line["subtype"] == "session_state_changed" && line["state"] == state
            }
            Pick::Lifecycle(state) => line["type"] == "command_lifecycle" && line["state"] == state,
            Pick::FailedResult => line["type"] == "result" && line["is_error"] == true,
            Pick::Answer(subtype) => {
                let id = line["response"]["request_id"].as_str().unwrap_or_default();
                self.asked.get(id).is_some_and(|asked| asked == subtype)
            }
            Pick::Said(field) => !line["response"]["response"][field].is_null(),
            Pick::Has(field) => !line[field].is_null(),
        }
    }

    /// What the host gets of a line that the program says.
    pub(crate) fn say(&mut self, line: &[u8]) -> Vec<u8> {
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else { return line.to_vec() };
        let (mut copies, was_silent) = (vec![], self.silent);
        let mut cut = None;
        let mut unsaid = was_silent;
        for at in 0..self.faults.len() {
            match self.faults[at].clone() {
                Fault::Unsaid(pick) if self.is(pick, &value) => unsaid = true,
                Fault::SaidOnce(pick) if self.is(pick, &value) => unsaid |= !self.struck.insert(at),
                Fault::SaidTwice(pick) if self.is(pick, &value) => copies.push(value.clone()),
                Fault::SaidAgain(pick) if self.is(pick, &value) => {
                    copies.push(self.with_new_ids(&value));
                }
                Fault::SaidWith(pick, place, other) if self.is(pick, &value) => {
                    put(&mut value, place, other);
                }
                Fault::FirstOf(pick, place) if self.is(pick, &value) => {
                    if let Some(Value::Array(items)) = value.pointer_mut(place) {
                        items.truncate(1);
                    }
                }
                Fault::Silenced(pick) if self.is(pick, &value) => self.silent = true,
                Fault::EndsAfter(pick) if self.is(pick, &value) => self.ended = true,
                Fault::CutLines(most) => cut = Some(most),
                _ => {}
            }
        }
        if unsaid {
            return Vec::new();
        }
        let mut bytes: Vec<u8> = bytes_of(&value);
        if let Some(most) = cut.filter(|most| *most < bytes.len()) {
            bytes.truncate(most);
            bytes.push(b'\n');
        }
        bytes.extend(copies.iter().flat_map(bytes_of));
        bytes
    }

    fn with_new_ids(&mut self, line: &Value) -> Value {
        self.copies += 1;
        let mut copy = line.clone();
        for key in ["uuid", "request_id"] {
            if copy[key].is_string() {
                copy[key] = json!(format!("copy-{}", self.copies));
            }
        }
        copy
    }

    /// What the program gets of a line of the host, and what the host gets back at once.
    pub(crate) fn hear(&mut self, line: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let deaf = self.faults.iter().any(|fault| matches!(fault, Fault::DeafToGarbage));
        let ignores = self.faults.iter().any(|fault| matches!(fault, Fault::DeafToUnended));
        if ignores && !line.ends_with(b"\n") {
            return (Vec::new(), Vec::new());
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else {
            return (if deaf { Vec::new() } else { line.to_vec() }, Vec::new());
        };
        let lacks = value["type"] == "user" && value["message"].is_null()
            || value["type"] == "control_request" && value["request"].is_null();
        if deaf && lacks {
            return (Vec::new(), Vec::new());
        }
        if value["type"] == "control_request" {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            self.asked.insert(text(&value["request_id"]), text(&value["request"]["subtype"]));
        }
        for fault in self.faults.clone() {
            match fault {
                Fault::HeardWith(pick, place, other) if self.is(pick, &value) => {
                    put(&mut value, place, other);
                }
                Fault::Pretends(subtype, mut body) if value["request"]["subtype"] == subtype => {
                    let id = &value["request_id"];
                    // An answer that names a message names the one it was asked about.
                    if value["request"]["message_uuid"].is_string() {
                        body["message_uuid"] = value["request"]["message_uuid"].clone();
                    }
                    let response =
                        json!({ "subtype": "success", "request_id": id, "response": body });
                    let answer = json!({ "type": "control_response", "response": response });
                    return (Vec::new(), bytes_of(&answer));
                }
                Fault::RenamesRepeated => self.rename_repeated(&mut value),
                _ => {}
            }
        }
        (bytes_of(&value), Vec::new())
    }

    fn rename_repeated(&mut self, line: &mut Value) {
        let Some(uuid) = line["uuid"].as_str().map(str::to_owned) else { return };
        if !self.messages.insert(uuid.clone()) {
            line["uuid"] = json!(uuid.replacen("c0", "d0", 1));
        }
    }
}

fn bytes_of(line: &Value) -> Vec<u8> {
    format!("{line}\n").into_bytes()
}

/// Puts a value at a place whose parent exists.
fn put(line: &mut Value, place: &str, value: Value) {
    let Some((parent, key)) = place.rsplit_once('/') else { return };
    let Some(parent) = line.pointer_mut(parent) else { return };
    match parent {
        Value::Object(fields) => {
            fields.insert(key.to_owned(), value);
        }
        Value::Array(items) => {
            if let Some(item) = key.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                *item = value;
            }
        }
        _ => {}
    }
}
