//! Orderly ends of the daemon: what they write down, and that two requests for one are one end.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use harness::processes::signal;
use harness::sandbox::Sandbox;
use harness::wait::wait_until;
use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;

use crate::case::{ADMINS, Case, Definition, OWNER, SOON, unbroken};
use crate::views::{files_below, named, status, wait_echoes};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::ends::an_end_writes_down_when_messages_came_last",
        60,
        an_end_writes_down_when_messages_came_last,
    )
    .beside_others(),
    Definition::fake("tier2::ends::two_signals_are_one_end", 60, two_signals_are_one_end),
];

/// Ends of the daemon, each a moment after messages: the moment has to fall between two writes.
const ENDS: usize = 3;

/// Times of last messages are held for up to a second before they are written: an end writes what
/// is held. What a session resumes by is never held.
/// Danger zone: 3.
/// Pitfall: 6.
fn an_end_writes_down_when_messages_came_last(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let mut conversations = BTreeMap::new();
    for end in 0..ENDS {
        sandbox.start()?;
        let texts: Vec<String> = ADMINS.iter().map(|admin| format!("{end} of {admin}")).collect();
        for (admin, text) in ADMINS.iter().zip(&texts) {
            sandbox.drop_message(admin, text)?;
        }
        wait_echoes(sandbox, &texts, SOON)?;
        sandbox.stop(SOON)?.context("see it end in time")?;
        let on_record = records(sandbox)?;
        ensure!(on_record.len() == ADMINS.len(), "keep every session: {on_record:?}");
        let late = |one: &&Record| one.last_message_ms < one.last_routed_ms;
        let wrong: Vec<String> =
            on_record.iter().filter(late).map(|one| format!("{one:?}")).collect();
        unbroken("times of last messages not written", &wrong)?;
        for Record { chat, conversation, .. } in on_record {
            let first = conversations.entry(chat).or_insert_with(|| conversation.clone());
            ensure!(*first == conversation, "resume by one conversation: {first} {conversation}");
        }
    }
    Ok(())
}

/// What is on record of a session.
#[derive(Debug)]
struct Record {
    chat: String,
    conversation: String,
    last_message_ms: i64,
    /// Its last message came after it was routed.
    last_routed_ms: i64,
}

fn records(sandbox: &Sandbox) -> anyhow::Result<Vec<Record>> {
    let path = sandbox.home().join("state/assistant.db");
    read_records(&path).with_context(|| format!("read the sessions of {}", path.display()))
}

fn read_records(path: &Path) -> rusqlite::Result<Vec<Record>> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut query = database.prepare(
        "SELECT chat, coalesce(agent_session, ''), coalesce(last_message_at_ms, 0),
                (SELECT max(routed_at_ms) FROM inbox WHERE inbox.session = sessions.row)
         FROM sessions ORDER BY row",
    )?;
    let records = query.query_map([], |row| {
        Ok(Record {
            chat: row.get(0)?,
            conversation: row.get(1)?,
            last_message_ms: row.get(2)?,
            last_routed_ms: row.get(3)?,
        })
    })?;
    records.collect()
}

/// A terminal and a service may both ask for the end: the second one only takes the patience away.
/// Incidents: 47.
fn two_signals_are_one_end(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    for text in ["hello", "slow 100 100"] {
        let daemon = sandbox.start()?.pid;
        sandbox.drop_message(OWNER, text)?;
        let state = if text == "hello" { "idle" } else { "busy" };
        let there = wait_until(SOON, || {
            status(sandbox).is_ok_and(|status| status["sessions"][0]["state"] == state)
        });
        ensure!(there, "see the session {state}");
        signal(daemon, Signal::TERM)?;
        signal(daemon, Signal::INT)?;
        let ended = sandbox.wait_end(SOON)?.context("see it end in time")?;
        ensure!(ended.code() == Some(0), "end well while {state}: {ended}");
        unbroken("processes left by two signals", &named(&sandbox.leftovers()))?;
    }
    let mut log = String::new();
    for file in files_below(&sandbox.home().join("logs"))? {
        log.push_str(&fs::read_to_string(&file).context("read the log")?);
    }
    let stops = log.lines().filter(|line| line.contains(" stopping")).count();
    ensure!(stops == 2, "stop once for each start: {stops}");
    Ok(())
}
