//! What "the model" says next: a pure function of the conversation and of the tools offered.
//!
//! It answers each message of a person by calling the reply tool with the person's own words, and
//! ends the turn with a short text. The first word of a text can direct it: see [`Directive`].
//!
//! Absent: randomness and clocks. A fault that strikes a given number of times is counted by the
//! caller in a [`Tally`], because a conversation does not show the requests that failed.

mod directive;
mod frames;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use directive::Directive;
pub use frames::texts_of;

/// The tool by which the assistant's host sends an answer to the chat.
pub const REPLY_TOOL: &str = "mcp__assistant__reply";

/// A reply repeats at most this many characters of the person's text, so that a text of a
/// megabyte does not come back as one.
const WORDS_CHARS_MAX: usize = 2000;

/// One entry of a conversation, in order, as the model sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// What starts a turn: one user message, or several that waited, joined by newlines.
    Prompt {
        /// The `uuid`s the messages carried.
        uuids: Vec<String>,
        /// The joined text.
        text: String,
    },
    /// A message that arrived while a tool of the turn ran.
    Folded {
        /// Its text, without the program's introduction.
        text: String,
    },
    /// A stop hook sent the turn back for one more round.
    Feedback {
        /// What the hook said.
        text: String,
    },
    /// Text of the assistant.
    Said {
        /// The text of one block.
        text: String,
    },
    /// A tool call of the assistant.
    Called {
        /// The tool-use id.
        id: String,
        /// The tool's name.
        name: String,
        /// Its arguments.
        input: Value,
    },
    /// What a tool call came back with.
    Returned {
        /// The tool-use id.
        id: String,
        /// The content, as text.
        text: String,
        /// Whether the content is an error.
        is_error: bool,
    },
    /// The turn was interrupted.
    Cut,
    /// The turn ended with an error of the API.
    Failed,
}

/// One block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Text for nobody in particular: it reaches no person.
    Text(String),
    /// A tool call; whoever sends the block gives it an id.
    Call {
        /// The tool's name.
        name: String,
        /// Its arguments.
        input: Value,
    },
}

/// How fast a leading text comes: `chunks` pieces, one every `chunk_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many pieces.
    pub chunks: u32,
    /// Milliseconds before each piece.
    pub chunk_ms: u64,
}

/// How a request goes wrong instead of being answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An HTTP error status.
    Status {
        /// The status.
        code: u16,
        /// How often; `None` = every time.
        times: Option<u32>,
    },
    /// The connection is cut in mid-stream, once per text.
    Drop,
    /// No answer at all.
    Hang,
}

/// What the model says next.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What happens instead of (or before) the answer, with the text that asked for it.
    pub fault: Option<(Fault, String)>,
    /// A slow text before the blocks.
    pub pace: Option<Pace>,
    /// The blocks, never empty.
    pub blocks: Vec<Block>,
}

/// Counts how often a fault has struck, per text.
#[derive(Debug, Clone, Default)]
pub struct Tally(std::collections::HashMap<String, u32>);

impl Tally {
    /// The fault that strikes now, if any; counts it.
    pub fn strike(&mut self, scope: &str, answer: &Answer) -> Option<Fault> {
        let (fault, text) = answer.fault.as_ref()?;
        let limit = match fault {
            Fault::Status { times, .. } => *times,
            Fault::Drop => Some(1),
            Fault::Hang => None,
        };
        let count = self.0.entry(format!("{scope}\n{text}")).or_default();
        if limit.is_some_and(|limit| limit <= *count) {
            return None;
        }
        *count += 1;
        Some(fault.clone())
    }
}

impl Answer {
    fn of(blocks: Vec<Block>) -> Self {
        Self { fault: None, pace: None, blocks }
    }

    /// Whether the answer calls a tool, so that the turn goes on.
    pub fn calls_tool(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Call { .. }))
    }
}

/// One text of a person in the turn under way.
struct Item {
    text: String,
    directive: Directive,
    call: Option<String>,
    output: Option<String>,
    done: bool,
}

impl Item {
    fn new(text: String) -> Self {
        let directive = Directive::of(&text);
        let done = matches!(directive, Directive::Silent { .. });
        Self { text, directive, call: None, output: None, done }
    }
}

/// Says what the model answers to `conversation` when `offered` are the tools it may call.
pub fn answer(conversation: &[Entry], offered: &[String]) -> Answer {
    let (earlier, items) = walk(conversation);
    let has = |name: &str| offered.iter().any(|tool| tool == name);
    if items.is_empty() {
        return Answer::of(vec![Block::Text("Noted.".to_owned())]);
    }
    if let Some(item) = items.iter().find(|item| !item.done) {
        if let Some(fault) = item.directive.fault() {
            let mut plain = words(item, &earlier, &items, offered);
            if plain.is_empty() {
                plain = echo(&item.text);
            }
            let block = if has(REPLY_TOOL) { reply(&plain) } else { Block::Text(plain) };
            return Answer { fault: Some((fault, item.text.clone())), ..Answer::of(vec![block]) };
        }
        if item.call.is_none()
            && let Some((name, input)) = item.directive.call().filter(|(name, _)| has(name))
        {
            return Answer::of(vec![
                Block::Text("Running.".to_owned()),
                Block::Call { name, input },
            ]);
        }
    }
    say(&earlier, &items, offered)
}

/// Replies to every text up to the next one that needs a tool or goes wrong.
fn say(earlier: &[String], items: &[Item], offered: &[String]) -> Answer {
    let ready = |item: &&Item| {
        item.directive.fault().is_none()
            && (item.call.is_some()
                || item.directive.call().is_none_or(|(name, _)| !offered.contains(&name)))
    };
    let open: Vec<&Item> = items.iter().filter(|item| !item.done).take_while(ready).collect();
    let texts: Vec<String> = open.iter().map(|item| words(item, earlier, items, offered)).collect();
    let pace = open.iter().find_map(|item| item.directive.pace());
    let blocks = if texts.is_empty() {
        vec![Block::Text("Done.".to_owned())]
    } else if offered.iter().any(|tool| tool == REPLY_TOOL) {
        texts.iter().map(|text| reply(text)).collect()
    } else {
        vec![Block::Text(texts.join("\n"))]
    };
    Answer { fault: None, pace, blocks }
}

fn reply(text: &str) -> Block {
    Block::Call { name: REPLY_TOOL.to_owned(), input: json!({ "text": text }) }
}

/// The words of the reply to one text.
fn words(item: &Item, earlier: &[String], items: &[Item], offered: &[String]) -> String {
    match &item.directive {
        Directive::Recall => {
            let mut known: Vec<&str> = Vec::new();
            let here = items.iter().take_while(|other| !std::ptr::eq(*other, item));
            for text in earlier.iter().chain(here.map(|other| &other.text)) {
                if !known.contains(&text.as_str()) {
                    known.push(text);
                }
            }
            if known.is_empty() {
                "I remember nothing.".to_owned()
            } else {
                format!("I remember: {}", known.join(" | "))
            }
        }
        Directive::Big { bytes } => "x".repeat(*bytes),
        Directive::Tool { .. } | Directive::Background { .. } | Directive::Call { .. } => {
            match (&item.output, item.directive.call()) {
                (Some(output), _) => format!("The tool said: {output}"),
                (None, Some((name, _))) if !offered.contains(&name) => {
                    format!("I have no tool {name} here. {}", echo(&item.text))
                }
                _ => format!("The tool did not answer. {}", echo(&item.text)),
            }
        }
        _ => echo(&item.text),
    }
}

fn echo(text: &str) -> String {
    if text.chars().nth(WORDS_CHARS_MAX).is_some() {
        let cut: String = text.chars().take(WORDS_CHARS_MAX).collect();
        return format!("You said: {cut}…");
    }
    format!("You said: {text}")
}

/// Splits the conversation into the texts of earlier turns and the items of the turn under way.
fn walk(conversation: &[Entry]) -> (Vec<String>, Vec<Item>) {
    let mut earlier = Vec::new();
    let mut items: Vec<Item> = Vec::new();
    for entry in conversation {
        match entry {
            Entry::Prompt { text, .. } => {
                earlier.extend(items.drain(..).map(|item| item.text));
                items.extend(texts_of(text).into_iter().map(Item::new));
            }
            Entry::Folded { text } => items.extend(texts_of(text).into_iter().map(Item::new)),
            Entry::Feedback { .. } => remind(&mut items),
            Entry::Called { name, .. } if name == REPLY_TOOL => {
                if let Some(item) = items.iter_mut().find(|item| !item.done) {
                    item.done = true;
                }
            }
            Entry::Called { id, .. } => {
                if let Some(item) = items.iter_mut().find(|item| !item.done) {
                    item.call = Some(id.clone());
                }
            }
            Entry::Returned { id, text, .. } => {
                if let Some(item) = items.iter_mut().find(|item| item.call.as_ref() == Some(id)) {
                    item.output = Some(text.trim_end().to_owned());
                }
            }
            Entry::Said { .. } | Entry::Cut | Entry::Failed => {}
        }
    }
    (earlier, items)
}

/// A stop hook's reminder opens the silent texts again.
fn remind(items: &mut [Item]) {
    for item in items {
        if matches!(item.directive, Directive::Silent { always: false }) {
            item.done = false;
        }
    }
}

#[cfg(test)]
mod tests;
