//! Fields: what stands inside one line of a frame, and must not get out of it.

use std::fmt::Write;

use super::clean::{clean, show};
use super::fold::{is_dash, is_invisible, letter, sign};
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
    let shapeless = line.chars().map(|c| match (c, sign(c)) {
        ('"', _) => '\'',
        (_, Some('(' | '[')) => '‹',
        (_, Some(')' | ']')) => '›',
        (_, Some(':')) => ' ',
        _ => c,
    });
    or_unnamed(without_dash_runs(shapeless))
}

/// A name in a reply thread, where `You` means the agent.
pub(super) fn speaker(raw: &str) -> String {
    let mut name = name(raw);
    if name.chars().filter_map(letter).eq("you".chars()) {
        name.push_str(" (a person)");
    }
    name
}

/// The name of a file. Brackets stay: `photo (1).jpg`.
pub(super) fn file_name(raw: &str) -> String {
    or_unnamed(without_dash_runs(one_line(raw, FILE_NAME_CHARS_MAX).chars()))
}

/// A MIME type.
pub(super) fn mime(raw: &str) -> String {
    or_unnamed(without_dash_runs(one_line(raw, MIME_CHARS_MAX).chars()))
}

/// A chat's address.
pub(super) fn address(raw: &str) -> String {
    one_line(raw, PATH_CHARS_MAX)
}

/// A path, byte for byte as it can be opened, unless it holds what no path should: that is shown.
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

/// A file's size as people read it: `412 KB`, `3.4 MB`; powers of 1000.
pub(super) fn push_size(out: &mut String, bytes: u64) {
    let mut unit_bytes = 1_000;
    let mut units = ["KB", "MB", "GB", "TB"].into_iter().peekable();
    if bytes < unit_bytes {
        write!(out, "{bytes} B").expect("writing to a string does not fail");
        return;
    }
    while let Some(unit) = units.next() {
        // Rounded to tenths below ten, to whole ones above; 999.9 KB are 1.0 MB.
        let tenths = bytes.saturating_add(unit_bytes / 20) / (unit_bytes / 10);
        let whole = bytes.saturating_add(unit_bytes / 2) / unit_bytes;
        let fits = whole < 1_000 || units.peek().is_none();
        if fits {
            let written = match unit {
                "KB" => write!(out, "{whole} {unit}"),
                _ if tenths < 100 => write!(out, "{}.{} {unit}", tenths / 10, tenths % 10),
                _ => write!(out, "{whole} {unit}"),
            };
            written.expect("writing to a string does not fail");
            return;
        }
        unit_bytes *= 1_000;
    }
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

/// Runs of dashes, spaces between them or not, become one; none stands at either end.
fn without_dash_runs(chars: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut after_dash = true;
    for c in chars {
        if is_dash(c) {
            if !after_dash {
                // A dash of double length is a run by itself.
                out.push(if matches!(c, '\u{2E3A}' | '\u{2E3B}') { '-' } else { c });
            }
            after_dash = true;
        } else if !c.is_whitespace() {
            after_dash &= is_invisible(c);
            out.push(c);
        } else if !out.ends_with(char::is_whitespace) {
            out.push(c);
        }
    }
    let trim = |c: char| is_dash(c) || is_invisible(c);
    out.trim_matches(trim).to_owned()
}

fn or_unnamed(name: String) -> String {
    if name.is_empty() { UNNAMED.to_owned() } else { name }
}
