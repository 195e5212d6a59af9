//! `deliveries`: what a generation of the daemon has put before agents, out of the database; for a
//! restart, which has to know whether all of it came in its order. Numbers alone, no texts.

use serde::Serialize;

use super::print::Screen;
use super::{Place, lookup};
use crate::config::args;
use crate::exit::{Code, Failure};
use crate::store::{Deliveries, Generation};

/// As a program reads it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Said {
    generation: i64,
    /// How many messages.
    delivered: u64,
    overtaken: Vec<Overtaken>,
}

/// A message that a later one of its session came before.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Overtaken {
    session: i64,
    row: i64,
}

pub(super) fn deliveries(
    place: &Place,
    asked: &args::Deliveries,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let found = match lookup::view(place)? {
        Some(view) => view.deliveries(Generation(asked.generation)).map_err(Failure::from)?,
        None => Deliveries::default(),
    };
    let said = said(asked.generation, &found);
    if asked.json {
        screen.json(&said)?;
    } else {
        screen.line(&for_people(&said))?;
    }
    Ok(Code::Done)
}

fn said(generation: i64, found: &Deliveries) -> Said {
    let overtaken = found.overtaken.iter();
    let overtaken = overtaken.map(|(session, row)| Overtaken { session: session.0, row: row.0 });
    Said { generation, delivered: found.rows, overtaken: overtaken.collect() }
}

fn for_people(said: &Said) -> String {
    let Said { generation, delivered, overtaken } = said;
    let ends = match overtaken.len() {
        0 => "each in its order".to_owned(),
        many => format!("{many} of them behind a later one of their session"),
    };
    format!("generation {generation} has delivered {delivered} messages, {ends}")
}

#[cfg(test)]
mod tests;
