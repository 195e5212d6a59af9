//! One message through the session machine of the core, with a driver that does nothing but answer.

use std::time::Duration;

use assistant_core::message::RowId;
use assistant_core::session::{
    Action, Activity, Beginning, Delivery, Event, Hold, Owed, Session, Standing, Start, TurnOutcome,
};
use assistant_core::time::Monotonic;

/// Time that passes with each event.
const TICK: Duration = Duration::from_millis(1);

/// A session with an agent that answers everything at once.
#[derive(Debug)]
pub struct Conversation {
    session: Session,
    now: Monotonic,
    /// The last row of the store.
    last: RowId,
    answered: u64,
}

impl Conversation {
    /// A session whose agent is up and has answered its first message.
    pub fn awake() -> Self {
        let beginning = Beginning {
            conversation: assistant_core::session::Conversation::OfTheChat,
            start: Start::Fresh,
            hold: Hold::Released,
        };
        let session = Session::new(beginning);
        let mut conversation = Self { session, now: Duration::ZERO, last: RowId(0), answered: 0 };
        conversation.one_message();
        conversation
    }

    /// Takes one message from its routing to the settled answer. Returns how many rows are answered
    /// by now.
    pub fn one_message(&mut self) -> u64 {
        self.last.0 += 1;
        self.tell(Event::Routed);
        while let Some(action) = self.session.poll_action() {
            self.carry_out(action);
        }
        self.answered
    }

    /// Where the session stands.
    pub fn standing(&self) -> Standing {
        self.session.standing()
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Fetch(after, _) => {
                let owed = |row| Owed { row: RowId(row), counted: 0, delivery: Delivery::First };
                let rows = (after.0 + 1..=self.last.0).map(owed).collect();
                self.tell(Event::Fetched { rows, more_after: None });
            }
            Action::AskSlot => self.tell(Event::SlotGranted),
            Action::Launch(_) => self.tell(Event::Ready),
            Action::Deliver(delivered) => {
                self.tell(Event::Begun { finished: Vec::new() });
                let attempts: Vec<_> = delivered.iter().map(|one| one.attempt).collect();
                for attempt in &attempts {
                    self.tell(Event::Seen(*attempt));
                }
                self.tell(Event::Activity(Activity::Running));
                self.tell(Event::TurnEnded(attempts, TurnOutcome::Answered));
                self.tell(Event::Activity(Activity::Idle));
            }
            Action::Settle(settlement) => self.answered += settlement.answered.len() as u64,
            Action::ReleaseSlot | Action::Close(_) | Action::Report(_) | Action::End => {}
        }
    }

    fn tell(&mut self, event: Event) {
        self.now += TICK;
        self.session.handle(self.now, event);
    }
}

#[cfg(test)]
mod tests;
