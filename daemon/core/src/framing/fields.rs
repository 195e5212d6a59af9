//! Fields: what stands inside one line of a frame, and must not get out of it.

use std::fmt::Write;

use super::clean::{clean, show};
use super::delimiters::reads_as_ours;
use super::fold::{is_dash, is_invisible, is_long_dash, letter, looks_like_dash, sign};
use super::tags::defuse;
use crate::limits::{
    FILE_NAME_CHARS_MAX, MIME_CHARS_MAX, NAME_CHARS_MAX, PATH_CHARS_MAX, QUOTE_CHARS_MAX,
};

/// What stands for a name of which nothing is left.
const UNNAMED: &str = "unnamed";

/// A name of a person or a group: one line, without runs of dashes, and without the brackets and
/// colons that give a frame its shape.
pub(super) fn name(raw: &str) -> String {
    let line = one_line(raw, NAME_CHARS_MAX);
    let shapeless = line.chars().filter_map(|c| match (c, sign(c)) {
        ('"', _) => Some('\''),
        (_, Some('(' | '[' | '<')) => Some('‹'),
        (_, Some(')' | ']')) => Some('›'),
        (_, Some(':')) => None,
        _ => Some(c),
    });
    or_unnamed(without_dash_runs(shapeless, is_dash))
}

/// A name at the beginning of a line in a reply thread, where `You` means the agent.
pub(super) fn speaker(raw: &str) -> String {
    let mut name = name(raw);
    if name.chars().filter_map(letter).eq("you".chars()) {
        name.push_str(" (a person)");
    }
    if reads_as_ours(&name) {
        name.insert_str(0, "> ");
    }
    name
}

/// The name of a file, after the dash of its list. Round brackets stay: `photo (1).jpg`.
pub(super) fn file_name(raw: &str) -> String {
    list_item(raw, FILE_NAME_CHARS_MAX)
}

/// A MIME type.
pub(super) fn mime(raw: &str) -> String {
    list_item(raw, MIME_CHARS_MAX)
}

/// A chat's address.
pub(super) fn address(raw: &str) -> String {
    one_line(raw, PATH_CHARS_MAX)
}

/// A path as it can be opened. One with characters that no text may hold is changed, and cannot.
pub(super) fn path(raw: &str) -> String {
    let cleaned = clean(raw);
    let mut line = String::with_capacity(cleaned.len());
    for c in defuse(&cleaned).chars().take(PATH_CHARS_MAX) {
        match c {
            '\n' | '\t' => show(&mut line, c),
            _ => line.push(c),
        }
    }
    line
}

/// What was said elsewhere, in quotation marks and on one line.
pub(super) fn push_quote(out: &mut String, raw: &str) {
    let cleaned = clean(raw);
    let defused = defuse(&cleaned);
    let mut rest = defused.chars();
    out.push('"');
    for c in rest.by_ref().take(QUOTE_CHARS_MAX) {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push(' '),
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    if rest.next().is_some() {
        out.push('…');
    }
    out.push('"');
}

/// `raw` on one line of any length, for what was transcribed.
pub(super) fn line(raw: &str) -> String {
    one_line(raw, usize::MAX)
}

/// A file's size as people read it: `412 KB`, `3.4 MB`, in powers of 1000.
pub(super) fn push_size(out: &mut String, bytes: u64) {
    // A unit ends where its next whole number would be 1000.
    let (unit, unit_bytes) = match bytes {
        0..=999 => ("B", 1),
        1_000..=999_499 => ("KB", 1_000),
        999_500..=999_499_999 => ("MB", 1_000_000),
        999_500_000..=999_499_999_999 => ("GB", 1_000_000_000),
        999_500_000_000.. => ("TB", 1_000_000_000_000),
    };
    let whole = bytes.saturating_add(unit_bytes / 2) / unit_bytes;
    let written = if whole < 10 && 1_000_000 <= unit_bytes {
        let tenths = (bytes + unit_bytes / 20) / (unit_bytes / 10);
        write!(out, "{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        write!(out, "{whole} {unit}")
    };
    written.expect("writing to a string does not fail");
}

/// Cleaned, defused, with every run of spaces and line breaks as one space.
fn one_line(raw: &str, chars_max: usize) -> String {
    let cleaned = clean(raw);
    let defused = defuse(&cleaned);
    let mut line = String::new();
    let mut chars = 0;
    for word in defused.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
            chars += 1;
        }
        for c in word.chars() {
            if chars_max <= chars {
                line.push('…');
                return line;
            }
            line.push(c);
            chars += 1;
        }
    }
    line
}

/// One line of a list, where nothing may look like a dash beside the list's own.
fn list_item(raw: &str, chars_max: usize) -> String {
    let line = one_line(raw, chars_max);
    let tagless = line.chars().map(|c| if sign(c) == Some('<') { '‹' } else { c });
    or_unnamed(without_dash_runs(tagless, looks_like_dash))
}

/// Runs of dashes, spaces between them or not, become one; none stands at either end.
fn without_dash_runs(chars: impl Iterator<Item = char>, is_dash: fn(char) -> bool) -> String {
    let mut out = String::new();
    let mut after_dash = true;
    for c in chars {
        if is_dash(c) {
            if !after_dash {
                out.push(if is_long_dash(c) { '-' } else { c });
            }
            after_dash = true;
        } else if !is_invisible(c) {
            after_dash = false;
            out.push(c);
        } else if !(after_dash && out.ends_with(is_invisible)) {
            out.push(c);
        }
    }
    // What is invisible may belong to the last character: only spaces go with the dashes.
    let trailing = |c: char| is_dash(c) || c.is_whitespace();
    out.trim_start_matches(is_invisible).trim_end_matches(trailing).to_owned()
}

fn or_unnamed(name: String) -> String {
    if name.is_empty() { UNNAMED.to_owned() } else { name }
}
