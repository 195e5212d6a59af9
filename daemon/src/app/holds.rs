//! Who holds delivery: the owner, over any restart, and a restart, no longer than it lives. This
//! task owns both, writes the owner's down, and tells the supervisor when delivery stops or goes on.
//!
//! ```text
//! desk ── change ──> Warden ── Ask::Hold ──> supervisor
//!  ^                  │ ^ └──> store (the owner's)
//!  └──── ledger ──────┘ └──── lease too late, runner gone, file gone
//! ```

mod ledger;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assistant_core::session::Hold;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::clock::Clock;
use crate::control::lock::{self, Held};
use crate::store::{Store, StoreError};
use crate::supervisor::Ask;
pub(super) use ledger::{Change, Ledger};

/// Changes that wait for the warden. It takes them at once but for a write of the store; who asks
/// waits for room.
const CHANGES_WAITING_MAX: usize = 8;

/// How often is looked, while a restart holds delivery, for the file that a daemon is held by, and
/// whether the runner of the restart lives.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// Why a hold is as it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum HoldError {
    /// The daemon is about to end.
    #[error("change a hold: the daemon is stopping")]
    Stopping,
    /// It could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How delivery stands as a daemon begins.
#[derive(Debug)]
pub(super) struct Beginning {
    ledger: Ledger,
    file: Option<PathBuf>,
    lock: PathBuf,
}

impl Beginning {
    /// Looks whether the owner holds delivery, and whether there is a file that does. `lock` is that
    /// of restarts.
    pub(super) async fn look(
        store: &Store,
        file: Option<PathBuf>,
        lock: PathBuf,
    ) -> Result<Self, StoreError> {
        let owner = store.owner_hold().await?;
        let by_file = match &file {
            Some(path) if !is_gone(path.clone()).await => Hold::Held,
            _ => Hold::Released,
        };
        Ok(Self { ledger: Ledger::new(owner, by_file), file, lock })
    }

    /// Whether delivery is held.
    pub(super) fn hold(&self) -> Hold {
        self.ledger.hold()
    }
}

/// The way to the warden.
#[derive(Debug, Clone)]
pub(super) struct Holds {
    changes: mpsc::Sender<Asked>,
    ledger: watch::Receiver<Ledger>,
}

#[derive(Debug)]
struct Asked {
    change: Change,
    answer: oneshot::Sender<Result<Ledger, StoreError>>,
}

impl Holds {
    /// Has a change made; returns what stands then, once the supervisor has been told.
    pub(super) async fn change(&self, change: Change) -> Result<Ledger, HoldError> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { change, answer };
        self.changes.send(asked).await.map_err(|_| HoldError::Stopping)?;
        Ok(answered.await.map_err(|_| HoldError::Stopping)??)
    }

    /// What stands.
    pub(super) fn ledger(&self) -> Ledger {
        *self.ledger.borrow()
    }
}

/// The owner of all holds.
pub(super) struct Warden {
    ledger: Ledger,
    file: Option<PathBuf>,
    lock: PathBuf,
    told: Hold,
    changes: mpsc::Receiver<Asked>,
    shown: watch::Sender<Ledger>,
    store: Store,
    supervisor: mpsc::Sender<Ask>,
    clock: Clock,
}

impl Warden {
    /// Begins where the supervisor began: it has been told how delivery stands.
    pub(super) fn new(
        Beginning { ledger, file, lock }: Beginning,
        store: Store,
        supervisor: mpsc::Sender<Ask>,
        clock: Clock,
    ) -> (Self, Holds) {
        let (asks, changes) = mpsc::channel(CHANGES_WAITING_MAX);
        let (shown, seen) = watch::channel(ledger);
        let told = ledger.hold();
        let warden = Self { ledger, file, lock, told, changes, shown, store, supervisor, clock };
        (warden, Holds { changes: asks, ledger: seen })
    }

    /// Runs until cancelled.
    pub(super) async fn run(mut self, cancel: CancellationToken) {
        let mut looks = looks();
        loop {
            let deadline = self.ledger.deadline();
            tokio::select! {
                () = cancel.cancelled() => return,
                asked = self.changes.recv() => match asked {
                    Some(asked) => self.answer(asked).await,
                    None => cancel.cancelled().await,
                },
                () = self.clock.sleep_until(deadline) => self.end_what_is_late().await,
                _ = looks.tick(), if self.is_looking() => self.look().await,
            }
        }
    }

    async fn end_what_is_late(&mut self) {
        let misses_runner = self.ledger.misses_runner();
        self.ledger.handle_deadline(self.clock.monotonic());
        if misses_runner && !self.ledger.misses_runner() {
            info!("a restart's hold ends: nobody carries that restart out any more");
        }
        self.publish().await;
    }

    fn is_looking(&self) -> bool {
        self.ledger.is_held_by_file() || self.ledger.has_runner()
    }

    async fn answer(&mut self, Asked { change, answer }: Asked) {
        let outcome = self.make(change).await;
        // Who asked may have gone.
        drop(answer.send(outcome.map(|()| self.ledger)));
    }

    /// The owner's word is written down before it counts.
    async fn make(&mut self, change: Change) -> Result<(), StoreError> {
        if let Change::Owner(hold) = change {
            self.store.set_owner_hold(hold).await?;
        }
        let has_runner = matches!(change, Change::Lease(_)) && self.runner_lives().await;
        self.ledger.handle(self.clock.monotonic(), change);
        if has_runner {
            self.ledger.handle(self.clock.monotonic(), Change::RunnerSeen);
        }
        self.publish().await;
        Ok(())
    }

    async fn look(&mut self) {
        if let Some(file) = self.file.clone()
            && self.ledger.is_held_by_file()
            && is_gone(file).await
        {
            self.ledger.handle(self.clock.monotonic(), Change::FileGone);
        }
        if self.ledger.has_runner() {
            let lives = self.runner_lives().await;
            let change = if lives { Change::RunnerSeen } else { Change::RunnerMissed };
            self.ledger.handle(self.clock.monotonic(), change);
        }
        self.publish().await;
    }

    /// Whether somebody holds the lock of restarts. A lock that cannot be looked at is taken for held:
    /// the lease ends all the same.
    async fn runner_lives(&self) -> bool {
        let path = self.lock.clone();
        let held = tokio::task::spawn_blocking(move || lock::look(&path)).await;
        !matches!(held, Ok(Ok(Held::Free)))
    }

    async fn publish(&mut self) {
        let hold = self.ledger.hold();
        if hold != self.told {
            self.told = hold;
            // A supervisor that has ended delivers nothing.
            drop(self.supervisor.send(Ask::Hold(hold)).await);
        }
        if *self.shown.borrow() != self.ledger {
            info!(held_by = ?self.ledger.held_by(), "holds changed");
            self.shown.send_replace(self.ledger);
        }
    }
}

fn looks() -> Interval {
    let mut looks = tokio::time::interval(LOOKED_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

/// Whether a file is not there. One that the system says nothing of is.
async fn is_gone(path: PathBuf) -> bool {
    let look = move |path: &Path| match std::fs::symlink_metadata(path) {
        Ok(_) => false,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    tokio::task::spawn_blocking(move || look(&path)).await.unwrap_or(false)
}
