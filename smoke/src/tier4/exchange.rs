//! One message of the built-in contact, and what became of it.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::files;
use harness::run::Undecided;
use harness::seed::Seed;
use harness::wait::{wait_for_every, wait_until};
use serde_json::{Value, json};

use super::{Home, Watch};

/// The built-in contact, and its chat.
const CONTACT: &str = "harness";
const CHAT: &str = "test:harness";

/// How long the answer may take: a start of the agent program and a turn, on a machine that is busy
/// answering people.
pub(super) const LIMIT: Duration = Duration::from_mins(1);

/// How long a message is waited for that the agents' API does not serve: some tries of the daemon, and so
/// short that whoever gave this run a minute hears of it.
const UNSERVED_MAX: Duration = Duration::from_secs(20);

/// How often it is looked whether it is served.
const SERVED_EVERY: Duration = Duration::from_secs(1);

/// How long an agent may take to end, its deadlines included.
const END_LIMIT: Duration = Duration::from_secs(20);

/// How often somebody else's daemon is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A message that was answered.
#[derive(Debug)]
pub struct Exchange {
    /// The session of the built-in contact.
    pub session: i64,
    /// From the message's appearing to the reply's.
    pub took: Duration,
    /// How the turn ended, by the transcript of the session.
    pub turn: Value,
    /// How its agent began.
    pub start: Value,
}

impl Exchange {
    /// Sends a message with a word that no other has, and waits until that word comes back.
    pub(super) fn make(home: &Home, watch: &Watch) -> anyhow::Result<Self> {
        let nonce = format!("nonce{:016x}", Seed::fresh().next());
        end_agent(home)?;
        let dropped = drop_message(home, &nonce)?;
        let started = Instant::now();
        let reply = await_reply(home, watch, &nonce);
        let took = started.elapsed();
        // Not taken up: then nobody else shall find it later. Usually it is long gone.
        drop(fs::remove_file(dropped));
        let exchanged =
            reply.with_context(|| format!("see the answer within {LIMIT:?}")).and_then(|reply| {
                fs::remove_file(&reply).with_context(|| format!("remove {}", reply.display()))?;
                let session = session(home)?["row"].as_i64().context("find the session")?;
                let (start, turn) = watched(home, watch, session)?;
                Ok(Self { session, took, turn, start })
            });
        let exchanged = exchanged.map_err(|error| {
            if is_not_served(home, watch) {
                error.context(Undecided("the agents' API did not serve it".to_owned()))
            } else {
                error
            }
        });
        let ended = end_agent(home);
        let exchange = exchanged?;
        ended.map(|()| exchange)
    }

    /// The turn ended well.
    pub(super) fn ensure_completed(&self) -> anyhow::Result<()> {
        ensure!(self.turn["failed"] == false, "see the turn end well: {}", self.turn["outcome"]);
        Ok(())
    }

    /// The agent began anew, with a start prompt that says where it is.
    pub fn ensure_prompted(&self, home: &Home) -> anyhow::Result<()> {
        ensure!(self.start["resumed"] == false, "begin with nothing in memory: {}", self.start);
        let path = home.prompt(self.session);
        let prompt =
            fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        for words in ["Chat ID: harness", "Only the tool reply reaches the person"] {
            ensure!(prompt.contains(words), "find {words:?} in {}", path.display());
        }
        Ok(())
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "answered in session {} after {} ms, ", self.session, self.took.as_millis())?;
        match self.turn["cost_usd_total"].as_f64() {
            Some(usd) => write!(out, "for {usd:.4} USD"),
            None => write!(out, "at an unknown cost"),
        }
    }
}

/// Waits for the reply; not to the end where the agents' API does not serve it, tried again and again.
fn await_reply(home: &Home, watch: &Watch, nonce: &str) -> Option<PathBuf> {
    let mut asked = Instant::now();
    let mut unserved_since = None;
    let reply = wait_for_every(LOOK_EVERY, LIMIT, || {
        if let Some(reply) = reply_with(home, nonce) {
            return Some(Some(reply));
        }
        if unserved_since.is_none() && SERVED_EVERY <= asked.elapsed() {
            asked = Instant::now();
            unserved_since = is_not_served(home, watch).then_some(asked);
        }
        unserved_since.filter(|since| UNSERVED_MAX <= since.elapsed()).map(|_| None)
    });
    reply.flatten()
}

/// Whether a turn of the built-in contact was not served in this run.
fn is_not_served(home: &Home, watch: &Watch) -> bool {
    let row = session(home).ok().and_then(|session| session["row"].as_i64());
    row.is_some_and(|row| watch.was_not_served(home, row))
}

/// A stand-in of the agent program says all of it back, a model the word.
fn drop_message(home: &Home, nonce: &str) -> anyhow::Result<PathBuf> {
    let directory = home.messages();
    ensure!(directory.is_dir(), "find the directory of test messages {}", directory.display());
    let text = format!("Reply with exactly this one word and nothing else: {nonce}");
    let message = json!({"from": CONTACT, "text": text}).to_string();
    let path = directory.join(format!("{CONTACT}-{nonce}.json"));
    files::replace(&path, message.as_bytes())
        .with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

/// The file of the reply that has this word. Everybody else's are left alone.
fn reply_with(home: &Home, nonce: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(home.outbox()).ok()?;
    // Anything else there is still being written.
    let is_whole = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
    entries.filter_map(Result::ok).map(|entry| entry.path()).filter(is_whole).find(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let reply: Value = serde_json::from_str(&text).unwrap_or_default();
        let has_word = reply["text"].as_str().is_some_and(|text| text.contains(nonce));
        reply["chat"] == CHAT && has_word
    })
}

/// What the transcript says of the agent's start and of the turn. The reply is out before the turn
/// is over.
fn watched(home: &Home, watch: &Watch, session: i64) -> anyhow::Result<(Value, Value)> {
    let found = wait_for_every(LOOK_EVERY, END_LIMIT, || {
        let events: Vec<Value> =
            watch.added_to(home, session).ok()?.lines().filter_map(parsed).collect();
        let last = |kind: &str| events.iter().rfind(|event| event["event"] == kind).cloned();
        Some((last("SESSION_START")?, last("TURN")?))
    });
    let path = home.transcript(session);
    found.with_context(|| format!("find start and turn in {}", path.display()))
}

fn parsed(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}

/// The session of the built-in contact; null if there is none.
fn session(home: &Home) -> anyhow::Result<Value> {
    let status = home.status()?;
    let mut sessions = status["sessions"].as_array().into_iter().flatten();
    Ok(sessions.find(|session| session["chat"] == CHAT).cloned().unwrap_or_default())
}

/// Ends the built-in contact's agent, if it has one.
fn end_agent(home: &Home) -> anyhow::Result<()> {
    if session(home)?["agent_pid"].is_null() {
        return Ok(());
    }
    // That it ended by itself in between is as good.
    home.ask(&["kill-session", CHAT])?;
    let gone =
        wait_until(END_LIMIT, || session(home).is_ok_and(|session| session["agent_pid"].is_null()));
    ensure!(gone, "end the agent of {CHAT}");
    Ok(())
}
