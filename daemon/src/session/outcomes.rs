//! What became of attempts, kept until the store has it: an answer that could not be written down
//! would be given a second time.
//!
//! They are tried again after a pause, before anything is fetched or delivered, and at the end of
//! the session. There are few: nothing is delivered while any is left.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{error, warn};

use super::Driver;
use crate::store::{Settlement, StoreError};

/// How long after a failure the store is asked again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often the store is asked at the end of a session. What it does not take then is delivered
/// again at the next start, marked.
const LAST_TRIES_MAX: usize = 4;

/// What the store does not have yet.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    left: Settlement,
    again_at: Option<Instant>,
}

impl Outcomes {
    pub(super) fn add(&mut self, Settlement { answered, closed, failed }: Settlement) {
        self.left.answered.extend(answered);
        self.left.closed.extend(closed);
        self.left.failed.extend(failed);
    }

    /// Waits until it is time to try again; for ever if nothing is left. Cancel-safe.
    pub(super) async fn due(&self) {
        match self.again_at {
            Some(moment) => tokio::time::sleep_until(moment).await,
            None => std::future::pending().await,
        }
    }

    fn is_empty(&self) -> bool {
        let Settlement { answered, closed, failed } = &self.left;
        answered.is_empty() && closed.is_empty() && failed.is_empty()
    }
}

impl Driver {
    /// Writes down all that is left. At an error all of it stays, to be tried again.
    pub(super) async fn record_outcomes(&mut self) -> Result<(), StoreError> {
        if self.outcomes.is_empty() {
            return Ok(());
        }
        // Twice does no harm, should it be written in spite of an error.
        match self.surroundings.store.settle(self.outcomes.left.clone()).await {
            Ok(_) => {
                self.outcomes = Outcomes::default();
                Ok(())
            }
            Err(failure) => {
                warn!(session = self.record.row.0, error = %failure, "outcome not recorded yet");
                self.outcomes.again_at = Some(Instant::now() + AGAIN_AFTER);
                Err(failure)
            }
        }
    }

    /// The session is over; nothing comes after this.
    pub(super) async fn record_last_outcomes(&mut self) {
        for _ in 1..LAST_TRIES_MAX {
            match self.record_outcomes().await {
                Ok(()) => return,
                Err(failure) if failure.is_final() => break,
                Err(_) => {}
            }
            self.outcomes.due().await;
        }
        if let Err(failure) = self.record_outcomes().await {
            error!(session = self.record.row.0, error = %failure, "outcome not recorded");
        }
    }
}
