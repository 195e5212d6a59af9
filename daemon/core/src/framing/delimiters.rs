//! Delimiters: quoting the lines of a text that the agent could read as ours.
//!
//! A line is quoted with `> ` when
//! - its first two visible characters look like dashes (or its first is a dash of double length);
//! - it begins with a sign and its letters with those of a delimiter (`=== END SMS ===`), or its
//!   letters are those of a closing one and nothing else;
//! - it begins like a line that only frames have (`Chat ID:`, `[Redelivery`, ...).
//!
//! All of it by looks, see `fold`. A plain list (`- milk`) and a sentence after one dash stay.

use super::fold::{fold, is_dash, is_invisible, letter};

/// Letters that follow the dashes of a delimiter.
const DELIMITERS: [&str; 13] = [
    "adminoverride",
    "endadminoverride",
    "endmemory",
    "endownernote",
    "endsignal",
    "endsms",
    "endtest",
    "groupsignal",
    "groupsms",
    "grouptest",
    "signalfrom",
    "smsfrom",
    "testfrom",
];

/// Beginnings of the other lines of a frame, without spaces.
const FIELDS: [&str; 6] = [
    "chatid:",
    "attachments:",
    "[replythread",
    "[redelivery",
    "[yourmemory",
    "(audiomessagetranscription:",
];

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
    starts_with_dashes(line)
        || reads_as_delimiter(line)
        || FIELDS.iter().any(|f| has_start(line, f))
}

fn starts_with_dashes(line: &str) -> bool {
    let mut visible = line.chars().filter(|&c| !is_invisible(c));
    let Some(first) = visible.next() else { return false };
    is_long_dash(first) || (is_dash(first) && visible.next().is_some_and(is_dash))
}

/// Two-em and three-em dashes.
fn is_long_dash(c: char) -> bool {
    matches!(c, '\u{2E3A}' | '\u{2E3B}')
}

fn reads_as_delimiter(line: &str) -> bool {
    let Some(first) = line.chars().find(|&c| !is_invisible(c)) else { return false };
    let is_decorated = letter(first).is_none();
    DELIMITERS.iter().any(|delimiter| {
        let mut letters = line.chars().filter_map(letter);
        let begins = delimiter.chars().map(fold).all(|expected| letters.next() == Some(expected));
        begins && (is_decorated || (delimiter.starts_with("end") && letters.next().is_none()))
    })
}

/// Whether `line` begins with `field`, spaces and marks of emphasis apart.
fn has_start(line: &str, field: &str) -> bool {
    let is_emphasis = |c: char| matches!(c, '*' | '_' | '#' | '`' | '~');
    let mut signs = line.chars().filter(|&c| !is_invisible(c) && !is_emphasis(c)).map(fold);
    field.chars().map(fold).all(|expected| signs.next() == Some(expected))
}
