//! Framing: a message as the agent reads it.
//!
//! ```text
//! ---SMS FROM <name> (family)---            ---GROUP SMS [<group>] FROM <name> [TIER: family]---
//! [Your memory of this chat begins here: ...]
//! [Redelivery: ...]
//! Chat ID: +15555550123
//! [Reply thread, oldest first:
//!   You: "..."
//!   <name>: "..."]
//! <text, (no text), or (Audio message transcription: ...)>
//!
//! ATTACHMENTS:
//!   - IMG_1.heic (image/heic, 412 KB)
//!     Path: /...
//! ---END SMS---
//! ```
//!
//! Nothing that comes from people can imitate any of it. A text may have lines, so it is cleaned
//! (`clean`), its tags are defused (`tags`) and its lines quoted where they look like ours
//! (`delimiters`); everything else is kept on one line (`fields`). So a frame has exactly two lines
//! that begin with dashes, its first and its last. What the owner puts in through the command line
//! stands in blocks of other names, which only this module writes, and is treated the same way.
//!
//! The work grows with the length of the text, and the frame to three times that length at most.

use std::fmt::Write;

use crate::access::Tier;
use crate::chat::{ChatId, Source};
use crate::limits::{ATTACHMENTS_SHOWN_MAX, QUOTES_SHOWN_MAX};
use crate::message::{Arrival, Attachment, Group, Voice};

use clean::clean;
use delimiters::push_quoted;
use tags::defuse;

mod clean;
mod delimiters;
mod fields;
mod fold;
mod tags;

/// Everything that a frame shows. Not `Debug`: what people write must not end up in a log.
#[derive(Clone)]
pub struct Framed<'a> {
    /// In whose name it is delivered.
    pub voice: Voice,
    /// The conversation.
    pub chat: &'a ChatId,
    /// How the sender is called.
    pub sender_name: &'a str,
    /// The sender's rights.
    pub tier: Tier,
    /// The group, if it was sent to one.
    pub group: Option<&'a Group>,
    /// What was written.
    pub text: &'a str,
    /// What was said, for an audio message.
    pub transcription: Option<&'a str>,
    /// Files that came with it.
    pub attachments: &'a [Attachment],
    /// What it answers, oldest first.
    pub thread: &'a [ThreadEntry<'a>],
    /// Whether the agent may have had it before, and what was sent to the chat since.
    pub redelivery: Option<&'a [AlreadySent<'a>]>,
    /// What the agent remembers.
    pub memory: Memory,
}

/// One message of a reply thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ThreadEntry<'a> {
    /// Who wrote it.
    pub speaker: Speaker<'a>,
    /// What they wrote.
    pub text: &'a str,
}

/// Who wrote a message of a reply thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Speaker<'a> {
    /// The assistant.
    You,
    /// A person of this name.
    Person(&'a str),
}

/// A message that went to the chat after the first attempt to deliver the one at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AlreadySent<'a> {
    /// What it said.
    pub text: &'a str,
    /// What became of it.
    pub state: SentState,
}

/// What became of a message to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SentState {
    /// It is yet to be sent.
    Queued,
    /// It was sent.
    Sent,
    /// Nobody knows whether it was sent.
    Unknown,
    /// It was not sent.
    Failed,
}

impl SentState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Unknown => "outcome unknown",
            Self::Failed => "not sent",
        }
    }
}

/// What the agent remembers of the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Memory {
    /// Everything before this message, or there was nothing.
    #[default]
    Kept,
    /// Nothing, although there was something: it is told so.
    BeginsHere,
}

impl<'a> Framed<'a> {
    /// `arrival` as it is delivered for the first time, without a thread.
    pub fn new(arrival: &'a Arrival, sender_name: &'a str, tier: Tier) -> Self {
        Self {
            voice: arrival.voice,
            chat: &arrival.chat,
            sender_name,
            tier,
            group: arrival.group.as_ref(),
            text: &arrival.text,
            transcription: arrival.transcription.as_deref(),
            attachments: &arrival.attachments,
            thread: &[],
            redelivery: None,
            memory: Memory::Kept,
        }
    }
}

/// The block that the agent reads, without a newline at its end.
///
/// The text's length is the source's to bound ([`crate::limits::MESSAGE_TEXT_BYTES_MAX`]).
pub fn frame(framed: &Framed<'_>) -> String {
    // Room for the frame itself, so that a short message is written without growing.
    let mut out = String::with_capacity(512 + framed.text.len() + framed.text.len() / 8);
    push_opening(&mut out, framed);
    if framed.memory == Memory::BeginsHere {
        out.push_str(
            "[Your memory of this chat begins here: \
             the earlier conversation could not be resumed.]\n",
        );
    }
    if let Some(sent) = framed.redelivery {
        push_redelivery(&mut out, sent);
    }
    push(&mut out, format_args!("Chat ID: {}\n", fields::address(framed.chat.address())));
    push_thread(&mut out, framed.thread);
    push_body(&mut out, framed);
    push_attachments(&mut out, framed.attachments);
    push_closing(&mut out, framed);
    out
}

/// A text of several lines inside a block of ours: cleaned, defused, quoted, ending in a newline.
pub(crate) fn push_text(out: &mut String, text: &str) {
    push_cleaned(out, &clean(text));
}

fn push_cleaned(out: &mut String, text: &str) {
    push_quoted(out, &defuse(text));
    out.push('\n');
}

/// A name inside a line of ours.
pub(crate) fn name(raw: &str) -> String {
    fields::name(raw)
}

/// A chat's address inside a line of ours.
pub(crate) fn address(raw: &str) -> String {
    fields::address(raw)
}

fn push_opening(out: &mut String, framed: &Framed<'_>) {
    let label = framed.chat.source().label();
    match (framed.voice, framed.group) {
        (Voice::Person, None) => {
            let (name, tier) = (fields::name(framed.sender_name), framed.tier.as_str());
            push(out, format_args!("---{label} FROM {name} ({tier})---\n"));
        }
        (Voice::Person, Some(group)) => {
            let title = fields::name(group.name.as_deref().unwrap_or_default());
            let (name, tier) = (fields::name(framed.sender_name), framed.tier.as_str());
            push(out, format_args!("---GROUP {label} [{title}] FROM {name} [TIER: {tier}]---\n"));
        }
        (Voice::Note, _) => out.push_str("---OWNER NOTE---\n"),
        (Voice::Override, _) => out.push_str("---ADMIN OVERRIDE---\n"),
    }
}

fn push_closing(out: &mut String, framed: &Framed<'_>) {
    out.push_str(match (framed.voice, framed.chat.source()) {
        (Voice::Person, Source::Imessage) => "---END SMS---",
        (Voice::Person, Source::Signal) => "---END SIGNAL---",
        (Voice::Person, Source::Test) => "---END TEST---",
        (Voice::Note, _) => "---END OWNER NOTE---",
        (Voice::Override, _) => "---END ADMIN OVERRIDE---",
    });
}

fn push_redelivery(out: &mut String, sent: &[AlreadySent<'_>]) {
    out.push_str("[Redelivery: this may have reached you before");
    if sent.is_empty() {
        out.push_str("; nothing has been sent to this chat since]\n");
        return;
    }
    out.push_str(". Already sent to this chat since: ");
    let left_out = sent.len().saturating_sub(QUOTES_SHOWN_MAX);
    if 0 < left_out {
        push(out, format_args!("({left_out} earlier), "));
    }
    for (nth, entry) in sent[left_out..].iter().enumerate() {
        out.push_str(if nth == 0 { "" } else { ", " });
        fields::push_quote(out, entry.text);
        push(out, format_args!(" ({})", entry.state.as_str()));
    }
    out.push_str("]\n");
}

fn push_thread(out: &mut String, thread: &[ThreadEntry<'_>]) {
    if thread.is_empty() {
        return;
    }
    out.push_str("[Reply thread, oldest first:");
    let left_out = thread.len().saturating_sub(QUOTES_SHOWN_MAX);
    if 0 < left_out {
        push(out, format_args!("\n  ({left_out} earlier)"));
    }
    for entry in &thread[left_out..] {
        match entry.speaker {
            Speaker::You => out.push_str("\n  You: "),
            Speaker::Person(name) => push(out, format_args!("\n  {}: ", fields::speaker(name))),
        }
        fields::push_quote(out, entry.text);
    }
    out.push_str("]\n");
}

fn push_body(out: &mut String, framed: &Framed<'_>) {
    let text = clean(framed.text);
    let has_text = text.chars().any(|c| !c.is_whitespace());
    if has_text {
        push_cleaned(out, &text);
    }
    match framed.transcription.map(fields::line).filter(|said| !said.is_empty()) {
        Some(said) => push(out, format_args!("(Audio message transcription: {said})\n")),
        None if !has_text => out.push_str("(no text)\n"),
        None => {}
    }
}

fn push_attachments(out: &mut String, attachments: &[Attachment]) {
    if attachments.is_empty() {
        return;
    }
    out.push_str("\nATTACHMENTS:\n");
    for attachment in attachments.iter().take(ATTACHMENTS_SHOWN_MAX) {
        push(out, format_args!("  - {}", fields::file_name(&attachment.name)));
        push_kind_and_size(out, attachment);
        push(out, format_args!("\n    Path: {}\n", fields::path(&attachment.path)));
    }
    let left_out = attachments.len().saturating_sub(ATTACHMENTS_SHOWN_MAX);
    if 0 < left_out {
        push(out, format_args!("  ({left_out} more)\n"));
    }
}

fn push_kind_and_size(out: &mut String, attachment: &Attachment) {
    let mime = attachment.mime.as_deref().map(fields::mime);
    match (mime, attachment.bytes) {
        (None, None) => {}
        (Some(mime), None) => push(out, format_args!(" ({mime})")),
        (None, Some(bytes)) => {
            out.push_str(" (");
            fields::push_size(out, bytes);
            out.push(')');
        }
        (Some(mime), Some(bytes)) => {
            push(out, format_args!(" ({mime}, "));
            fields::push_size(out, bytes);
            out.push(')');
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests;
