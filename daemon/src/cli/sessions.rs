//! `sessions`: every session on record, out of the database; what only a running daemon knows is
//! added if one answers.

use std::collections::BTreeMap;

use assistant_core::time::WallMs;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::print::{Screen, Table, Tone, span};
use super::{Place, lookup};
use crate::config::args::Show;
use crate::control::client;
use crate::control::protocol::{Answer, Request, SessionState};
use crate::exit::{Code, Failure};
use crate::store::SessionRecord;

/// One session for a program to read.
#[derive(Debug, Serialize)]
struct Line {
    row: i64,
    name: String,
    chat: String,
    kind: &'static str,
    contact: String,
    tier: &'static str,
    model: Option<String>,
    working_dir: String,
    agent_session: Option<String>,
    /// `None` where no daemon runs.
    state: Option<SessionState>,
    created_at: String,
    last_message_at: Option<String>,
}

pub(super) async fn sessions(
    place: &Place,
    show: &Show,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let records = match lookup::view(place)? {
        Some(view) => view.sessions().map_err(Failure::from)?,
        None => Vec::new(),
    };
    let states = states(place).await;
    if show.json {
        let lines: Vec<Line> = records.iter().map(|record| line(record, &states)).collect();
        screen.json(&lines)?;
        return Ok(Code::Done);
    }
    if records.is_empty() {
        screen.line("no session yet")?;
        return Ok(Code::Done);
    }
    for line in table(&records, &states).lines(screen.colours()) {
        screen.line(&line)?;
    }
    Ok(Code::Done)
}

/// How each session is, by its row, if a daemon says so.
async fn states(place: &Place) -> BTreeMap<i64, SessionState> {
    match client::ask(&place.home.socket(), Request::Status).await {
        Ok(Answer::Status(status)) => {
            status.sessions.iter().map(|session| (session.row, session.state)).collect()
        }
        _ => BTreeMap::new(),
    }
}

fn table(records: &[SessionRecord], states: &BTreeMap<i64, SessionState>) -> Table {
    let now = Timestamp::now().as_millisecond();
    let mut table = Table::new(["ROW", "NAME", "CONTACT", "TIER", "STATE", "LAST MESSAGE", "CHAT"]);
    for record in records {
        let plain = |text: &str| (Tone::Plain, text.to_owned());
        let last = record.last_message_at.map_or_else(
            || "-".to_owned(),
            |at| format!("{} ago", span(u64::try_from(now - at.0).unwrap_or(0) / 1000)),
        );
        table.row([
            plain(&record.row.0.to_string()),
            plain(&record.facts.name),
            plain(&record.facts.contact),
            plain(record.facts.tier.as_str()),
            states.get(&record.row.0).map_or_else(|| plain("-"), |state| shown(*state)),
            (Tone::Plain, last),
            plain(record.chat.as_str()),
        ]);
    }
    table
}

/// A state as a cell.
pub(super) fn shown(state: SessionState) -> (Tone, String) {
    let (tone, word) = match state {
        SessionState::Starting => (Tone::Warn, "starting"),
        SessionState::Idle => (Tone::Good, "idle"),
        SessionState::Resting => (Tone::Warn, "resting"),
        SessionState::Busy => (Tone::Good, "busy"),
        SessionState::Waiting => (Tone::Warn, "waiting"),
        SessionState::Closing => (Tone::Warn, "closing"),
        SessionState::Asleep => (Tone::Plain, "asleep"),
        SessionState::Dead => (Tone::Bad, "dead"),
        SessionState::Other => (Tone::Plain, "?"),
    };
    (tone, word.to_owned())
}

fn line(record: &SessionRecord, states: &BTreeMap<i64, SessionState>) -> Line {
    Line {
        row: record.row.0,
        name: record.facts.name.clone(),
        chat: record.chat.as_str().to_owned(),
        kind: record.facts.kind.as_str(),
        contact: record.facts.contact.clone(),
        tier: record.facts.tier.as_str(),
        model: record.facts.model.clone(),
        working_dir: record.working_dir.display().to_string(),
        agent_session: record.agent_session.clone(),
        state: states.get(&record.row.0).copied(),
        created_at: moment(record.created_at),
        last_message_at: record.last_message_at.map(moment),
    }
}

/// A moment as a person in that zone reads it.
pub(super) fn local(at: WallMs, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(
        |_| "-".to_owned(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// A moment as programs read it (RFC 3339, UTC).
pub(super) fn moment(at: WallMs) -> String {
    Timestamp::from_millisecond(at.0)
        .map_or_else(|_| at.0.to_string(), |moment| format!("{moment:.3}"))
}
