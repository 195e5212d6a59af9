//! The test-message source: JSON files dropped into a directory.
//!
//! ```text
//!  *.json ── rename ──> claimed/<unique>.json ── read ── row durable ──> unlinked
//!                             │ does not parse, 1 s after its last change
//!                             └──────────────> errors/<unique>.json + .reason
//! ```
//!
//! The name in `claimed/` is the message's key, so a crash anywhere leaves a file that is taken up
//! again under the same key, and the same file written twice is two messages. The system tells of
//! changes where it can, and a look each second finds what it did not tell. Where it cannot, or while a
//! file is half written, the directory is looked at every 100 ms.
//!
//! A directory is one daemon's at a time: where another holds it, the source waits for its turn.

mod claims;
mod file;
mod lock;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::message::Arrival;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock::{Clock, wall_now};
use crate::intake::Intake;
use crate::processes::{HomeId, walk};
use crate::source::SourceFacts;
use claims::{Claimed, Claims, Found, NoLook};
use watch::Watch;

/// How often the directory is looked at where nobody tells of changes.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// The same where the system does: for what it might miss. Ten looks a second would be nearly all that an
/// idle daemon does.
const TOLD_POLL_EVERY: Duration = Duration::from_secs(1);

/// How long the source waits before it asks a store again that refused rows.
const STORE_RETRY_AFTER: Duration = Duration::from_millis(500);

/// How long the source waits before it tries again to take a directory that another daemon holds.
const HELD_RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the source needs.
pub(crate) struct TestDir {
    /// The directory.
    pub(crate) dir: PathBuf,
    /// Whose daemon this is.
    pub(crate) home_id: HomeId,
    /// Makes claimed names unique between lives of the daemon.
    pub(crate) generation: u64,
    /// Whether to be told of changes.
    pub(crate) watch: bool,
    /// Where arrivals go.
    pub(crate) intake: Intake,
    /// What it says of itself.
    pub(crate) facts: Arc<SourceFacts>,
    /// What time it is.
    pub(crate) clock: Clock,
}

impl TestDir {
    /// Brings arrivals until cancelled; a batch that was begun is finished.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let watch = Watch::new(self.dir.clone(), self.watch);
        let mut looking = Looking { source: self, watch, state: State::Well };
        let TestDir { ref dir, home_id, generation, .. } = looking.source;
        let mut claims = Claims::new(dir.clone(), home_id, generation);
        while !cancel.is_cancelled() {
            let began = Instant::now();
            let next;
            (claims, next) = looking.look(claims).await;
            match next {
                Next::AtOnce => {}
                Next::WhenTold { at_latest } => tokio::select! {
                    () = cancel.cancelled() => {}
                    () = looking.watch.changed() => {}
                    () = tokio::time::sleep_until(began + at_latest) => {}
                },
                Next::After(pause) => tokio::select! {
                    () = cancel.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                },
            }
        }
    }
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    AtOnce,
    /// So long after this look began, if nobody tells of a change before.
    WhenTold {
        at_latest: Duration,
    },
    After(Duration),
}

/// How it goes. Every change is told once, however long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    /// The directory cannot be used.
    Lost,
    /// Another daemon holds the directory.
    Held,
    /// The store does not take the messages.
    Refused,
}

/// A source that runs.
struct Looking {
    source: TestDir,
    watch: Watch,
    state: State,
}

impl Looking {
    /// One batch: claim, read, make durable, unlink.
    async fn look(&mut self, claims: Claims) -> (Claims, Next) {
        let now = self.source.clock.monotonic();
        let (claims, found) = off_task(claims, move |claims| claims.look(now)).await;
        let facts = &self.source.facts;
        let (claims, next) = match found {
            Ok(found) => {
                // One that was away may be the same, and the watch over it has ended all the same.
                let was_away = matches!(self.state, State::Lost | State::Held);
                match self.state {
                    State::Lost => info!("test directory is back"),
                    State::Held => info!("test directory is held by no other any more"),
                    State::Well | State::Refused => {}
                }
                if self.state != State::Refused {
                    self.state = State::Well;
                }
                facts.looked(now);
                let anew = found.anew || was_away;
                self.take(claims, Found { anew, ..found }).await
            }
            Err(NoLook::Held) => {
                self.enter(State::Held, || error!("test directory is held by another daemon"));
                self.watch.end();
                (claims, Next::After(HELD_RETRY_AFTER))
            }
            Err(NoLook::Lost(failure)) => {
                self.enter(State::Lost, || error!(error = %failure, "test directory lost"));
                self.watch.end();
                (claims, Next::WhenTold { at_latest: POLL_EVERY })
            }
        };
        self.source.facts.set_watching(self.watch.is_on());
        (claims, next)
    }

    async fn take(&mut self, claims: Claims, found: Found) -> (Claims, Next) {
        let Found { ready, set_aside, stuck, more, unsettled, anew } = found;
        for reason in set_aside {
            warn!(%reason, "test message set aside");
            self.source.facts.failed();
        }
        if let Some(reason) = stuck.first() {
            warn!(files = stuck.len(), %reason, "test messages stuck where they are");
            self.source.facts.failed();
        }
        if anew {
            self.watch.renew();
        }
        // What was dropped before the watch began is not told of.
        let next = if more || anew {
            Next::AtOnce
        } else if self.watch.is_on() && !unsettled {
            Next::WhenTold { at_latest: TOLD_POLL_EVERY }
        } else {
            Next::WhenTold { at_latest: POLL_EVERY }
        };
        if ready.is_empty() { (claims, next) } else { self.accept(claims, ready, next).await }
    }

    async fn accept(
        &mut self,
        mut claims: Claims,
        ready: Vec<Claimed>,
        next: Next,
    ) -> (Claims, Next) {
        let seen_at = wall_now();
        let (names, arrivals): (Vec<String>, Vec<Arrival>) = ready
            .into_iter()
            .map(|Claimed { name, arrival }| (name, Arrival { seen_at, ..arrival }))
            .unzip();
        let messages = arrivals.len();
        match self.source.intake.accept(arrivals, None).await {
            Ok(_) => {
                if self.state == State::Refused {
                    info!("messages are accepted again");
                    self.state = State::Well;
                }
                self.source.facts.saw(messages);
                let (claims, ()) = off_task(claims, move |claims| claims.done(&names)).await;
                (claims, next)
            }
            Err(failure) => {
                let refused = || error!(error = %failure, messages, "messages not accepted yet");
                self.enter(State::Refused, refused);
                // They stay claimed, and are read again.
                claims.again(names);
                (claims, Next::After(STORE_RETRY_AFTER))
            }
        }
    }

    fn enter(&mut self, state: State, tell: impl FnOnce()) {
        if self.state != state {
            tell();
            self.source.facts.failed();
            self.state = state;
        }
    }
}

/// Runs what blocks off the task of the source. A panic goes on in that task and so ends the
/// process: with new claims in this life, names would be given twice.
async fn off_task<T: Send + 'static>(
    mut claims: Claims,
    work: impl FnOnce(&mut Claims) -> T + Send + 'static,
) -> (Claims, T) {
    walk(move || {
        let outcome = work(&mut claims);
        (claims, outcome)
    })
    .await
}

#[cfg(test)]
mod tests;
