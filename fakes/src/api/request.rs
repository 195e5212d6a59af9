//! What a request to the Messages API asks, as the model sees it.

use serde_json::Value;

use crate::model::Entry;

/// What the agent program puts in front of a stop hook's reason.
const FEEDBACK_INTRODUCTION: &str = "Stop hook feedback:\n";
/// How a message begins that was folded into a running turn.
const FOLDED_INTRODUCTION: &str = "The user sent a new message while you were working:\n";
/// How the program's explanation begins that stands behind a folded message.
const FOLDED_EXPLANATION: &str = "\n\nThis is how Claude Code";

/// One request.
pub(super) struct Asked {
    /// The model that is asked for.
    pub(super) model: String,
    /// Whether the answer comes as events.
    pub(super) stream: bool,
    /// The names of the tools offered.
    pub(super) offered: Vec<String>,
    /// How many messages the request has.
    pub(super) messages: usize,
    /// The conversation so far.
    pub(super) conversation: Vec<Entry>,
}

impl Asked {
    /// Reads a request body; `None` if it has no messages.
    pub(super) fn read(body: &Value) -> Option<Self> {
        let messages = body["messages"].as_array()?;
        let names = body["tools"].as_array().into_iter().flatten();
        Some(Self {
            model: body["model"].as_str().unwrap_or("unknown").to_owned(),
            stream: body["stream"].as_bool().unwrap_or(false),
            offered: names.filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect(),
            messages: messages.len(),
            conversation: messages.iter().flat_map(entries_of).collect(),
        })
    }
}

fn entries_of(message: &Value) -> Vec<Entry> {
    let content = &message["content"];
    match message["role"].as_str() {
        Some("user") => of_user(content),
        Some("assistant") => blocks_of(content).iter().filter_map(of_assistant).collect(),
        Some("system") => texts(content).iter().flat_map(|text| folded(text)).collect(),
        _ => Vec::new(),
    }
}

/// The content as a list of blocks: a bare string is one text block.
fn blocks_of(content: &Value) -> Vec<Value> {
    match content {
        Value::String(text) => vec![serde_json::json!({ "type": "text", "text": text })],
        Value::Array(blocks) => blocks.clone(),
        _ => Vec::new(),
    }
}

fn texts(content: &Value) -> Vec<String> {
    blocks_of(content)
        .iter()
        .filter_map(|block| block["text"].as_str().map(str::to_owned))
        .collect()
}

/// A user message: results of tools, or texts. Messages that follow each other without an answer
/// between them (a failed turn, then the next) come as one, each but the last with a newline at its
/// end; messages that waited and became one turn come as one text, or as texts without that newline.
fn of_user(content: &Value) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut prompt = String::new();
    for block in blocks_of(content) {
        match block["type"].as_str() {
            Some("tool_result") => entries.push(Entry::Returned {
                id: block["tool_use_id"].as_str().unwrap_or_default().to_owned(),
                text: texts(&block["content"]).join("\n"),
                is_error: block["is_error"].as_bool().unwrap_or(false),
            }),
            Some("text") => {
                let text = block["text"].as_str().unwrap_or_default();
                match of_program(text) {
                    Some(own) => entries.extend(own),
                    None if text.trim_start().starts_with("<system-reminder>") => {}
                    None => {
                        prompt.push_str(text);
                        if text.ends_with('\n') {
                            entries.push(prompt_of(std::mem::take(&mut prompt)));
                        } else {
                            prompt.push('\n');
                        }
                    }
                }
            }
            _ => {}
        }
    }
    if !prompt.is_empty() {
        entries.push(prompt_of(prompt));
    }
    entries
}

fn prompt_of(text: String) -> Entry {
    Entry::Prompt { uuids: Vec::new(), text }
}

/// A text that the agent program wrote itself.
fn of_program(text: &str) -> Option<Vec<Entry>> {
    if let Some(reason) = text.strip_prefix(FEEDBACK_INTRODUCTION) {
        return Some(vec![Entry::Feedback { text: reason.to_owned() }]);
    }
    if text.starts_with("[Request interrupted by user") {
        return Some(vec![Entry::Cut]);
    }
    let folded = folded(text);
    (!folded.is_empty()).then_some(folded)
}

/// The messages that were folded into a running turn: each between its introduction and an
/// explanation, all of them in one text.
fn folded(text: &str) -> Vec<Entry> {
    text.split(FOLDED_INTRODUCTION)
        .skip(1)
        .map(|text| text.rsplit_once(FOLDED_EXPLANATION).map_or(text, |(text, _)| text))
        .map(|text| Entry::Folded { text: text.to_owned() })
        .collect()
}

fn of_assistant(block: &Value) -> Option<Entry> {
    match block["type"].as_str()? {
        "text" => Some(Entry::Said { text: block["text"].as_str()?.to_owned() }),
        "tool_use" => Some(Entry::Called {
            id: block["id"].as_str()?.to_owned(),
            name: block["name"].as_str()?.to_owned(),
            input: block["input"].clone(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
