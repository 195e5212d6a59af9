//! Restarts that are asked for from inside: in a conversation, or by a process that an agent runs.
//!
//! ```text
//! tool `restart` ───────┐                                       the restart itself, in a
//! `restart --safe` ─────┴─> ask ──> launcher ── request ──────> session of its own
//!                                                  │ done
//! sender <── outbox <── tell <── `restart_results`, or the next start
//! ```
//!
//! Nobody can watch over its own end, so the launcher does it, and who asked hears of it from whatever
//! daemon runs then. A session is named by its row: its chat is looked up when it is told, on whatever
//! messenger that is.
//!
//! Absent: what is done, and whether too many were asked for; the launcher sees to both.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::chat::ChatId;
use assistant_core::notice::{Notice, RestartEnd};
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::config::Home;
use crate::control::client::{self, AskError};
use crate::control::protocol::{Refusal, RefusalKind};
use crate::launcher::protocol as launcher;
use crate::processes::walk;
use crate::slots::record::RecordError;
use crate::slots::request::{Initiator, RequestState, Requests, RestartRequest};
use crate::store::{NewOutgoing, Store, StoreError};

/// The launcher writes one file before it answers.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Asks for restarts, and tells what came of them.
#[derive(Debug, Clone)]
pub(crate) struct Restarts {
    launcher: PathBuf,
    requests: Requests,
    store: Store,
    queued: Arc<Notify>,
}

/// Why somebody was not told. It is tried again at the next start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TellError {
    /// The requests cannot be listed.
    #[error("list requests of restarts: {0}")]
    List(#[source] io::Error),
    /// One of them cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The notice cannot be put in the outbox.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Restarts {
    /// Those of this home.
    pub(crate) fn of(home: &Home, store: Store, queued: Arc<Notify>) -> Self {
        Self { launcher: home.launcher_socket(), requests: Requests::of(home), store, queued }
    }

    /// Asks the launcher for a restart; its id.
    ///
    /// # Errors
    /// When there is no launcher, or it says no.
    pub(crate) async fn ask(&self, initiator: Initiator) -> Result<String, Refusal> {
        let request = launcher::Request::Ask { initiator };
        let answer = client::ask_of(&self.launcher, request, ANSWER_MAX).await;
        match answer.map_err(refusal)? {
            launcher::Answer::Requested { id } => {
                info!(restart = %id, ?initiator, "restart asked for");
                Ok(id)
            }
            _ => Err(Refusal::new(RefusalKind::Failed, "the launcher's answer is no id")),
        }
    }

    /// Puts a notice of each restart that is over, and that nobody was told of, in the outbox of the
    /// chat that asked. One that was told already, in a life that ended right then, stays one notice.
    ///
    /// # Errors
    /// The first thing that went wrong; the rest is told all the same.
    pub(crate) async fn tell(&self) -> Result<(), TellError> {
        let requests = self.requests.clone();
        let (all, unreadable) = walk(move || requests.all()).await.map_err(TellError::List)?;
        for error in unreadable {
            warn!(%error, "a request of a restart is not told");
        }
        let mut outcome = Ok(());
        for request in all {
            if request.state == RequestState::Done && !request.told {
                outcome = outcome.and(self.tell_of(request).await);
            }
        }
        outcome
    }

    async fn tell_of(&self, mut request: RestartRequest) -> Result<(), TellError> {
        let end = RestartEnd::of_exit_code(request.exit_code);
        // The owner reads it in the terminal; a session may be gone by now.
        if let Initiator::Session(row) = request.initiator
            && let Some(chat) = self.chat_of(row).await?
        {
            let new = NewOutgoing {
                chat,
                text: Notice::Restart(end).text().to_owned(),
                attachments: Vec::new(),
                key: format!("restart-{}", request.id),
            };
            self.store.enqueue(new).await?;
            self.queued.notify_one();
            info!(restart = %request.id, session = row, ?end, "told what came of a restart");
        }
        request.told = true;
        let requests = self.requests.clone();
        Ok(walk(move || requests.write(&request)).await?)
    }

    async fn chat_of(&self, row: i64) -> Result<Option<ChatId>, StoreError> {
        let records = self.store.sessions().await?;
        Ok(records.into_iter().find(|record| record.row.0 == row).map(|record| record.chat))
    }
}

fn refusal(error: AskError) -> Refusal {
    match error {
        AskError::Refused(refusal) => refusal,
        AskError::NotRunning => {
            let message = "no launcher runs, which would do it (claude-assistant install)";
            Refusal::new(RefusalKind::Failed, message)
        }
        other => Refusal::new(RefusalKind::Failed, format!("the launcher: {other}")),
    }
}

#[cfg(test)]
mod tests;
