//! What a daemon says of itself, and whether that is well.

use anyhow::ensure;
use harness::environment;
use harness::processes::Snapshot;
use harness::run::{Undecided, unbroken};
use serde_json::Value;

use super::{Down, Home};

/// The source of test messages, which is looked at every 100 ms, was looked at within this time.
const LOOKED_MAX_MS: u64 = 10_000;

/// Asks for the status, and finds nothing wrong with it but what may be wrong with sessions that were
/// down; what it says.
pub fn healthy(home: &Home, down: &Down) -> anyhow::Result<Value> {
    let status = home.status()?;
    let pid = status["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default();
    ensure!(Snapshot::take().find(pid).is_some_and(|daemon| !daemon.zombie), "find process {pid}");
    let version = status["version"].as_str().unwrap_or_default();
    ensure!(!version.is_empty(), "learn its version: {status}");
    ensure!(1 <= status["generation"].as_i64().unwrap_or_default(), "learn its generation");
    ensure!(1 <= status["tasks_alive"].as_u64().unwrap_or_default(), "see its tasks alive");
    let wrong = errors(&status, down);
    ensure!(wrong.is_empty(), "find no error: {}", wrong.join("; "));
    let sources = status["sources"].as_array().map_or(&[][..], Vec::as_slice);
    ensure!(!sources.is_empty(), "find its sources: {status}");
    for source in sources.iter().filter(|source| source["enabled"] == true) {
        let looked = source["last_poll_ago_ms"].as_u64();
        ensure!(looked.is_some_and(|ago| ago <= LOOKED_MAX_MS), "see it look: {source}");
    }
    Ok(status)
}

/// The errors of a status. One of a session that was down before is none.
fn errors(status: &Value, down: &Down) -> Vec<String> {
    let is_excused =
        |field: &str| field == "last_error" && down.has(&status["last_error"]["session"]);
    ["last_error", "contacts_error"]
        .into_iter()
        .filter(|field| !status[*field].is_null() && !is_excused(field))
        .map(|field| format!("{field}: {}", status[field]))
        .collect()
}

/// Every session on record is known to the running daemon, none is given up, and none that owes an
/// answer sleeps. A session that owes nothing may: its next message wakes it. Those that were down
/// before a restart may be so after it; of one that was to try again nothing can be said.
pub fn sessions_back(home: &Home, down: &Down) -> anyhow::Result<()> {
    let status = home.status()?;
    let missing: Vec<String> = home
        .registry()?
        .iter()
        .filter(|record| shown(&status).iter().all(|session| session["row"] != record["row"]))
        .map(|record| format!("session {}", record["row"]))
        .collect();
    unbroken("sessions on record that are not back", &missing)?;
    none_is_down(&status, down)
}

/// The sessions of a status.
fn shown(status: &Value) -> &[Value] {
    status["sessions"].as_array().map_or(&[][..], Vec::as_slice)
}

fn none_is_down(status: &Value, down: &Down) -> anyhow::Result<()> {
    // What is held back wakes nobody.
    let is_held = status["held"] == true;
    let is_down = |session: &&Value| {
        let owes = !is_held && 0 < session["queue"].as_u64().unwrap_or_default();
        let row = &session["row"];
        session["state"] == "dead" && !down.may_be_given_up(row)
            || owes && session["state"] == "asleep" && !down.has(row)
    };
    let (tried, found): (Vec<&Value>, Vec<&Value>) =
        shown(status).iter().filter(is_down).partition(|session| down.has(&session["row"]));
    let told = |sessions: &[&Value]| {
        let told = |it: &&Value| format!("session {} is {}", it["row"], it["state"]);
        sessions.iter().map(told).collect::<Vec<_>>().join("; ")
    };
    ensure!(
        found.is_empty(),
        "see all sessions well, but for those that a restart found down ({}): {}",
        environment::DOWN_BEFORE,
        told(&found)
    );
    if tried.is_empty() {
        return Ok(());
    }
    Err(Undecided(format!("they failed before the restart, too: {}", told(&tried))).into())
}

#[cfg(test)]
mod tests;
