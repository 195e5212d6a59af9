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
//! changes where it can; a poll every 100 ms finds what it did not tell.

mod claims;
mod file;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::message::Arrival;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock::{Clock, wall_now};
use crate::intake::Intake;
use crate::source::SourceFacts;
use claims::{Claimed, Claims, Found};
use watch::Watch;

/// How often the directory is looked at without being told to.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// How long the source waits before it asks a store again that refused rows.
const STORE_RETRY_AFTER: Duration = Duration::from_millis(500);

/// What the source needs.
pub(crate) struct TestDir {
    /// The directory.
    pub(crate) dir: PathBuf,
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

/// Whether there is reason to look again at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    AtOnce,
    WhenTold,
}

impl TestDir {
    /// Brings arrivals until cancelled; a batch that was begun is finished.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let mut claims = Some(Claims::new(self.dir.clone(), self.generation));
        let mut watch = Watch::new(self.dir.clone(), self.watch);
        let mut poll = tokio::time::interval(POLL_EVERY);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reachable = true;
        while !cancel.is_cancelled() {
            self.facts.set_watching(watch.is_on());
            let look = match self.look(&mut claims).await {
                Ok(look) => {
                    if !reachable {
                        info!("test directory is back");
                        watch.renew();
                    }
                    reachable = true;
                    self.facts.looked(self.clock.monotonic());
                    look
                }
                Err(failure) => {
                    if reachable {
                        error!(error = %failure, "test directory lost");
                        self.facts.failed();
                    }
                    reachable = false;
                    Look::WhenTold
                }
            };
            if look == Look::AtOnce {
                continue;
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = watch.changed() => {}
                _ = poll.tick() => {}
            }
        }
    }

    /// One batch: claim, read, make durable, unlink.
    async fn look(&self, kept: &mut Option<Claims>) -> std::io::Result<Look> {
        let mut claims =
            kept.take().unwrap_or_else(|| Claims::new(self.dir.clone(), self.generation));
        let now = self.clock.monotonic();
        let looking = tokio::task::spawn_blocking(move || {
            let found = claims.look(now);
            (claims, found)
        });
        let (claims, found) = looking.await.map_err(std::io::Error::other)?;
        *kept = Some(claims);
        let Found { ready, bad, more } = found?;
        for reason in bad {
            warn!(%reason, "test message set aside");
            self.facts.failed();
        }
        if !ready.is_empty() {
            self.accept(kept, ready).await;
        }
        Ok(if more { Look::AtOnce } else { Look::WhenTold })
    }

    async fn accept(&self, kept: &mut Option<Claims>, ready: Vec<Claimed>) {
        let seen_at = wall_now();
        let arrivals: Vec<Arrival> =
            ready.iter().map(|claimed| Arrival { seen_at, ..claimed.arrival.clone() }).collect();
        let count = arrivals.len();
        let names: Vec<_> = ready.into_iter().map(|claimed| claimed.name).collect();
        match self.intake.accept(arrivals, None).await {
            Ok(_) => {
                self.facts.saw(count);
                if let Some(claims) = kept {
                    claims.done(&names);
                }
            }
            Err(failure) => {
                // They stay claimed, and are read again.
                error!(error = %failure, messages = count, "messages not accepted, trying again");
                self.facts.failed();
                if let Some(claims) = kept {
                    claims.again(names);
                }
                tokio::time::sleep(STORE_RETRY_AFTER).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
