//! `dropped`: the messages that were given up, out of the database.

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
    let lines: Vec<Line<'_>> = dropped.iter().map(Line::from).collect();
    if show.json {
        screen.json(&lines)?;
        return Ok(Code::Done);
    }
    if lines.is_empty() {
        screen.line("nothing was given up")?;
        return Ok(Code::Done);
    }
    let mut table =
        Table::new(["ROW", "REASON", "DELIVERIES", "COUNTED", "CAME", "GIVEN UP", "CHAT"]);
    for line in lines {
        let plain = |text: String| (Tone::Plain, text);
        table.row([
            plain(line.row.to_string()),
            (Tone::Bad, line.reason.to_owned()),
            plain(line.deliveries.to_string()),
            plain(line.counted_attempts.to_string()),
            plain(line.accepted_at),
            plain(line.failed_at),
            plain(line.chat.to_owned()),
        ]);
    }
    for line in table.lines(screen.colours()) {
        screen.line(&line)?;
    }
    Ok(Code::Done)
}
