//! What the daemon shows of itself: its status, its transcripts, its files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::processes::Seen;
use harness::sandbox::{Reply, Sandbox};
use harness::wait::wait_for;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::case::SOON;

/// The stand-ins answer a plain text with these words and the text.
pub const ECHO: &str = "You said: ";

/// What `status --json` says.
pub fn status(sandbox: &Sandbox) -> anyhow::Result<Value> {
    let said = sandbox.cli(&["status", "--json"], SOON)?;
    ensure!(said.status.success(), "ask for the status: {}: {}", said.status, said.stderr.trim());
    serde_json::from_str(&said.stdout).context("read the status")
}

/// Messages of the inbox in this state: `accepted`, `delivered`, `answered`, `refused`, `ignored`,
/// `failed`.
pub fn count(sandbox: &Sandbox, state: &str) -> anyhow::Result<u64> {
    let status = status(sandbox)?;
    status["counts"][state].as_u64().with_context(|| format!("find the count of {state} messages"))
}

/// Waits until the daemon owes nobody an answer.
pub fn wait_settled(sandbox: &Sandbox, limit: Duration) -> anyhow::Result<()> {
    let mut last = Ok(());
    let settled = wait_for(limit, || {
        let open = count(sandbox, "accepted").and_then(|accepted| {
            let delivered = count(sandbox, "delivered")?;
            ensure!(
                accepted + delivered == 0,
                "settle: {accepted} accepted, {delivered} delivered"
            );
            Ok(())
        });
        last = open;
        last.is_ok().then_some(())
    });
    settled.map_or(last, |()| Ok(()))
}

/// Waits until every one of `texts` has come back; all replies.
pub fn wait_echoes(
    sandbox: &Sandbox,
    texts: &[String],
    limit: Duration,
) -> anyhow::Result<Vec<Reply>> {
    let replies = sandbox.wait_replies(limit, |replies| {
        texts.len() <= replies.len() && missing_echoes(replies, texts).is_empty()
    })?;
    let missing = missing_echoes(&replies, texts);
    ensure!(
        missing.is_empty(),
        "see all replies within {limit:?}: {} of {} missing, such as {:?}",
        missing.len(),
        texts.len(),
        missing.first()
    );
    Ok(replies)
}

fn missing_echoes<'a>(replies: &[Reply], texts: &'a [String]) -> Vec<&'a String> {
    let echoed: std::collections::BTreeSet<&str> = replies.iter().filter_map(echo_of).collect();
    texts.iter().filter(|text| !echoed.contains(text.as_str())).collect()
}

/// The text that a reply of a stand-in repeats.
pub fn echo_of(reply: &Reply) -> Option<&str> {
    reply.text.strip_prefix(ECHO)
}

/// Waits for one reply that `wanted` says yes to.
pub fn wait_reply(
    sandbox: &Sandbox,
    limit: Duration,
    wanted: impl Fn(&Reply) -> bool,
) -> anyhow::Result<Reply> {
    let replies = sandbox.wait_replies(limit, |replies| replies.iter().any(&wanted))?;
    let seen = replies.len();
    replies
        .into_iter()
        .find(wanted)
        .with_context(|| format!("see the reply within {limit:?}; there are {seen} others"))
}

/// One event of a session's transcript.
#[derive(Debug, Clone)]
pub struct Event {
    /// `IN`, `OUT`, `SESSION_START`, ...
    pub kind: String,
    /// The whole entry.
    pub entry: Value,
}

/// When each message was routed, in milliseconds since 1970 and in the order of arrival: read off
/// the database, because no command shows it.
pub fn routed_ms(sandbox: &Sandbox) -> anyhow::Result<Vec<i64>> {
    let path = sandbox.home().join("state/assistant.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(&path, flags)
        .with_context(|| format!("open {}", path.display()))?;
    let mut query = database
        .prepare("SELECT routed_at_ms FROM inbox WHERE routed_at_ms IS NOT NULL ORDER BY row")
        .context("ask the database when messages were routed")?;
    let routed = query.query_map([], |row| row.get(0)).context("read when messages were routed")?;
    routed.collect::<Result<_, _>>().context("read when messages were routed")
}

/// All events of all sessions, each session's in order.
pub fn events(sandbox: &Sandbox) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    for path in files_below(&sandbox.home().join("transcripts"))? {
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        for line in text.lines() {
            // The line that a killed daemon tore is no event.
            let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
            let kind = entry["event"].as_str().unwrap_or_default().to_owned();
            events.push(Event { kind, entry });
        }
    }
    Ok(events)
}

/// Every file below a directory, by name; none if it is not there.
pub fn files_below(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !directory.exists() {
        return Ok(files);
    }
    let reading = || format!("read {}", directory.display());
    for entry in fs::read_dir(directory).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        if path.is_dir() && !path.is_symlink() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What is open to others than the owner below a directory, itself included.
pub fn open_to_others(directory: &Path) -> anyhow::Result<Vec<String>> {
    let mut open = Vec::new();
    let mut stack = vec![directory.to_path_buf()];
    while let Some(path) = stack.pop() {
        let metadata =
            fs::symlink_metadata(&path).with_context(|| format!("look at {}", path.display()))?;
        let mode = metadata.permissions().mode() & 0o777;
        if !metadata.is_symlink() && mode & 0o077 != 0 {
            open.push(format!("{} has mode {mode:o}", path.display()));
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(&path).with_context(|| format!("read {}", path.display()))? {
                stack.push(entry.with_context(|| format!("read {}", path.display()))?.path());
            }
        }
    }
    Ok(open)
}

/// The sessions on record, as `sessions --json` lists them; works without a daemon.
pub fn registry(sandbox: &Sandbox) -> anyhow::Result<Vec<Value>> {
    let said = sandbox.cli(&["sessions", "--json"], SOON)?;
    ensure!(said.status.success(), "list the sessions: {}", said.stderr.trim());
    serde_json::from_str(&said.stdout).context("read the list of sessions")
}

/// Rows that went to an agent more than once without a word that they may have been there before.
pub fn delivered_twice_unmarked(sandbox: &Sandbox) -> anyhow::Result<Vec<String>> {
    let mut unmarked: BTreeMap<String, usize> = BTreeMap::new();
    for event in events(sandbox)?.iter().filter(|event| event.kind == "IN") {
        let text = event.entry["text"].as_str().unwrap_or_default();
        if !text.contains("[Redelivery") {
            *unmarked.entry(event.entry["row"].to_string()).or_default() += 1;
        }
    }
    ensure!(!unmarked.is_empty(), "find a delivery at all");
    Ok(unmarked.into_iter().filter(|(_, times)| 1 < *times).map(|(row, _)| row).collect())
}

/// Processes by id and name, for what is told of them.
pub fn named<'a>(processes: impl IntoIterator<Item = &'a Seen>) -> Vec<String> {
    processes.into_iter().map(|process| format!("{} {}", process.pid, process.name)).collect()
}
