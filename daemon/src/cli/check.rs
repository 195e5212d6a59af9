//! `run --check`: whether a daemon of this very program could run here. It reads the configuration and
//! the contacts, looks for the agent program, and looks through the database; it starts nothing.
//!
//! The home's database may be in a daemon's hands: it is read, and no byte of it changes. A database
//! that is named is the asker's own copy: it is opened for writing, as a daemon would.

use std::path::Path;

use serde::Serialize;

use super::print::{Colours, Screen, Tone, complain, one_line};
use super::{Place, programs};
use crate::clock::wall_now;
use crate::config::Config;
use crate::config::args;
use crate::contacts::Contacts;
use crate::exit::Code;
use crate::store::{self, Schema};

/// Everything that was looked at, for a program to read.
#[derive(Debug, Serialize)]
struct Looked {
    checks: Vec<Look>,
    /// That of the database, once it was opened.
    schema: Option<Schema>,
    /// What is wrong first.
    failed: Option<String>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Look {
    name: &'static str,
    ok: bool,
    what: String,
}

impl Look {
    fn of(name: &'static str, found: Result<String, String>) -> Self {
        let ok = found.is_ok();
        Self { name, ok, what: found.unwrap_or_else(|wrong| wrong) }
    }
}

pub(super) fn check(
    place: &Place,
    asked: &args::Look,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let looked = look(place, asked.database.as_deref());
    if asked.json {
        screen.json(&looked)?;
    } else {
        for line in for_people(&looked.checks, screen.colours()) {
            screen.line(&line)?;
        }
    }
    match &looked.failed {
        None => Ok(Code::Done),
        Some(failed) => {
            complain(failed);
            Ok(Code::Usage)
        }
    }
}

fn look(place: &Place, copy: Option<&Path>) -> Looked {
    let home = &place.home;
    let config = Config::load(&home.config_file(), place.user_home.as_deref());
    let (database, schema) = database(&copy.map_or_else(|| home.database(), Path::to_owned), copy);
    let checks = vec![
        Look::of(
            "config",
            match &config {
                Ok(_) if home.config_file().exists() => {
                    Ok(home.config_file().display().to_string())
                }
                Ok(_) => Ok("no config.toml: everything is at its default".to_owned()),
                Err(error) => Err(error.to_string()),
            },
        ),
        Look::of("contacts", contacts(place)),
        Look::of(
            "program",
            match &config {
                Ok(config) => program(config),
                Err(_) => Err("not looked for without a configuration".to_owned()),
            },
        ),
        Look::of("database", database),
    ];
    let failed = checks.iter().find(|look| !look.ok).map(|look| look.what.clone());
    Looked { checks, schema, failed }
}

fn contacts(place: &Place) -> Result<String, String> {
    let contacts = Contacts::open(&place.home.contacts_file());
    let contacts = contacts.map_err(|error| error.to_string())?;
    Ok(format!("{} contacts", contacts.directory().contacts().len()))
}

fn program(config: &Config) -> Result<String, String> {
    let found = programs::of_agents(&config.agent.program, config);
    let shown = found.display().to_string();
    if programs::runs(&found) { Ok(shown) } else { Err(format!("{shown}: no such program")) }
}

fn database(path: &Path, copy: Option<&Path>) -> (Result<String, String>, Option<Schema>) {
    let found = match copy {
        Some(copy) => store::check_open(copy, wall_now()).map(Some),
        None => store::check_in_place(path),
    };
    match found {
        Ok(Some(schema)) => {
            let Schema { version, min_reader } = schema;
            let path = path.display();
            let what = format!("{path}, schema {version}, read from schema {min_reader} on");
            (Ok(what), Some(schema))
        }
        Ok(None) => (Ok("none yet: the first start makes it".to_owned()), None),
        Err(error) => (Err(format!("failed to {error}")), None),
    }
}

fn for_people(checks: &[Look], colours: Colours) -> Vec<String> {
    let width = checks.iter().map(|look| look.name.len()).max().unwrap_or(0);
    let line = |look: &Look| {
        let mark = if look.ok {
            colours.paint(Tone::Good, "ok  ")
        } else {
            colours.paint(Tone::Bad, "FAIL")
        };
        format!("{mark}  {:width$}  {}", look.name, one_line(&look.what))
    };
    checks.iter().map(line).collect()
}
