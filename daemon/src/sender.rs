//! Takes texts from the outbox out into the world, in order, and records what came of each.
//!
//! A row is `attempting` before its text leaves, so that a crash in between is known as such. A test
//! reply is a file named by its row: written twice it is the same reply, so it is simply tried again.

mod test;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::chat::{ChatId, Source};
use assistant_core::message::RowId;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::store::{
    FinishedOutgoing, Outgoing, OutgoingRow, OutgoingState, SentText, Store, StoreError,
};

/// Texts taken from the outbox at once.
const SENT_AT_ONCE_MAX: u32 = 32;

/// How long the sender waits before it asks a store again that failed.
const STORE_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Sends what the outbox holds.
pub(crate) struct Sender {
    /// Where the outbox stands.
    pub(crate) store: Store,
    /// Hints that something was put into the outbox.
    pub(crate) queued: Arc<Notify>,
    /// Where replies to test messages go.
    pub(crate) test_outbox: PathBuf,
}

/// A text in the sender's hands. What the store refused to write down of it is written before
/// anything else: behind a text that is being sent, its whole chat waits.
#[derive(Debug)]
struct InHand {
    row: OutgoingRow,
    /// The state that its row is to come into.
    next: OutgoingState,
    reason: Option<String>,
}

impl Sender {
    /// Sends until cancelled, and then what is still queued.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let mut in_hand = None;
        loop {
            let sent = self.send_all(&mut in_hand).await;
            if let Err(failure) = &sent {
                error!(error = %failure, "sending failed, trying again");
            }
            let pause = async {
                match sent {
                    Ok(()) => self.queued.notified().await,
                    Err(_) => tokio::time::sleep(STORE_RETRY_AFTER).await,
                }
            };
            tokio::select! {
                () = cancel.cancelled() => break,
                () = pause => {}
            }
        }
        if let Err(failure) = self.send_all(&mut in_hand).await {
            error!(error = %failure, "texts stay in the outbox until the next start");
        }
    }

    async fn send_all(&self, in_hand: &mut Option<InHand>) -> Result<(), StoreError> {
        self.put_down(in_hand).await?;
        for source in Source::ALL {
            let mut after = OutgoingRow(0);
            loop {
                let batch = self.store.next_outgoing(source, after, SENT_AT_ONCE_MAX).await?;
                if batch.rows.is_empty() && batch.more_after.is_none() {
                    break;
                }
                for outgoing in batch.rows {
                    after = outgoing.row;
                    self.send(outgoing, in_hand).await?;
                }
                after = batch.more_after.map_or(after, OutgoingRow);
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        outgoing: Outgoing,
        in_hand: &mut Option<InHand>,
    ) -> Result<(), StoreError> {
        let row = outgoing.row;
        let (next, reason) = match outgoing.asked.chat.source() {
            Source::Test => {
                *in_hand = Some(InHand { row, next: OutgoingState::Queued, reason: None });
                self.store.set_outgoing(row, OutgoingState::Attempting, None).await?;
                self.write_test_reply(outgoing).await
            }
            // Nothing can be sent to these yet: said at once, not kept waiting.
            other @ (Source::Imessage | Source::Signal) => {
                (OutgoingState::Failed, Some(format!("no sender for {} yet", other.prefix())))
            }
        };
        if let Some(reason) = &reason {
            error!(outgoing = row.0, %reason, "text not sent");
        }
        *in_hand = Some(InHand { row, next, reason });
        self.put_down(in_hand).await
    }

    async fn write_test_reply(&self, outgoing: Outgoing) -> (OutgoingState, Option<String>) {
        let outbox = self.test_outbox.clone();
        let written =
            tokio::task::spawn_blocking(move || test::write_reply(&outbox, &outgoing)).await;
        match written {
            Ok(Ok(())) => (OutgoingState::Sent, None),
            Ok(Err(failure)) => {
                (OutgoingState::Failed, Some(format!("write the reply: {failure}")))
            }
            Err(cut_short) => (OutgoingState::Unknown, Some(cut_short.to_string())),
        }
    }

    /// Takes the row of the text in hand, if there is one, to the state it is to come into.
    async fn put_down(&self, in_hand: &mut Option<InHand>) -> Result<(), StoreError> {
        let Some(InHand { row, next, reason }) = in_hand else { return Ok(()) };
        match self.store.set_outgoing(*row, *next, reason.clone()).await {
            Ok(_) => {}
            // Somebody else has moved or removed it: trying again would change nothing.
            Err(failure @ (StoreError::Missing { .. } | StoreError::OutgoingMove { .. })) => {
                error!(outgoing = row.0, error = %failure, "what became of a text is not recorded");
            }
            Err(failure) => return Err(failure),
        }
        *in_hand = None;
        Ok(())
    }
}

/// Waits until nothing that may answer `message` is on its way to its chat any more, or the time is
/// up, and says what the chat was sent since the message's first attempt, in whatever state.
///
/// # Errors
/// When the store cannot be asked.
pub(crate) async fn settled(
    store: &Store,
    chat: &ChatId,
    message: RowId,
    time: Duration,
) -> Result<Vec<SentText>, StoreError> {
    let mut finished = store.finished_outgoing();
    let waiting = async {
        loop {
            let sent = store.sent_since_first_attempt(chat.clone(), message).await?;
            if sent.iter().all(|text| text.state.is_settled()) {
                return Ok(sent);
            }
            if matches!(finished.recv().await, Err(RecvError::Closed)) {
                return Ok(sent);
            }
        }
    };
    match tokio::time::timeout(time, waiting).await {
        Ok(sent) => sent,
        Err(_) => store.sent_since_first_attempt(chat.clone(), message).await,
    }
}

/// Waits for what becomes of one row of the outbox.
///
/// # Errors
/// When the store cannot be asked.
pub(crate) async fn outcome(
    store: &Store,
    mut finished: tokio::sync::broadcast::Receiver<FinishedOutgoing>,
    outgoing: &Outgoing,
) -> Result<Outgoing, StoreError> {
    let mut outgoing = outgoing.clone();
    while !outgoing.state.is_settled() {
        match finished.recv().await {
            Ok(word) if word.row != outgoing.row => continue,
            // Ours, or we were too slow to see which: the store knows.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => break,
        }
        if let Some(now) = store.outgoing(outgoing.row).await? {
            outgoing = now;
        }
    }
    Ok(outgoing)
}

#[cfg(test)]
mod tests;
