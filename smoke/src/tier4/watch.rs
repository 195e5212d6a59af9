//! Logs and transcripts from a moment on: what went wrong since then.

mod beginning;
mod extent;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::run::Undecided;
use harness::wait::{wait_for_every, wait_until};
use serde_json::Value;

pub use self::beginning::Origin;
use self::beginning::{Beginning, Identity};
use self::extent::{Extent, LOG, watched};
use super::{Down, Home, healthy};

/// How often the daemon is asked how it is during a soak.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long there may be no log: from a rename to the making of a file, on a busy machine.
const ROTATION_MAX: Duration = Duration::from_secs(2);

/// What had been written when the watching began, and by which daemon.
#[derive(Debug)]
pub struct Watch {
    beginning: Beginning,
    /// What had been written when this run of it began.
    run: Extent,
    down: Down,
}

impl Watch {
    /// Watches from now on, or from where an earlier run began; what is wrong with sessions that were
    /// down is passed over.
    pub(super) fn begin(home: &Home, down: Down, origin: Origin) -> anyhow::Result<Self> {
        Self::begin_with(home, down, origin, || home.status())
    }

    fn begin_with(
        home: &Home,
        down: Down,
        origin: Origin,
        status: impl FnOnce() -> anyhow::Result<Value>,
    ) -> anyhow::Result<Self> {
        let run = Extent::now(home)?;
        let now = || Ok(Beginning { daemon: Identity::of(&status()?), files: run.clone() });
        let beginning = origin.beginning(now)?;
        Ok(Self { beginning, run, down })
    }

    /// The sessions that may be down.
    pub(super) const fn down(&self) -> &Down {
        &self.down
    }

    /// What this run has seen added to the transcript of a session.
    pub(super) fn added_to(&self, home: &Home, session: i64) -> anyhow::Result<String> {
        let path = home.transcript(session);
        let place = path.strip_prefix(home.root()).context("find it in the home")?;
        let added = self.run.added(home, place)?;
        added.with_context(|| format!("find {}", path.display()))
    }

    /// Whether this run has seen a turn of the session that the agents' API did not serve.
    pub(super) fn was_not_served(&self, home: &Home, session: i64) -> bool {
        let added = self.added_to(home, session).unwrap_or_default();
        let mut events = added.lines().filter_map(|line| serde_json::from_str(line).ok());
        events.any(|event| Fault::of(&event) == Some(Fault::Outside))
    }

    /// Looks for `soak` more; fails at the first error in a log or transcript since the beginning,
    /// and when another daemon runs.
    pub fn soak(&self, home: &Home, soak: Duration) -> anyhow::Result<()> {
        let wrong = wait_for_every(LOOK_EVERY, soak, || self.look(home).err());
        wrong.map_or(Ok(()), Err)
    }

    fn look(&self, home: &Home) -> anyhow::Result<()> {
        let Errors { own, outside } = self.errors(home)?;
        ensure!(own.is_empty(), "see no error: {}", own.join("\n  "));
        let (daemon, now) = (&self.beginning.daemon, Identity::of(&healthy(home, &self.down)?));
        ensure!(now == *daemon, "see the same daemon: {daemon:?} -> {now:?}");
        if outside.is_empty() {
            return Ok(());
        }
        // Whether the daemon would have served them, nobody knows.
        Err(Undecided(format!("the agents' API did not serve: {}", outside.join("\n  "))).into())
    }

    /// What was added to a file that is watched. What cannot be read may hold any error, so it is one.
    /// `None` for a transcript that is gone.
    fn looked_into(&self, home: &Home, place: &Path) -> anyhow::Result<Option<String>> {
        if place == Path::new(LOG) {
            let path = home.root().join(place);
            // For a moment there is none when it is put aside.
            let is_there = wait_until(ROTATION_MAX, || path.try_exists().unwrap_or(true));
            ensure!(is_there, "read {}: it is gone", path.display());
        }
        self.beginning.files.added(home, place)
    }

    /// Errors since the beginning, but for those of sessions that were down. Of a transcript it is only
    /// said that there is one: what it says may be a person's.
    fn errors(&self, home: &Home) -> anyhow::Result<Errors> {
        let mut errors = Errors::default();
        for place in watched(home)?.iter().filter(|place| !self.down.has_transcript(place)) {
            let Some(added) = self.looked_into(home, place)? else { continue };
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            for line in added.lines() {
                if place.extension().is_some_and(|end| end == "jsonl") {
                    let event: Value = serde_json::from_str(line).unwrap_or_default();
                    let told = || format!("{name}: ERROR at {}", event["at"]);
                    match Fault::of(&event) {
                        Some(Fault::Own) => errors.own.push(told()),
                        Some(Fault::Outside) => errors.outside.push(told()),
                        None => {}
                    }
                } else if line.split_whitespace().nth(1) == Some("ERROR")
                    && !self.down.has_line(line)
                {
                    errors.own.push(format!("{name}: {line}"));
                }
            }
        }
        Ok(errors)
    }
}

/// What went wrong, a line each.
#[derive(Debug, Default, PartialEq, Eq)]
struct Errors {
    /// By the daemon, or by what people wrote.
    own: Vec<String>,
    /// By the network, the API, or a limit.
    outside: Vec<String>,
}

/// Whose doing an error of a transcript is.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Own,
    Outside,
}

impl Fault {
    /// By a line of the transcript; none where that tells of no error.
    fn of(event: &Value) -> Option<Self> {
        (event["event"] == "ERROR")
            .then(|| if event["cause"] == "outside" { Self::Outside } else { Self::Own })
    }
}

#[cfg(test)]
mod tests;
