//! The daemon's tasks: which run, and taking them down one stage after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::error;

/// A part of the daemon, in the order in which they are taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Brings messages.
    Sources,
    /// Decides about them.
    Router,
    /// Runs sessions.
    Supervisor,
    /// Sends what they said.
    Sender,
    /// Answers requests.
    Desk,
    /// Takes requests.
    Control,
    /// Keeps who holds delivery.
    Holds,
    /// Shows whoever watches that all is alive.
    Heartbeat,
    /// Writes last message times.
    Touches,
    /// Ends, last of all, whatever still descends from this process.
    Strays,
    /// Reaps what agents left.
    Reaper,
    /// Notices if the store's thread ends.
    StoreWatch,
}

/// The running stages.
#[derive(Debug, Default)]
pub(super) struct Crew {
    tasks: JoinSet<()>,
    stages: BTreeMap<Id, Stage>,
    cancels: BTreeMap<Stage, CancellationToken>,
    over: BTreeSet<Stage>,
    /// Cancelled when sessions are not to wait any more.
    pub(super) hurry: CancellationToken,
}

impl Crew {
    /// Starts a stage, which ends when its token is cancelled.
    pub(super) fn start<F>(&mut self, stage: Stage, run: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancel = CancellationToken::new();
        let task = self.tasks.spawn(run(cancel.clone()));
        self.stages.insert(task.id(), stage);
        self.cancels.insert(stage, cancel);
    }

    /// Waits until any stage ends. Cancel-safe.
    pub(super) async fn ended(&mut self) -> Option<Stage> {
        let ended = self.tasks.join_next_with_id().await?;
        self.note(ended)
    }

    /// Ends all stages, each after the one before it is over.
    pub(super) async fn take_down(&mut self) {
        for (stage, cancel) in self.cancels.clone() {
            cancel.cancel();
            while !self.over.contains(&stage) {
                if self.ended().await.is_none() {
                    break;
                }
            }
        }
    }

    /// The task that a stage runs in.
    #[cfg(test)]
    pub(super) fn task_of(&self, stage: Stage) -> Option<Id> {
        self.stages.iter().find(|(_, running)| **running == stage).map(|(&id, _)| id)
    }

    fn note(&mut self, ended: Result<(Id, ()), JoinError>) -> Option<Stage> {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(failure) => failure.id(),
        };
        let stage = self.stages.remove(&id)?;
        if let Err(failure) = ended {
            error!(?stage, panicked = failure.is_panic(), "a task was cut short");
        }
        self.over.insert(stage);
        Some(stage)
    }
}

#[cfg(test)]
mod tests;
