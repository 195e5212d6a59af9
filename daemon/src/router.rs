//! Decides for every accepted row whether a session gets it, and wakes that session.
//!
//! Rows are read from the store in order; a hint only says that there may be some. So nothing
//! accepted is missed, whatever happened to the hint, and a start begins like any other moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::access::TestTrust;
use assistant_core::chat::ChatId;
use assistant_core::routing::{self, ChatKind, Verdict};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use uuid::Uuid;

use crate::contacts::Contacts;
use crate::store::{
    InboxRow, NewSession, Route, RouteDecision, SessionFacts, SessionKind, SessionRecord, Store,
    StoreError,
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
        let mut sessions = BTreeMap::new();
        loop {
            match self.route_all(&mut sessions, &cancel).await {
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
    async fn route_all(
        &self,
        sessions: &mut BTreeMap<ChatId, SessionRecord>,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        while !cancel.is_cancelled() {
            let rows = self.store.unrouted(ROUTED_AT_ONCE_MAX).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.route_batch(sessions, rows).await?;
        }
        Ok(())
    }

    async fn route_batch(
        &self,
        sessions: &mut BTreeMap<ChatId, SessionRecord>,
        rows: Vec<InboxRow>,
    ) -> Result<(), StoreError> {
        let directory = self.contacts.directory();
        let mut routes = Vec::with_capacity(rows.len());
        let mut woken = BTreeMap::new();
        for InboxRow { row, arrival, .. } in rows {
            let decision = match routing::route(&arrival, &directory, self.trust) {
                Verdict::Deliver { contact_name, tier, kind, .. } => {
                    let kind = match kind {
                        ChatKind::Direct => SessionKind::Direct,
                        ChatKind::Group => SessionKind::Group,
                    };
                    let facts = SessionFacts {
                        name: contact_name.clone(),
                        kind,
                        contact: contact_name,
                        tier,
                        model: self.model.clone(),
                    };
                    let record = self.session_of(sessions, &arrival.chat, facts).await?;
                    let session = record.row;
                    woken.entry(session).or_insert(record);
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
        for record in woken.into_values() {
            // A supervisor that is gone means that the daemon ends; the rows are found at start.
            if self.supervisor.send(Ask::Wake(record)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The session of a chat, made at its first message and kept in step with its contact.
    async fn session_of(
        &self,
        sessions: &mut BTreeMap<ChatId, SessionRecord>,
        chat: &ChatId,
        facts: SessionFacts,
    ) -> Result<SessionRecord, StoreError> {
        if let Some(record) = sessions.get(chat).filter(|record| record.facts == facts) {
            return Ok(record.clone());
        }
        // The directory's name says nothing of whose it is, and never changes.
        let working_dir = self.work_root.join(Uuid::new_v4().simple().to_string());
        let new = NewSession { chat: chat.clone(), working_dir, facts: facts.clone() };
        let mut record = self.store.ensure_session(new).await?;
        if record.facts != facts {
            self.store.update_session_facts(record.row, facts.clone()).await?;
            record.facts = facts;
        }
        sessions.insert(chat.clone(), record.clone());
        Ok(record)
    }
}
