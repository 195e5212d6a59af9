//! A stream of numbered messages to several chats, and the account at its end: nothing lost,
//! nothing delivered twice without saying so, every chat in order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::sandbox::{Reply, Sandbox};
use harness::seed::Seed;

use crate::case::{ADMINS, unbroken};
use crate::views::{Event, events, wait_settled};

/// How a frame says that its message may have been delivered before.
const REDELIVERY: &str = "[Redelivery";

/// What a message asks for. The stand-in's reply ends with the message's own last word either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// An answer at once.
    Quick,
    /// An answer in pieces, over about 0.1 s.
    Slow,
    /// A tool that runs for a moment, and an answer with what it says.
    Tool,
}

impl Work {
    /// One of them by chance.
    pub const fn any(seed: &mut Seed) -> Self {
        match seed.below(3) {
            0 => Self::Quick,
            1 => Self::Slow,
            _ => Self::Tool,
        }
    }

    fn text(self, word: &str) -> String {
        match self {
            Self::Quick => word.to_owned(),
            Self::Slow => format!("slow 4 25 {word}"),
            Self::Tool => format!("tool: timeout 0.1 tail -f /dev/null; echo {word}"),
        }
    }
}

/// Numbered messages, sent so far. Each is known by its last word, which no other has.
#[derive(Debug)]
pub struct Stream {
    sent: Vec<Vec<String>>,
}

impl Stream {
    /// A stream to the first `chats` admins.
    pub fn new(chats: usize) -> Self {
        Self { sent: vec![Vec::new(); chats.min(ADMINS.len())] }
    }

    /// How many chats it goes to.
    pub const fn chats(&self) -> usize {
        self.sent.len()
    }

    /// Sends the next message of a chat.
    pub fn send(&mut self, sandbox: &mut Sandbox, chat: usize, work: Work) -> anyhow::Result<()> {
        let sent = self.sent.get_mut(chat).context("find the chat")?;
        let word = format!("m{chat}-{:04}", sent.len());
        sandbox.drop_message(ADMINS[chat], &work.text(&word))?;
        sent.push(word);
        Ok(())
    }

    /// The words of everything that was sent to one chat.
    pub fn words_of(&self, chat: usize) -> &[String] {
        self.sent.get(chat).map_or(&[], Vec::as_slice)
    }

    /// The words of everything that was sent.
    pub fn words(&self) -> Vec<String> {
        self.sent.concat()
    }

    /// Waits until everything is answered, then draws up the account. Returns how many deliveries
    /// were marked as ones that may have happened before.
    pub fn settle(&self, sandbox: &Sandbox, limit: Duration) -> anyhow::Result<usize> {
        let waited = wait_answers(sandbox, &self.words(), limit);
        if waited.is_ok() {
            wait_settled(sandbox, limit)?;
        }
        let replies = sandbox.replies()?;
        let events = events(sandbox)?;
        unbroken("messages lost", &self.lost(&replies))?;
        unbroken("messages delivered again unmarked", &self.doubled(&events))?;
        unbroken("replies more than deliveries", &self.answered_twice(&replies, &events))?;
        unbroken("replies out of order", &self.reordered(&replies))?;
        waited?;
        let marked = events.iter().filter(|event| event.kind == "IN");
        Ok(marked.filter(|event| event.entry.to_string().contains(REDELIVERY)).count())
    }

    fn lost(&self, replies: &[Reply]) -> Vec<String> {
        let texts = self.words();
        let answered: Vec<&str> = replies.iter().filter_map(word_of).collect();
        texts.into_iter().filter(|text| !answered.contains(&text.as_str())).collect()
    }

    /// Texts that went to an agent more than once without a mark.
    fn doubled(&self, events: &[Event]) -> Vec<String> {
        let deliveries = deliveries(events);
        let unmarked = |text: &String| {
            deliveries.get(text.as_str()).map_or(0, |frames| {
                frames.iter().filter(|frame| !frame.contains(REDELIVERY)).count()
            })
        };
        self.words().into_iter().filter(|text| 1 < unmarked(text)).collect()
    }

    /// Texts that were answered more often than they were delivered.
    fn answered_twice(&self, replies: &[Reply], events: &[Event]) -> Vec<String> {
        let deliveries = deliveries(events);
        let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
        for text in replies.iter().filter_map(word_of) {
            *answers.entry(text).or_default() += 1;
        }
        self.words()
            .into_iter()
            .filter(|text| {
                let answered = answers.get(text.as_str()).copied().unwrap_or(0);
                let delivered = deliveries.get(text.as_str()).map_or(0, Vec::len);
                1 < answered && delivered < answered
            })
            .collect()
    }

    /// Texts whose first answer came before that of an earlier text of the same chat.
    fn reordered(&self, replies: &[Reply]) -> Vec<String> {
        let mut first: BTreeMap<&str, u64> = BTreeMap::new();
        for reply in replies {
            if let Some(text) = word_of(reply) {
                first.entry(text).or_insert(reply.row);
            }
        }
        let mut wrong = Vec::new();
        for chat in &self.sent {
            let rows: Vec<(&String, u64)> = chat
                .iter()
                .filter_map(|text| first.get(text.as_str()).map(|&row| (text, row)))
                .collect();
            for pair in rows.windows(2) {
                if let [(before, earlier), (after, later)] = pair
                    && later < earlier
                {
                    wrong.push(format!("{after} (row {later}) before {before} (row {earlier})"));
                }
            }
        }
        wrong
    }
}

/// Waits until each of these messages has a reply.
pub fn wait_answers(sandbox: &Sandbox, words: &[String], limit: Duration) -> anyhow::Result<()> {
    let missing = |replies: &[Reply]| -> Vec<String> {
        let answered: BTreeSet<&str> = replies.iter().filter_map(word_of).collect();
        words.iter().filter(|word| !answered.contains(word.as_str())).cloned().collect()
    };
    let replies = sandbox.wait_replies(limit, |replies| {
        words.len() <= replies.len() && missing(replies).is_empty()
    })?;
    let missing = missing(&replies);
    ensure!(missing.is_empty(), "see all replies within {limit:?}; missing: {missing:?}");
    Ok(())
}

/// The message that a reply answers.
fn word_of(reply: &Reply) -> Option<&str> {
    last_word(&reply.text)
}

fn last_word(text: &str) -> Option<&str> {
    text.split_whitespace().next_back()
}

/// The frames in which each message went to an agent, by its word. A frame holds one message.
fn deliveries(events: &[Event]) -> BTreeMap<&str, Vec<&str>> {
    let mut deliveries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == "IN") {
        let frame = event.entry["text"].as_str().unwrap_or_default();
        // What a redelivery quotes ends with a quotation mark; the message itself does not.
        for word in frame.lines().filter_map(last_word) {
            deliveries.entry(word).or_default().push(frame);
        }
    }
    deliveries
}

#[cfg(test)]
mod tests;
