//! The sign of life for whoever watches the process: given only after the supervisor and the store
//! have both answered, so that neither a loop that stands still nor a store whose thread or write lock
//! is stuck looks alive. Nothing is written for it: a disk that takes no more does not end the beat.
//!
//! ```text
//! tick ──> supervisor answers ──> store has had the write lock ──> Word::Alive
//! ```
//!
//! Nothing is said of one that does not answer: silence is what the watcher listens for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::store::Store;
use crate::supervisor::Ask;
use crate::watcher::{Watcher, Word};

/// What beats.
#[derive(Debug)]
pub(super) struct Heartbeat {
    pub(super) watcher: Arc<Watcher>,
    pub(super) every: Duration,
    pub(super) supervisor: mpsc::Sender<Ask>,
    pub(super) store: Store,
}

impl Heartbeat {
    /// Beats until cancelled.
    pub(super) async fn run(self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval(self.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let beating = async {
            loop {
                tick.tick().await;
                self.beat().await;
            }
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = beating => {}
        }
    }

    async fn beat(&self) {
        let (answer, answered) = oneshot::channel();
        let asked = self.supervisor.send(Ask::Ping(answer)).await;
        if asked.is_err() || answered.await.is_err() || self.store.ping().await.is_err() {
            return;
        }
        if let Err(error) = self.watcher.say(Word::Alive) {
            debug!(%error, "sign of life not taken");
        }
    }
}

#[cfg(test)]
mod tests;
