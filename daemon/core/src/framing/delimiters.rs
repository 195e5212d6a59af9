//! Delimiters: quoting the lines of a text that the agent could read as ours.
//!
//! A line is quoted with `> ` when
//! - its first two visible characters look like dashes (or its first is a dash of double length);
//! - it begins with a sign and its letters with those of a delimiter (`=== END SMS ===`), or its
//!   letters are those of a closing one and nothing else;
//! - it begins like a line that only frames have (`Chat ID:`, `[Redelivery`, ...).
//!
//! All of it by looks, see `fold`. A plain list (`- milk`) and a sentence after one dash stay.

use super::fold::{Start, fold, is_invisible, is_long_dash, letter, looks_like_dash};

/// Letters of the lines that open a block.
const OPENINGS: [&str; 8] = [
    "adminoverride",
    "groupsignal",
    "groupsms",
    "grouptest",
    "ownernote",
    "signalfrom",
    "smsfrom",
    "testfrom",
];

/// Letters of the lines that close one.
const CLOSINGS: [&str; 6] =
    ["endadminoverride", "endmemory", "endownernote", "endsignal", "endsms", "endtest"];

/// Beginnings of the other lines of a frame, without spaces.
const FIELDS: [&str; 6] = [
    "chatid:",
    "attachments:",
    "[replythread",
    "[redelivery",
    "[yourmemory",
    "(audiomessagetranscription:",
];

/// Characters to know a line by: the longest word above, and one to see that it ended.
const START_CHARS: usize = 28;

/// Appends `text`, already cleaned, with the lines quoted that look like ours. No newline is added.
pub(super) fn push_quoted(out: &mut String, text: &str) {
    for line in text.split_inclusive('\n') {
        if reads_as_ours(line) {
            out.push_str("> ");
        }
        out.push_str(line);
    }
}

/// Whether a line could be read as part of a frame.
pub(super) fn reads_as_ours(line: &str) -> bool {
    starts_with_dashes(line) || reads_as_delimiter(line) || reads_as_field(line)
}

fn starts_with_dashes(line: &str) -> bool {
    let mut visible = line.chars().filter(|&c| !is_invisible(c));
    let Some(first) = visible.next() else { return false };
    is_long_dash(first) || (looks_like_dash(first) && visible.next().is_some_and(looks_like_dash))
}

fn reads_as_delimiter(line: &str) -> bool {
    let Some(first) = line.chars().find(|&c| !is_invisible(c)) else { return false };
    let letters = Start::<START_CHARS>::of(line.chars().filter_map(letter));
    if letter(first).is_none() {
        return OPENINGS.iter().chain(&CLOSINGS).any(|delimiter| letters.begins(delimiter));
    }
    CLOSINGS.iter().any(|closing| letters.is(closing))
}

/// Spaces and marks of emphasis do not count.
fn reads_as_field(line: &str) -> bool {
    let is_emphasis = |c: char| matches!(c, '*' | '_' | '#' | '`' | '~');
    let shown = line.chars().filter(|&c| !is_invisible(c) && !is_emphasis(c));
    let start = Start::<START_CHARS>::of(shown.map(fold));
    FIELDS.iter().any(|field| start.begins(field))
}
