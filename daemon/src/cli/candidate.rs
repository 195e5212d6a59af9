//! `candidate`: runs this very program as a daemon on a copy of the database, in a home that is thrown
//! away, with a stand-in for the agent program, and says whether it did what a daemon does.
//!
//! ```text
//!  prepare ─> migrate ─> start ─> message ─> status ─> stop ─> check ─> keep
//!     └──────────┴─────────┴─────────┴──────────┴───────┴────────┴──> failed: all of it is ended
//! ```
//!
//! Nothing outside of that home is touched but the copy, which in the end is the database as this
//! program has left it; where a step fails it stays as it was. What people wrote is held all the
//! time: a stand-in answers the built-in contact alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use assistant_core::access::HARNESS;
use assistant_core::chat::{ChatId, Source};
use assistant_core::limits::READY_MAX;
use serde::Serialize;
use serde_json::json;
use tokio::time::{sleep, sleep_until, timeout};
use uuid::Uuid;

mod child;
mod ground;

use super::Place;
use super::print::{Screen, complain};
use crate::app::signals::Signals;
use crate::clock::wall_now;
use crate::config::Config;
use crate::config::args;
use crate::contacts::Contacts;
use crate::control::client;
use crate::control::protocol::{Answer, Request, Status};
use crate::exit::Code;
use crate::processes::walk;
use crate::ready::Ready;
use crate::store::{self, BackupError, OpenError, StoreError};
use child::Candidate;
use ground::Ground;

/// For what is done with files alone. A database of a gigabyte takes some seconds.
const FILES_MAX: Duration = Duration::from_mins(2);

/// How long it may take to bring the database to this program's schema: the daemon does so before it is
/// ready, on a machine that is no faster then, and would be given up by its launcher else.
const MIGRATE_MAX: Duration = Duration::from_secs(15);
const _: () = assert!(2 * MIGRATE_MAX.as_millis() <= READY_MAX.as_millis());

/// How long the answer to a message may take: a start of the stand-in and a turn.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How often the answer is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long it runs at least: one that falls over shortly after its start is found out.
const UP_MIN: Duration = Duration::from_secs(2);

/// How long its state may take to be told, the rest of [`UP_MIN`] apart.
const STATUS_MAX: Duration = Duration::from_secs(5);

/// What it may take to stop beyond its own deadline, as `stop` allows.
const STOP_MARGIN: Duration = Duration::from_secs(5);

/// The stand-in, beside the own executable.
const STAND_IN: &str = "fake-claude";

/// Why a candidate is not fit. Fragments that fit behind "failed to".
#[derive(Debug, thiserror::Error)]
pub(super) enum Wrong {
    #[error("{doing} within {} s", limit.as_secs())]
    Late { doing: &'static str, limit: Duration },
    #[error(
        "migrate the database as fast as a start has to: not done within {} s on a copy, and a daemon \
         that is not ready after {} s is given up",
        MIGRATE_MAX.as_secs(),
        READY_MAX.as_secs()
    )]
    MigrationLate,
    #[error("{0}")]
    Outside(String),
    #[error("make a throw-away home: {0}")]
    Ground(io::Error),
    #[error(transparent)]
    Copy(#[from] BackupError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("run the candidate: {0}")]
    Start(io::Error),
    #[error("keep the candidate running: it ended by itself ({status}): {said}")]
    Ended { status: ExitStatus, said: String },
    #[error("stop the candidate in order: {status}")]
    BadEnd { status: ExitStatus },
    #[error("find nothing left by the candidate: {processes} processes")]
    Left { processes: usize },
    #[error("write a message: {0}")]
    Message(io::Error),
    #[error("find the candidate well: {0}")]
    Unwell(String),
    #[error("put the migrated database in its place: {0}")]
    Keep(io::Error),
    #[error("go on: a signal came")]
    Interrupted,
}

/// A step that was taken, for a program to read.
#[derive(Debug, Serialize)]
struct Step {
    name: &'static str,
    elapsed_ms: u64,
}

/// All of it, for a program to read.
#[derive(Debug, Serialize)]
struct Verdict {
    steps: Vec<Step>,
    failed: Option<String>,
}

/// One candidate, and what has to be cleared away behind it.
#[derive(Debug, Default)]
struct Trial {
    steps: Vec<Step>,
    child: Option<Candidate>,
    ground: Option<Ground>,
}

pub(super) async fn candidate(
    place: &Place,
    asked: &args::Candidate,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let mut signals = Signals::listen().context("listen to signals")?;
    let mut trial = Trial::default();
    let outcome = tokio::select! {
        outcome = trial.run(place, asked) => outcome,
        () = signals.next() => Err(Wrong::Interrupted),
    };
    trial.clear().await;
    let code = match &outcome {
        Ok(()) => Code::Done,
        Err(Wrong::Interrupted) => Code::Aborted,
        Err(_) => Code::Failed,
    };
    let failed = outcome.err().map(|wrong| format!("failed to {wrong}"));
    let verdict = Verdict { steps: trial.steps, failed };
    if asked.json {
        screen.json(&verdict)?;
    } else {
        for Step { name, elapsed_ms } in &verdict.steps {
            screen.line(&format!("{name:7}  {elapsed_ms} ms"))?;
        }
    }
    if let Some(failed) = &verdict.failed {
        complain(failed);
    }
    Ok(code)
}

impl Trial {
    async fn run(&mut self, place: &Place, asked: &args::Candidate) -> Result<(), Wrong> {
        let began = Instant::now();
        let config = self.prepare(place, asked).await?;
        let ground = self.ground.as_ref().expect("the step before made it");
        let stop_max = config.shutdown.deadline + STOP_MARGIN;
        let mut steps = Steps { taken: &mut self.steps, began };
        steps.took("prepare");

        let database = ground.home().database();
        let copy = database.clone();
        in_time(migrate(copy)).await?;
        steps.took("migrate");

        let child = self.child.insert(Candidate::start(ground)?);
        let ready = within("see READY", READY_MAX, child.ready(ground)).await??;
        let up_since = tokio::time::Instant::now();
        steps.took("start");

        let answered = within("see the answer to a message", ANSWER_MAX, exchange(ground));
        tokio::select! {
            answered = answered => answered??,
            ended = child.end_by_itself(ground) => return Err(ended),
        }
        steps.took("message");

        let asked_at = sleep_until(up_since + UP_MIN);
        tokio::select! {
            () = asked_at => {}
            ended = child.end_by_itself(ground) => return Err(ended),
        }
        within("hear how it is", STATUS_MAX, well(ground, &ready)).await??;
        steps.took("status");

        within("see the candidate end", stop_max, child.stop()).await??;
        match child::end_family(ground, Vec::new()).await {
            0 => {}
            processes => return Err(Wrong::Left { processes }),
        }
        steps.took("stop");

        let file = asked.database.clone();
        let copy = database.clone();
        within("check", FILES_MAX, walk(move || store::check_in_place(&copy))).await??;
        steps.took("check");
        within("keep", FILES_MAX, walk(move || keep(&database, &file))).await??;
        steps.took("keep");
        Ok(())
    }

    /// Makes the home and all that stands in it before a daemon comes.
    async fn prepare(&mut self, place: &Place, asked: &args::Candidate) -> Result<Config, Wrong> {
        let real = &place.home;
        let outside = |error: String| Wrong::Outside(format!("use the configuration: {error}"));
        let config = Config::load(&real.config_file(), place.user_home.as_deref())
            .map_err(|error| outside(error.to_string()))?;
        Contacts::open(&real.contacts_file()).map_err(|error| outside(error.to_string()))?;
        let agent = agent(asked.agent.as_deref())?;
        let ground = self.ground.insert(Ground::make(real).map_err(Wrong::Ground)?);
        ground.furnish(config.clone(), &agent, real).map_err(Wrong::Ground)?;
        let (from, to) = (asked.database.clone(), ground.home().database());
        within("copy the database", FILES_MAX, walk(move || store::backup(&from, &to))).await??;
        Ok(config)
    }

    /// Ends whatever is left of the candidate; its home goes last.
    async fn clear(&mut self) {
        let mut family = Vec::new();
        if let Some(child) = &mut self.child {
            family = child.family().await;
            child.kill().await;
        }
        if let Some(ground) = self.ground.take() {
            child::end_family(&ground, family).await;
        }
    }
}

/// Notes how long each step took.
struct Steps<'a> {
    taken: &'a mut Vec<Step>,
    began: Instant,
}

impl Steps<'_> {
    fn took(&mut self, name: &'static str) {
        let elapsed_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.taken.push(Step { name, elapsed_ms });
        self.began = Instant::now();
    }
}

async fn within<T>(
    doing: &'static str,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Wrong> {
    timeout(limit, work).await.map_err(|_| Wrong::Late { doing, limit })
}

/// What a migration came to that may not take longer than a start allows.
async fn in_time(migration: impl Future<Output = Result<(), Wrong>>) -> Result<(), Wrong> {
    timeout(MIGRATE_MAX, migration).await.unwrap_or(Err(Wrong::MigrationLate))
}

/// The stand-in that is meant, by a path that holds in another folder too.
fn agent(named: Option<&Path>) -> Result<PathBuf, Wrong> {
    let found = match named {
        Some(named) => std::path::absolute(named),
        None => std::env::current_exe().map(|own| own.with_file_name(STAND_IN)),
    };
    let found = found.map_err(|error| Wrong::Outside(format!("find the stand-in: {error}")))?;
    if super::programs::runs(&found) {
        return Ok(found);
    }
    let shown = found.display();
    Err(Wrong::Outside(format!("find the stand-in: {shown}: no such program (--agent)")))
}

/// Brings the database to the schema of this program. The session of the built-in contact is made anew
/// by the candidate: that of the original works in a folder of the real home.
async fn migrate(database: PathBuf) -> Result<(), Wrong> {
    let (store, writer) = walk(move || store::open(&database, Arc::new(wall_now))).await?;
    let thread = writer.start().map_err(Wrong::Start)?;
    let chat = ChatId::new(Source::Test, HARNESS)
        .map_err(|error| Wrong::Outside(format!("name the built-in contact: {error}")))?;
    if let Some(session) = store.session_of(chat).await? {
        store.remove_session(session.row).await?;
    }
    drop(store);
    walk(move || thread.join()).await.map_err(|error| Wrong::Outside(error.to_string()))
}

/// Sends a message with a word that no other has, and waits until that word comes back.
async fn exchange(ground: &Ground) -> Result<(), Wrong> {
    let nonce = Uuid::new_v4().simple().to_string();
    let text = format!("Reply with exactly this one word and nothing else: {nonce}");
    let message = json!({ "from": HARNESS, "text": text }).to_string();
    ground.drop_message(&nonce, message.as_bytes()).map_err(Wrong::Message)?;
    let outbox = ground.messages().join("outbox");
    while !has_answer(&outbox, &nonce) {
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn has_answer(outbox: &Path, nonce: &str) -> bool {
    let Ok(entries) = fs::read_dir(outbox) else { return false };
    // Anything else there is still being written.
    let replies = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let chat = format!("{}:{HARNESS}", Source::Test.prefix());
    replies.filter_map(|path| fs::read(path).ok()).any(|reply| {
        let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap_or_default();
        let says = reply["text"].as_str().is_some_and(|text| text.contains(nonce));
        reply["chat"] == chat.as_str() && says
    })
}

/// Asks the candidate how it is.
async fn well(ground: &Ground, ready: &Ready) -> Result<(), Wrong> {
    let answer = client::ask(&ground.home().socket(), Request::Status).await;
    match answer.map_err(|error| Wrong::Unwell(error.to_string()))? {
        Answer::Status(status) => {
            fault_of(&status, ready).map_or(Ok(()), |it| Err(Wrong::Unwell(it)))
        }
        _ => Err(Wrong::Unwell("its answer is no status".to_owned())),
    }
}

/// What is not as it should be.
fn fault_of(status: &Status, ready: &Ready) -> Option<String> {
    if (status.pid, status.generation) != (ready.pid, ready.generation) {
        return Some(format!("pid {} of generation {}", status.pid, status.generation));
    }
    if !status.held {
        return Some("messages are not held".to_owned());
    }
    if let Some(error) = &status.contacts_error {
        return Some(error.clone());
    }
    status.last_error.as_ref().map(|error| error.what.clone())
}

/// Replaces the copy by the database that the candidate has left.
fn keep(database: &Path, file: &Path) -> Result<(), Wrong> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".migrated");
    let migrated = file.with_file_name(name);
    drop(fs::remove_file(&migrated));
    store::backup(database, &migrated)?;
    // A log of the old one would be taken for one of the new.
    for ending in ["-wal", "-shm"] {
        let mut log = file.as_os_str().to_owned();
        log.push(ending);
        match fs::remove_file(log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Wrong::Keep(error));
            }
            _ => {}
        }
    }
    fs::rename(&migrated, file).map_err(Wrong::Keep)
}

#[cfg(test)]
mod tests;
