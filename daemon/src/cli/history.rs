//! `history`: what was said in a chat, out of the database.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::print::{Screen, one_line};
use super::{Place, lookup, sessions};
use crate::config::args::History;
use crate::exit::{Code, Failure};
use crate::store::{Direction, HistoryEntry, HistoryState};
use crate::transcript::shown;

/// One text for a program to read.
#[derive(Debug, Serialize)]
struct Line<'a> {
    place: String,
    at: String,
    /// `in` or `out`.
    direction: &'static str,
    /// `None` for the assistant.
    sender: Option<&'a str>,
    text: &'a str,
    transcription: Option<&'a str>,
    attachments: Vec<&'a str>,
    state: &'static str,
}

pub(super) fn history(
    place: &Place,
    history: &History,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let entries = read(place, history)?;
    if history.json {
        screen.json(&entries.iter().map(line).collect::<Vec<_>>())?;
        return Ok(Code::Done);
    }
    if entries.is_empty() {
        screen.line("nothing was said")?;
    }
    let zone = TimeZone::system();
    for entry in &entries {
        screen.line(&for_people(entry, &zone))?;
    }
    Ok(Code::Done)
}

fn read(place: &Place, history: &History) -> anyhow::Result<Vec<HistoryEntry>> {
    let Some(view) = lookup::view(place)? else {
        lookup::typed_chat(&history.chat)?;
        return Ok(Vec::new());
    };
    let sessions = view.sessions().map_err(Failure::from)?;
    let chat = match lookup::session(&sessions, &history.chat) {
        Ok(session) => session.chat.clone(),
        // A chat that never had a session has a history too.
        Err(_) => lookup::typed_chat(&history.chat)?,
    };
    Ok(view.history(&chat, history.lines, None).map_err(Failure::from)?)
}

fn for_people(entry: &HistoryEntry, zone: &TimeZone) -> String {
    let at = sessions::local(entry.place.at(), zone);
    let from = entry.sender.as_deref().map_or_else(|| "assistant".to_owned(), one_line);
    let text = match &entry.transcription {
        Some(said) if entry.text.is_empty() => said,
        _ => &entry.text,
    };
    let text = shown(text).replace('\n', "\n    ");
    let mut lines = vec![text];
    lines.extend(entry.attachments.iter().map(|file| format!("+ {}", one_line(&file.name))));
    format!("{at}  {from}  [{}]\n    {}", word(entry.state), lines.join("\n    "))
}

fn line(entry: &HistoryEntry) -> Line<'_> {
    Line {
        place: entry.place.to_string(),
        at: sessions::moment(entry.place.at()),
        direction: match entry.place.direction() {
            Direction::In => "in",
            Direction::Out => "out",
        },
        sender: entry.sender.as_deref(),
        text: &entry.text,
        transcription: entry.transcription.as_deref(),
        attachments: entry.attachments.iter().map(|file| file.path.as_str()).collect(),
        state: word(entry.state),
    }
}

fn word(state: HistoryState) -> &'static str {
    match state {
        HistoryState::In(state) => state.as_str(),
        HistoryState::Out(state) => state.as_str(),
    }
}
