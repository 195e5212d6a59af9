//! What became of messages, by what others can see: the inbox, the transcripts, the replies.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::daemon::{Daemon, Trouble};

/// How a frame says that its message may have been delivered before.
const REDELIVERY: &str = "[Redelivery";

/// The traces of all messages, each by the word that it is known by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Rows of the inbox, in their order.
    pub rows: Vec<String>,
    /// What was handed to agents, each agent's in its order.
    pub deliveries: Vec<Delivery>,
    /// What came back, in the order of sending.
    pub replies: Vec<String>,
}

/// One message handed to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    /// Which.
    pub word: String,
    /// Whether the agent was told that it may have had it before.
    pub marked: bool,
}

impl Evidence {
    /// What there is of a daemon's life so far.
    pub(super) fn gather(daemon: &Daemon) -> Result<Self, Trouble> {
        let replies = daemon.replies()?;
        let replies = replies.iter().filter_map(|reply| last_word(&reply.text));
        let replies = replies.map(str::to_owned).collect();
        let mut statement = daemon.database().prepare("SELECT text FROM inbox ORDER BY row")?;
        let rows = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let system = |source| Trouble::System { what: "read the transcripts", source };
        let deliveries = deliveries(&daemon.home().join("transcripts")).map_err(system)?;
        Ok(Self { rows, deliveries, replies })
    }
}

/// One file for each session.
fn deliveries(transcripts: &Path) -> io::Result<Vec<Delivery>> {
    let mut all = Vec::new();
    for file in fs::read_dir(transcripts)? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "jsonl") {
            all.extend(fs::read_to_string(file)?.lines().filter_map(delivery));
        }
    }
    Ok(all)
}

/// The line of a transcript, if it says that a message went to the agent. What a killed daemon tore
/// is no line.
fn delivery(line: &str) -> Option<Delivery> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let frame = (entry["event"] == "IN").then(|| entry["text"].as_str()).flatten()?;
    // A frame has the message between its lines; the words of this scenario have a line of their own.
    let word = frame.lines().find(|line| is_word(line))?;
    Some(Delivery { word: word.to_owned(), marked: frame.contains(REDELIVERY) })
}

/// `m2-0017`
fn is_word(line: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    line.strip_prefix('m')
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(chat, message)| number(chat) && number(message))
}

/// The stand-in repeats a text behind words of its own.
fn last_word(text: &str) -> Option<&str> {
    text.split_whitespace().next_back()
}

#[cfg(test)]
mod tests;
