//! Decides for every accepted row whether a session gets it, and wakes that session.
//!
//! Rows are read from the store in order; a hint only says that there may be some. So nothing
//! accepted is missed, whatever happened to the hint, and a start begins like any other moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::access::{TestTrust, Tier};
use assistant_core::chat::ChatId;
use assistant_core::routing::{self, ChatKind, Verdict};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use uuid::Uuid;

use crate::contacts::Contacts;
use crate::store::{
    InboxRow, NewSession, Route, RouteDecision, SessionFacts, SessionKind, SessionRecord,
    SessionRow, Store, StoreError,
};
use crate::supervisor::Ask;

/// Rows decided about in one transaction. Few enough that a session hears of a burst's first rows
/// while the last are still being routed.
const ROUTED_AT_ONCE_MAX: u32 = 64;

/// How long the router waits before it asks a store again that failed.
const STORE_RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the router needs.
pub(crate) struct Router {
    /// Where rows stand.
    pub(crate) store: Store,
    /// Who is who.
    pub(crate) contacts: Contacts,
    /// Whether a test message has the rights of the number it names.
    pub(crate) trust: TestTrust,
    /// Hints that rows were accepted.
    pub(crate) accepted: Arc<Notify>,
    /// Whom to tell of sessions with new rows.
    pub(crate) supervisor: mpsc::Sender<Ask>,
    /// Where a new session's working directory is made.
    pub(crate) work_root: PathBuf,
    /// The model for new sessions, if one is configured.
    pub(crate) model: Option<String>,
}

impl Router {
    /// Routes until cancelled.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        loop {
            match self.route_all(&cancel).await {
                Ok(()) => tokio::select! {
                    () = cancel.cancelled() => return,
                    () = self.accepted.notified() => {}
                },
                Err(failure) => {
                    error!(error = %failure, "routing failed, trying again");
                    tokio::select! {
                        () = cancel.cancelled() => return,
                        () = tokio::time::sleep(STORE_RETRY_AFTER) => {}
                    }
                }
            }
        }
    }

    /// Until the store has no more unrouted rows.
    async fn route_all(&self, cancel: &CancellationToken) -> Result<(), StoreError> {
        while !cancel.is_cancelled() {
            let rows = self.store.unrouted(ROUTED_AT_ONCE_MAX).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.route_batch(rows).await?;
        }
        Ok(())
    }

    async fn route_batch(&self, rows: Vec<InboxRow>) -> Result<(), StoreError> {
        let directory = self.contacts.directory();
        let mut routes = Vec::with_capacity(rows.len());
        // Read once per batch and not kept any longer: a session that is begun with what was on
        // record some time ago resumes a conversation that is not its last.
        let mut sessions = BTreeMap::new();
        for InboxRow { row, arrival, .. } in rows {
            let decision = match routing::route(&arrival, &directory, self.trust) {
                Verdict::Deliver { contact_name, tier, kind, .. } => {
                    let facts = self.facts(contact_name, tier, kind);
                    let session = self.session_of(&mut sessions, arrival.chat, facts).await?;
                    RouteDecision::Session(session)
                }
                Verdict::Refused(refusal) => {
                    info!(row = row.0, reason = refusal.as_str(), "message refused");
                    RouteDecision::Refused(refusal.as_str().to_owned())
                }
                Verdict::Ignored(ignored) => {
                    info!(row = row.0, reason = ignored.as_str(), "message ignored");
                    RouteDecision::Ignored(ignored.as_str().to_owned())
                }
            };
            routes.push(Route { row, decision });
        }
        self.store.record_routes(routes).await?;
        let mut woken: Vec<SessionRecord> = sessions.into_values().collect();
        woken.sort_by_key(|record| record.row);
        for record in woken {
            // A supervisor that is gone means that the daemon ends; the rows are found at start.
            if self.supervisor.send(Ask::Wake(record)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn facts(&self, contact: String, tier: Tier, kind: ChatKind) -> SessionFacts {
        let kind = match kind {
            ChatKind::Direct => SessionKind::Direct,
            ChatKind::Group => SessionKind::Group,
        };
        SessionFacts { name: contact.clone(), kind, contact, tier, model: self.model.clone() }
    }

    /// The session of a chat, made at its first message and kept in step with its contact.
    async fn session_of(
        &self,
        sessions: &mut BTreeMap<ChatId, SessionRecord>,
        chat: ChatId,
        facts: SessionFacts,
    ) -> Result<SessionRow, StoreError> {
        if let Some(record) = sessions.get(&chat).filter(|record| record.facts == facts) {
            return Ok(record.row);
        }
        // The directory's name says nothing of whose it is, and never changes.
        let working_dir = self.work_root.join(Uuid::new_v4().simple().to_string());
        let new = NewSession { chat: chat.clone(), working_dir, facts: facts.clone() };
        let mut record = self.store.ensure_session(new).await?;
        let session = record.row;
        if record.facts != facts {
            self.store.update_session_facts(session, facts.clone()).await?;
            record.facts = facts;
        }
        sessions.insert(chat, record);
        Ok(session)
    }
}

#[cfg(test)]
mod tests;
