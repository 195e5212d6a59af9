//! A transcript's line as a person reads it. Lines of other versions are shown as they are.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Entry, Event};

/// A tool's input is shown up to here; the file has all of it.
const INPUT_CHARS_MAX: usize = 200;

/// One line of the file, without its line end, as one or more lines for a terminal in `zone`.
/// Control characters are shown as pictures, so that a message cannot act on the terminal.
pub(crate) fn pretty(line: &str, zone: &TimeZone) -> String {
    let Ok(entry) = serde_json::from_str::<Entry>(line) else {
        return shown(line);
    };
    let Ok(at) = entry.at.parse::<Timestamp>() else {
        return shown(line);
    };
    let time = at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let (word, text) = described(&entry.event);
    let mut lines = shown(&text);
    if lines.contains('\n') {
        lines = lines.replace('\n', "\n                ");
    }
    format!("{time} {word:<6} {lines}")
}

fn described(event: &Event) -> (&'static str, String) {
    match event {
        Event::SessionStart { agent_pid, agent_session, resumed } => {
            let how = if *resumed { "goes on" } else { "begins" };
            ("start", format!("session {agent_session} {how}, agent {agent_pid}"))
        }
        Event::In { text, .. } => ("in", text.clone()),
        Event::Out { text, .. } => ("out", text.clone()),
        Event::ToolUse { tool, input, .. } => ("tool", format!("{tool} {}", short(input))),
        Event::Permission { tool, verdict, reason, input, .. } => {
            ("asked", format!("{tool}: {verdict} ({reason}) {}", short(input)))
        }
        Event::Turn { outcome, failed, duration_ms, text, .. } => {
            let mut line = outcome.clone();
            if *failed {
                line.push_str(", failed");
            }
            if let Some(ms) = duration_ms {
                // Writing to a string cannot fail.
                let _ = write!(line, ", {ms} ms");
            }
            if !text.is_empty() {
                let _ = write!(line, "\n{text}");
            }
            ("turn", line)
        }
        Event::Error { what, .. } => ("error", what.clone()),
        Event::SessionStop { reason } => ("stop", reason.clone()),
    }
}

fn short(input: &Value) -> String {
    let text = input.to_string();
    match text.char_indices().nth(INPUT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The text with control characters as pictures, but for line ends and tabs.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            '\u{7f}' => '\u{2421}',
            low @ '\0'..'\u{20}' => {
                char::from_u32(0x2400 + u32::from(low)).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other if other.is_control() || turns_text(other) => char::REPLACEMENT_CHARACTER,
            other => other,
        })
        .collect()
}

/// Characters that reorder what stands around them (Unicode bidirectional controls).
fn turns_text(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
