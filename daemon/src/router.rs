//! Decides for every accepted row whether a session gets it, and wakes that session.
//!
//! Rows are read from the store in order; a hint only says that there may be some. So nothing
//! accepted is missed, whatever happened to the hint, and a start begins like any other moment.
//!
//! ```text
//! hint ──> pass: page by page, from the first unrouted row ──> decided | left (its chat waits)
//!            ^ some were left, or the store failed: after a while, or at the next hint
//! ```
//!
//! A row that cannot be decided about holds up its own chat and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::access::{TestTrust, Tier};
use assistant_core::chat::ChatId;
use assistant_core::message::RowId;
use assistant_core::routing::{self, ChatKind, Verdict};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use uuid::Uuid;

use crate::contacts::Contacts;
use crate::store::{
    InboxRow, NewSession, Page, Route, RouteDecision, SessionFacts, SessionKind, SessionRecord,
    SessionRow, Store, StoreError,
};
use crate::supervisor::Ask;

/// Rows decided about in one transaction. Few enough that a session hears of a burst's first rows
/// while the last are still being routed.
const ROUTED_AT_ONCE_MAX: u32 = 64;

/// How long the router waits before it asks a store again that failed.
const STORE_RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long the router waits before it looks again at rows that it had to leave. What ails them is
/// rarely gone in a moment, and a hint makes it look at once.
const LEFT_RETRY_AFTER: Duration = Duration::from_secs(10);

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

/// What a pass could not decide about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    Some,
}

impl Router {
    /// Routes until cancelled.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        loop {
            let routed = self.route_all(&cancel).await;
            let pause = async {
                match routed {
                    Ok(Left::Nothing) => self.accepted.notified().await,
                    Ok(Left::Some) => {
                        let hint = self.accepted.notified();
                        // Either way it is time to look again.
                        let _late = tokio::time::timeout(LEFT_RETRY_AFTER, hint).await;
                    }
                    Err(failure) => {
                        error!(error = %failure, "routing failed, trying again");
                        tokio::time::sleep(STORE_RETRY_AFTER).await;
                    }
                }
            };
            tokio::select! {
                () = cancel.cancelled() => return,
                () = pause => {}
            }
        }
    }

    /// One pass over the rows that the store has unrouted.
    async fn route_all(&self, cancel: &CancellationToken) -> Result<Left, StoreError> {
        let mut left = BTreeSet::new();
        let mut after = RowId(0);
        while !cancel.is_cancelled() {
            let Page { rows, more_after } = self.store.unrouted(after, ROUTED_AT_ONCE_MAX).await?;
            self.route_batch(rows, &mut left).await?;
            let Some(more_after) = more_after else { break };
            after = RowId(more_after);
        }
        Ok(if left.is_empty() { Left::Nothing } else { Left::Some })
    }

    /// `left` are the chats of rows that this pass could not decide about: what comes behind such a
    /// row in its chat waits with it, so that the order of a chat is kept.
    async fn route_batch(
        &self,
        rows: Vec<InboxRow>,
        left: &mut BTreeSet<ChatId>,
    ) -> Result<(), StoreError> {
        let directory = self.contacts.directory();
        let mut routes = Vec::with_capacity(rows.len());
        // Read once per batch and not kept any longer: a session that is begun with what was on
        // record some time ago resumes a conversation that is not its last.
        let mut sessions = BTreeMap::new();
        let mut rightless = BTreeSet::new();
        for InboxRow { row, arrival, .. } in rows {
            if left.contains(&arrival.chat) {
                continue;
            }
            let decision = match routing::route(&arrival, &directory, self.trust) {
                Verdict::Deliver { contact_name, tier, kind, .. } => {
                    let facts = self.facts(contact_name, tier, kind);
                    match self.session_of(&mut sessions, arrival.chat.clone(), facts).await {
                        Ok(session) => RouteDecision::Session(session),
                        Err(closed @ StoreError::Closed) => return Err(closed),
                        Err(failure) => {
                            error!(row = row.0, error = %failure, "message left for later");
                            left.insert(arrival.chat);
                            continue;
                        }
                    }
                }
                Verdict::Refused(refusal) => {
                    info!(row = row.0, reason = refusal.as_str(), "message refused");
                    if !routing::may_have_session(&arrival.chat, &directory, self.trust) {
                        rightless.insert(arrival.chat);
                    }
                    RouteDecision::Refused(refusal.as_str().to_owned())
                }
                Verdict::Ignored(ignored) => {
                    info!(row = row.0, reason = ignored.as_str(), "message ignored");
                    RouteDecision::Ignored(ignored.as_str().to_owned())
                }
            };
            routes.push(Route { row, decision });
        }
        if routes.is_empty() {
            return Ok(());
        }
        self.store.record_routes(routes).await?;
        let mut woken: Vec<SessionRecord> = sessions.into_values().collect();
        woken.sort_by_key(|record| record.row);
        for record in woken {
            self.ask(Ask::Wake(record)).await;
        }
        self.end_agents_of(rightless).await
    }

    /// A chat that lost its rights may have an agent that still works for it.
    async fn end_agents_of(&self, rightless: BTreeSet<ChatId>) -> Result<(), StoreError> {
        for chat in rightless {
            if let Some(SessionRecord { row, .. }) = self.store.session_of(chat).await? {
                // Whether it had one does not matter.
                let (told, _) = oneshot::channel();
                self.ask(Ask::Kill(row, told)).await;
            }
        }
        Ok(())
    }

    async fn ask(&self, ask: Ask) {
        // A supervisor that is gone means that the daemon ends; the rows are found at start.
        let _gone = self.supervisor.send(ask).await;
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
