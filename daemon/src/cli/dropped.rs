//! `dropped`: the messages that were given up, out of the database.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::print::{Screen, Table, Tone};
use super::{Place, lookup, sessions};
use crate::config::args::Show;
use crate::exit::{Code, Failure};
use crate::store::Dropped;

/// One message for a program to read.
#[derive(Debug, Serialize)]
struct Line<'a> {
    row: i64,
    chat: &'a str,
    reason: &'a str,
    deliveries: u32,
    counted_attempts: u32,
    accepted_at: String,
    failed_at: String,
}

impl<'a> From<&'a Dropped> for Line<'a> {
    fn from(dropped: &'a Dropped) -> Self {
        Self {
            row: dropped.row.0,
            chat: dropped.chat.as_str(),
            reason: &dropped.reason,
            deliveries: dropped.deliveries,
            counted_attempts: dropped.counted_attempts,
            accepted_at: sessions::moment(dropped.accepted_at),
            failed_at: sessions::moment(dropped.failed_at),
        }
    }
}

pub(super) fn dropped(place: &Place, show: &Show, screen: &mut Screen) -> anyhow::Result<Code> {
    let dropped = match lookup::view(place)? {
        Some(view) => view.dropped().map_err(Failure::from)?,
        None => Vec::new(),
    };
    if show.json {
        screen.json(&dropped.iter().map(Line::from).collect::<Vec<_>>())?;
        return Ok(Code::Done);
    }
    if dropped.is_empty() {
        screen.line("nothing was given up")?;
        return Ok(Code::Done);
    }
    for line in table(&dropped, &TimeZone::system()).lines(screen.colours()) {
        screen.line(&line)?;
    }
    Ok(Code::Done)
}

fn table(dropped: &[Dropped], zone: &TimeZone) -> Table {
    let heads = ["ROW", "REASON", "DELIVERIES", "COUNTED", "CAME", "GIVEN UP", "CHAT"];
    let mut table = Table::new(heads);
    let plain = |text: String| (Tone::Plain, text);
    for message in dropped {
        table.row([
            plain(message.row.0.to_string()),
            (Tone::Bad, message.reason.clone()),
            plain(message.deliveries.to_string()),
            plain(message.counted_attempts.to_string()),
            plain(sessions::local(message.accepted_at, zone)),
            plain(sessions::local(message.failed_at, zone)),
            plain(message.chat.as_str().to_owned()),
        ]);
    }
    table
}

#[cfg(test)]
mod tests;
