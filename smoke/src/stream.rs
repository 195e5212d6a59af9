//! A stream of numbered messages to several chats, and the account at its end: nothing lost,
//! nothing delivered twice without saying so, every chat in order.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use harness::sandbox::{Reply, Sandbox};

use crate::case::{ADMINS, unbroken};
use crate::views::{Event, echo_of, events, wait_echoes, wait_settled};

/// How a frame says that its message may have been delivered before.
const REDELIVERY: &str = "[Redelivery";

/// Numbered messages, sent so far.
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
    pub fn chats(&self) -> usize {
        self.sent.len()
    }

    /// Sends the next message of a chat.
    pub fn send(&mut self, sandbox: &mut Sandbox, chat: usize) -> anyhow::Result<()> {
        let sent = self.sent.get_mut(chat).context("find the chat")?;
        let text = format!("m{chat}-{:04}", sent.len());
        sandbox.drop_message(ADMINS[chat], &text)?;
        sent.push(text);
        Ok(())
    }

    /// Everything that was sent to one chat.
    pub fn texts_of(&self, chat: usize) -> &[String] {
        self.sent.get(chat).map_or(&[], Vec::as_slice)
    }

    /// Everything that was sent.
    pub fn texts(&self) -> Vec<String> {
        self.sent.concat()
    }

    /// Waits until everything is answered, then draws up the account.
    pub fn settle(&self, sandbox: &Sandbox, limit: Duration) -> anyhow::Result<()> {
        let waited = wait_echoes(sandbox, &self.texts(), limit);
        if waited.is_ok() {
            wait_settled(sandbox, limit)?;
        }
        let replies = sandbox.replies()?;
        unbroken("messages lost", &self.lost(&replies))?;
        unbroken("messages delivered again unmarked", &self.doubled(&events(sandbox)?))?;
        unbroken(
            "replies doubled with no redelivery",
            &self.answered_twice(&replies, &events(sandbox)?),
        )?;
        unbroken("replies out of order", &self.reordered(&replies))?;
        waited.map(|_| ())
    }

    fn lost(&self, replies: &[Reply]) -> Vec<String> {
        let texts = self.texts();
        let answered: Vec<&str> = replies.iter().filter_map(echo_of).collect();
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
        self.texts().into_iter().filter(|text| 1 < unmarked(text)).collect()
    }

    /// Texts that were answered more often than they were delivered.
    fn answered_twice(&self, replies: &[Reply], events: &[Event]) -> Vec<String> {
        let deliveries = deliveries(events);
        let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
        for text in replies.iter().filter_map(echo_of) {
            *answers.entry(text).or_default() += 1;
        }
        self.texts()
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
            if let Some(text) = echo_of(reply) {
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

/// The frames in which each line of text went to an agent. A frame holds one message.
fn deliveries(events: &[Event]) -> BTreeMap<&str, Vec<&str>> {
    let mut deliveries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == "IN") {
        let frame = event.entry["text"].as_str().unwrap_or_default();
        // What a redelivery quotes is indented or quoted; the message itself is a line of its own.
        for line in frame.lines() {
            deliveries.entry(line).or_default().push(frame);
        }
    }
    deliveries
}

#[cfg(test)]
mod tests;
