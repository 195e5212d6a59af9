//! Whether a message may still be put before this session's agent. It was routed here by what held
//! then; the contacts, or the trust in test messages, may have changed while it waited.

use std::collections::BTreeSet;

use assistant_core::access::Directory;
use assistant_core::message::{Arrival, RowId};
use assistant_core::routing::{self, Verdict};
use assistant_core::session::Delivered;
use tracing::info;

use super::Driver;
use crate::store::StoreError;

/// Why a message is refused that its sender could now send only to another sort of agent.
const OTHER_RIGHTS: &str = "rights changed";

impl Driver {
    /// Ends the messages that would not come here if they were routed now, and says which.
    pub(super) async fn refuse_without_rights(
        &self,
        deliveries: &[Delivered],
    ) -> Result<BTreeSet<RowId>, StoreError> {
        let directory = self.surroundings.contacts.directory();
        let mut refused = Vec::new();
        for row in deliveries.iter().map(|delivered| delivered.row) {
            let arrival = self.pending.get(&row).map(|pending| &pending.arrival);
            if let Some(reason) = arrival.and_then(|arrival| self.refusal(arrival, &directory)) {
                refused.push((row, reason));
            }
        }
        if !refused.is_empty() {
            self.surroundings.store.refuse(refused.clone()).await?;
        }
        for (row, reason) in &refused {
            info!(session = self.record.row.0, row = row.0, reason, "message refused");
        }
        Ok(refused.into_iter().map(|(row, _)| row).collect())
    }

    fn refusal(&self, arrival: &Arrival, directory: &Directory) -> Option<&'static str> {
        match routing::route(arrival, directory, self.surroundings.trust) {
            Verdict::Deliver { profile, .. } if profile == self.profile => None,
            Verdict::Deliver { .. } => Some(OTHER_RIGHTS),
            Verdict::Refused(refusal) => Some(refusal.as_str()),
            Verdict::Ignored(ignored) => Some(ignored.as_str()),
        }
    }
}
