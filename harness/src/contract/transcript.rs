//! Everything that passed between a host and its peers, in the order the host saw it.

use std::time::Duration;

use serde_json::Value;

use super::{Exit, Signal};

/// A failure shows this many of the last lines.
const TAIL_LINES: usize = 12;
/// Each of them up to this many characters.
const TAIL_CHARS: usize = 300;

/// What passed, over all runs of a contract.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// The lines, in order.
    pub lines: Vec<Line>,
}

/// One thing that passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which start of the contract, from 0.
    pub run: usize,
    /// Since that start.
    pub at: Duration,
    /// What it was.
    pub entry: Entry,
}

/// What passed.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A peer was started with these arguments.
    Start(Vec<String>),
    /// The host wrote a line.
    In(Value),
    /// The host wrote bytes that are no line of JSON.
    InRaw(String),
    /// The host closed the peer's stdin.
    Close,
    /// The host sent a signal.
    Signal(Signal),
    /// The peer wrote a line.
    Out(Value),
    /// The peer ended.
    Exit(Exit),
}

impl Transcript {
    /// The lines that the peer wrote in one run.
    pub fn said(&self, run: usize) -> Vec<&Value> {
        let lines = self.lines.iter().filter(|line| line.run == run);
        lines
            .filter_map(|line| match &line.entry {
                Entry::Out(value) => Some(value),
                _ => None,
            })
            .collect()
    }

    /// How many peers were started.
    pub fn runs(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.entry, Entry::Start(_))).count()
    }

    /// The last lines, for whoever has to find out what went wrong.
    pub(super) fn tail(&self) -> String {
        let first = self.lines.len().saturating_sub(TAIL_LINES);
        let shown: Vec<String> = self.lines[first..].iter().map(shown).collect();
        shown.join("\n")
    }
}

fn shown(line: &Line) -> String {
    let (mark, text) = match &line.entry {
        Entry::Start(arguments) => ("start", arguments.join(" ")),
        Entry::In(value) => ("->", value.to_string()),
        Entry::InRaw(text) => ("-> raw", text.clone()),
        Entry::Close => ("-> end of stdin", String::new()),
        Entry::Signal(signal) => ("->", format!("{signal:?}")),
        Entry::Out(value) => ("<-", value.to_string()),
        Entry::Exit(exit) => ("<-", exit.to_string()),
    };
    let text: String = text.chars().take(TAIL_CHARS).collect();
    format!("  {:>6} ms {mark} {text}", line.at.as_millis())
}
