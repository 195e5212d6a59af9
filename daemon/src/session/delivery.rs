//! Rows to the agent, and what became of them to the store.

use std::collections::BTreeMap;
use std::time::Duration;

use assistant_core::framing::{self, AlreadySent, Framed, SentState, frame};
use assistant_core::message::RowId;
use assistant_core::session::{
    AttemptNo, Closed, Counted, Delivered, Delivery, Event, Memory, Owed, Settlement,
};
use tracing::{error, info};
use uuid::Uuid;

use super::Driver;
use crate::claude::wire;
use crate::sender;
use crate::store::{
    self, AttemptOutcome, NewAttempt, OutgoingState, Pending, SentText, StoreError,
};
use crate::transcript;

/// How long a redelivery waits for texts that are still on their way to the chat, so that it can
/// say what became of them. After that it says that nobody knows.
const OUTBOX_SETTLED_MAX: Duration = Duration::from_secs(5);

/// A row that was written to the agent.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnItsWay {
    /// Its name on the wire and in the store.
    pub(super) uuid: Uuid,
    /// A turn took it up: what becomes of it is for the turn's result to say.
    pub(super) started: bool,
    row: RowId,
}

impl Driver {
    pub(super) async fn fetch(&mut self, after: RowId, room: usize) {
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        match self.unfinished(after, limit).await {
            Ok(store::Page { rows, more_after }) => {
                let owed = rows.iter().map(owed).collect();
                self.pending.extend(rows.into_iter().map(|pending| (pending.row, pending)));
                let more_after = more_after.map(RowId);
                self.tell(Event::Fetched { rows: owed, more_after });
            }
            Err(failure) => {
                error!(session = self.record.row.0, error = %failure, "rows not read");
                self.tell(Event::FetchFailed);
            }
        }
    }

    /// What the store says is owed, once it knows what is not any more.
    async fn unfinished(
        &mut self,
        after: RowId,
        limit: u32,
    ) -> Result<store::Page<Pending>, StoreError> {
        self.record_outcomes().await?;
        self.surroundings.store.unfinished(self.record.row, after, limit).await
    }

    /// Frames first, then the attempts durable, and only then the lines.
    pub(super) async fn deliver(&mut self, deliveries: Vec<Delivered>) {
        match self.begin(&deliveries).await {
            Ok(begun) => {
                let finished = self.write_out(&deliveries, begun);
                self.tell(Event::Begun { finished });
            }
            Err(failure) => {
                error!(session = self.record.row.0, error = %failure, "delivery not begun");
                self.tell(Event::NotBegun);
            }
        }
    }

    async fn begin(
        &mut self,
        deliveries: &[Delivered],
    ) -> Result<BTreeMap<AttemptNo, (Uuid, String)>, StoreError> {
        // An attempt of a row closes the ones before it as abandoned, whatever became of them.
        self.record_outcomes().await?;
        let sent = self.sent_meanwhile(deliveries).await?;
        let refused = self.refuse_without_rights(deliveries).await?;
        if refused.len() == deliveries.len() {
            return Ok(BTreeMap::new());
        }
        if let Some(fresh) = self.fresh.take() {
            // From now on there is something to come back to.
            if let Err(failure) =
                self.surroundings.store.set_agent_session(self.record.row, &fresh).await
            {
                self.fresh = Some(fresh);
                return Err(failure);
            }
            self.agent_session = Some(fresh);
        }
        let mut lines = BTreeMap::new();
        let mut attempts = Vec::with_capacity(deliveries.len());
        for delivered in deliveries.iter().filter(|one| !refused.contains(&one.row)) {
            let Some(pending) = self.pending.get(&delivered.row) else { continue };
            let uuid = Uuid::new_v4();
            attempts.push(NewAttempt {
                uuid: uuid.to_string(),
                row: delivered.row,
                agent_session: self.agent_session.clone().unwrap_or_default(),
                generation: self.surroundings.generation,
            });
            let text = self.framed(pending, *delivered, sent.get(&delivered.row));
            lines.insert(delivered.attempt, (uuid, text));
        }
        let begun = self.surroundings.store.begin_attempts(attempts).await?;
        lines.retain(|_, (uuid, _)| begun.contains(&uuid.to_string()));
        Ok(lines)
    }

    /// The attempts that came to nothing: their rows are finished already.
    fn write_out(
        &mut self,
        deliveries: &[Delivered],
        mut begun: BTreeMap<AttemptNo, (Uuid, String)>,
    ) -> Vec<AttemptNo> {
        let mut finished = Vec::new();
        for &Delivered { attempt, row, delivery, .. } in deliveries {
            let Some((uuid, text)) = begun.remove(&attempt) else {
                self.pending.remove(&row);
                finished.push(attempt);
                continue;
            };
            self.outgoing.push_back(wire::user(uuid, &text));
            self.attempts.insert(attempt, OnItsWay { uuid, started: false, row });
            let again = delivery == Delivery::Again;
            info!(session = self.record.row.0, row = row.0, again, "message delivered");
            let attempt = uuid.to_string();
            self.record_event(transcript::Event::In { row: row.0, attempt, text });
        }
        finished
    }

    /// For each row that is delivered again: what its chat was sent since the first attempt.
    async fn sent_meanwhile(
        &self,
        deliveries: &[Delivered],
    ) -> Result<BTreeMap<RowId, Vec<SentText>>, StoreError> {
        let mut sent = BTreeMap::new();
        let store = &self.surroundings.store;
        for delivered in deliveries.iter().filter(|one| one.delivery == Delivery::Again) {
            let chat = &self.record.chat;
            let texts = sender::settled(store, chat, delivered.row, OUTBOX_SETTLED_MAX).await?;
            sent.insert(delivered.row, texts);
        }
        Ok(sent)
    }

    fn framed(
        &self,
        pending: &Pending,
        delivered: Delivered,
        sent: Option<&Vec<SentText>>,
    ) -> String {
        let arrival = &pending.arrival;
        let quotes: Option<Vec<AlreadySent<'_>>> = sent.map(|texts| {
            texts
                .iter()
                .map(|sent| AlreadySent { text: &sent.text, state: sent_state(sent.state) })
                .collect()
        });
        frame(&Framed {
            voice: arrival.voice,
            chat: &arrival.chat,
            sender_name: &self.record.facts.contact,
            tier: self.record.facts.tier,
            group: arrival.group.as_ref(),
            text: &arrival.text,
            transcription: arrival.transcription.as_deref(),
            attachments: &arrival.attachments,
            thread: &[],
            redelivery: quotes.as_deref(),
            memory: match delivered.memory {
                Memory::Kept => framing::Memory::Kept,
                Memory::Lost => framing::Memory::BeginsHere,
            },
        })
    }

    pub(super) async fn settle(&mut self, settlement: Settlement) {
        let mut stored = store::Settlement::default();
        for attempt in settlement.answered {
            if let Some(on_its_way) = self.attempts.remove(&attempt) {
                self.pending.remove(&on_its_way.row);
                stored.answered.push(on_its_way.uuid.to_string());
            }
        }
        for (attempt, closed, counted) in settlement.closed {
            if let Some(on_its_way) = self.attempts.remove(&attempt) {
                let outcome = outcome(closed);
                stored.closed.push((on_its_way.uuid.to_string(), outcome, count(counted)));
            }
        }
        for (row, failure) in settlement.failed {
            stored.failed.push((row, failure.as_str().to_owned()));
        }
        self.outcomes.add(stored);
        // Tried again until it works.
        drop(self.record_outcomes().await);
    }
}

fn owed(pending: &Pending) -> Owed {
    Owed {
        row: pending.row,
        counted: pending.counted_attempts,
        delivery: if pending.deliveries == 0 { Delivery::First } else { Delivery::Again },
    }
}

fn sent_state(state: OutgoingState) -> SentState {
    match state {
        OutgoingState::Queued => SentState::Queued,
        OutgoingState::Sent | OutgoingState::Reconciled => SentState::Sent,
        OutgoingState::Attempting | OutgoingState::Unknown => SentState::Unknown,
        OutgoingState::Failed => SentState::Failed,
    }
}

fn outcome(closed: Closed) -> AttemptOutcome {
    match closed {
        Closed::TurnFailed => AttemptOutcome::TurnFailed,
        Closed::AgentEnded => AttemptOutcome::AgentEnded,
        Closed::Interrupted => AttemptOutcome::Interrupted,
        Closed::Forgotten => AttemptOutcome::Withdrawn,
    }
}

fn count(counted: Counted) -> store::Counted {
    match counted {
        Counted::Yes => store::Counted::Yes,
        Counted::No => store::Counted::No,
    }
}
