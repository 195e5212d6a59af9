//! The registry under load, and a kill -9 at its worst moment: sessions are durable at once, only
//! the time of the last message may be about a second old.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use harness::sandbox::Sandbox;
use harness::wait::wait_until;
use serde_json::Value;

use crate::case::{ADMINS, Case, Definition, SOON, unbroken};
use crate::stream::{Stream, Work, wait_answers};
use crate::views::{count, registry, status, wait_settled};

pub(super) const CASES: &[Definition] = &[Definition::fake(
    "tier2::registry::two_thousand_updates_and_a_kill_lose_nothing",
    120,
    two_thousand_updates_and_a_kill_lose_nothing,
)];

/// Messages, each of which moves the last message time of its session.
const UPDATES: usize = 2000;

/// How old a last message time may be after a kill: written once a second, and the machine may be
/// busy.
const BEHIND_MAX: Duration = Duration::from_secs(5);

fn two_thousand_updates_and_a_kill_lose_nothing(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    let mut stream = Stream::new(ADMINS.len());
    for chat in 0..stream.chats() {
        stream.send(sandbox, chat, Work::Quick)?;
    }
    wait_answers(sandbox, &stream.words(), SOON)?;
    wait_settled(sandbox, SOON)?;
    let timed = |records: &BTreeMap<String, Value>| {
        records.values().all(|record| record["last_message_at"].is_string())
    };
    let written = wait_until(SOON, || by_chat(sandbox).is_ok_and(|records| timed(&records)));
    ensure!(written, "write the times of the last messages after a while");
    let before = by_chat(sandbox)?;
    ensure!(before.len() == stream.chats(), "have a session each: {}", before.len());

    // Held, so that it is the registry that works and not the agents.
    ensure!(sandbox.cli(&["hold"], SOON)?.status.success(), "hold");
    for number in 0..UPDATES {
        stream.send(sandbox, number % ADMINS.len(), Work::Quick)?;
    }
    let wanted = UPDATES as u64;
    let accepted = wait_until(SOON, || count(sandbox, "accepted").is_ok_and(|n| n == wanted));
    ensure!(accepted, "accept {wanted}: {}", count(sandbox, "accepted")?);
    sandbox.kill9()?;

    let after = by_chat(sandbox)?;
    unbroken("sessions that a kill changed", &changed(&before, &after))?;
    let behind: Vec<String> = after
        .iter()
        .filter_map(|(chat, record)| behind(record).map(|how| format!("{chat} {how}")))
        .collect();
    ensure!(behind.is_empty(), "keep the time of the last message: {behind:?}");

    // The owner's hold outlives its daemon: what was held waits still.
    sandbox.start()?;
    let all = wanted + ADMINS.len() as u64;
    let status = status(sandbox)?;
    ensure!(status["held"] == true, "hold after a kill as before: {status}");
    let mut known = 0;
    for state in ["accepted", "answered"] {
        known += status["counts"][state].as_u64().unwrap_or_default();
    }
    let lost: Vec<String> = (known != all)
        .then(|| format!("{all} messages, of which {known} are known"))
        .into_iter()
        .collect();
    unbroken("messages lost or doubled", &lost)?;
    unbroken("sessions that a restart changed", &changed(&before, &by_chat(sandbox)?))
}

/// The registry's records by their chat.
fn by_chat(sandbox: &Sandbox) -> anyhow::Result<BTreeMap<String, Value>> {
    let records = registry(sandbox)?;
    let chat = |record: &Value| record["chat"].as_str().map(str::to_owned);
    records
        .into_iter()
        .map(|record| Some((chat(&record)?, record)))
        .collect::<Option<_>>()
        .context("read the registry: a record without a chat")
}

/// Everything but the times of last messages stands as it stood.
fn changed(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    const KEPT: [&str; 8] =
        ["row", "name", "kind", "contact", "tier", "working_dir", "agent_session", "created_at"];
    let mut wrong = Vec::new();
    for (chat, old) in before {
        let Some(new) = after.get(chat) else {
            wrong.push(format!("{chat} is gone"));
            continue;
        };
        wrong.extend(
            KEPT.iter()
                .filter(|field| old[**field] != new[**field])
                .map(|field| format!("{chat}: {field} {} -> {}", old[*field], new[*field])),
        );
        if new["last_message_at"].as_str() < old["last_message_at"].as_str() {
            wrong.push(format!("{chat}: the last message is older than it was"));
        }
    }
    wrong
}

/// Why the time of the last message is too old, if it is.
fn behind(record: &Value) -> Option<String> {
    let Some(at) = record["last_message_at"].as_str() else { return Some("has none".to_owned()) };
    let at = at.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_millis();
    let behind = now.saturating_sub(u128::try_from(at).ok()?);
    (BEHIND_MAX.as_millis() < behind).then(|| format!("is {behind} ms behind"))
}
