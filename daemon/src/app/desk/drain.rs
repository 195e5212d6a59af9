//! `drain`: delivery is held for a restart, and whoever asks hears when nothing is under way any
//! more.
//!
//! ```text
//! hold ─> (put away) ─> look ── busy, unsent ──> look .. ── time is up ──> not quiet
//!                         └── nothing, twice ──> quiet
//! ```

use std::time::Duration;

use assistant_core::roster::SessionRow;
use tokio::time::{Instant, sleep};

use super::{Answered, Desk, failed, hold_refused, stopping};
use crate::app::holds::Change;
use crate::control::protocol::{
    Answer, DRAIN_S_MAX, Drained, HeldBy, LEASE_S_MAX, Refusal, RefusalKind,
};
use crate::supervisor::Ask;

/// How often is looked. A look is a question to the supervisor and one to the store: some tens of
/// microseconds, and only while somebody waits for the answer.
const LOOKED_EVERY: Duration = Duration::from_millis(20);

/// Looks in a row that must find nothing: what was ordered before the hold may just be beginning.
const QUIET_LOOKS: u32 = 2;

/// What happens to agents at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtWork {
    /// They are waited for.
    Awaited,
    /// They are put away.
    PutAway,
}

/// What was asked, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drain {
    within: Duration,
    lease: Duration,
    at_work: AtWork,
}

impl Drain {
    /// Checks the numbers.
    pub(super) fn new(within_s: u64, lease_s: u64, at_work: AtWork) -> Result<Self, Refusal> {
        if DRAIN_S_MAX < within_s {
            let message = format!("a drain waits at most {DRAIN_S_MAX} s, not {within_s}");
            return Err(Refusal::new(RefusalKind::Invalid, message));
        }
        Ok(Self { within: Duration::from_secs(within_s), lease: lease(Some(lease_s))?, at_work })
    }
}

/// How long a restart may hold delivery unheard.
pub(super) fn lease(seconds: Option<u64>) -> Result<Duration, Refusal> {
    let sensible = seconds.filter(|seconds| (1..=LEASE_S_MAX).contains(seconds));
    sensible.map(Duration::from_secs).ok_or_else(|| {
        let message = format!("a restart holds for a lease of 1 to {LEASE_S_MAX} seconds");
        Refusal::new(RefusalKind::Invalid, message)
    })
}

impl Desk {
    pub(super) async fn drain(&self, drain: Drain) -> Answered {
        let began = Instant::now();
        // The lease counts from the answer: who waits for it cannot ask again.
        let hold = Change::Lease(drain.within + drain.lease);
        self.holds.change(hold).await.map_err(|error| hold_refused(&error))?;
        if drain.at_work == AtWork::PutAway {
            self.supervisor.send(Ask::PutAway).await.map_err(|_| stopping())?;
        }
        let mut quiet_looks = 0;
        let (busy, unsent) = loop {
            let (busy, unsent) = self.under_way().await?;
            let quiet = busy.is_empty() && unsent == 0;
            quiet_looks = if quiet { quiet_looks + 1 } else { 0 };
            if quiet_looks == QUIET_LOOKS || !quiet && drain.within <= began.elapsed() {
                break (busy, unsent);
            }
            sleep(LOOKED_EVERY).await;
        };
        let renewed = self.holds.change(Change::Renew(drain.lease)).await;
        let ledger = renewed.map_err(|error| hold_refused(&error))?;
        if !ledger.held_by().contains(&HeldBy::Restart) {
            let message = "the restart's hold was released meanwhile";
            return Err(Refusal::new(RefusalKind::Failed, message));
        }
        Ok(Answer::Drained(Drained {
            quiet: quiet_looks == QUIET_LOOKS,
            busy: busy.into_iter().map(|row| row.0).collect(),
            unsent,
            waited_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }))
    }

    /// Whose agents are at work, and how many texts are unsent.
    async fn under_way(&self) -> Result<(Vec<SessionRow>, u64), Refusal> {
        let busy = self.asked(Ask::Show).await?.at_work;
        let unsent = self.store.unsent().await.map_err(|failure| failed(&failure))?;
        Ok((busy, unsent))
    }
}
