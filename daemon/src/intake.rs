//! Where arrivals become durable: one transaction for their rows and the source's cursor, then a
//! hint to the router. What a source was not told is accepted, it still owns.

use std::sync::Arc;

use assistant_core::message::{Arrival, RowId};
use tokio::sync::Notify;

use crate::store::{CursorUpdate, Store, StoreError};

/// Takes arrivals in, from any source.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    store: Store,
    accepted: Arc<Notify>,
}

impl Intake {
    /// Hints go to whoever waits on `accepted`.
    pub(crate) fn new(store: Store, accepted: Arc<Notify>) -> Self {
        Self { store, accepted }
    }

    /// Makes arrivals durable. Their rows, in the order given; an arrival that is known already
    /// has the row that it had.
    ///
    /// # Errors
    /// None of them is accepted then.
    pub(crate) async fn accept(
        &self,
        arrivals: Vec<Arrival>,
        cursor: Option<CursorUpdate>,
    ) -> Result<Vec<RowId>, StoreError> {
        let accepted = self.store.accept(arrivals, cursor).await?;
        self.accepted.notify_one();
        Ok(accepted.into_iter().map(|accepted| accepted.row).collect())
    }
}

#[cfg(test)]
mod tests;
