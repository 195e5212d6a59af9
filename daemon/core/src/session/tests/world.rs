//! A small world around the machine, moved by random scripts: a store, one agent, a clock.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use crate::limits::{ATTEMPTS_IN_FLIGHT_MAX, ROWS_FETCHED_MAX};
use crate::message::RowId;
use crate::session::{
    Action, Activity, AttemptNo, Beginning, Cause, ClosingStep, Command, Conversation, Counted,
    Delivered, Delivery, Event, Failure, Hold, Owed, Report, Session, Settlement, Standing, Start,
    TurnOutcome,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Owed,
    Answered,
    Dropped,
    /// The store cannot read it: it is no business of the session's.
    Unreadable,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    fate: Fate,
    counted: u32,
    deliveries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agent {
    None,
    Starting,
    Up,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    None,
    Asked,
    Held,
}

#[derive(Debug, Clone)]
enum Move {
    NewRows(u8),
    UnreadableRows(u8),
    Slot,
    Up,
    LaunchFails,
    ResumeRefused,
    Exit(Cause),
    TurnEnds { listed: u8, outcome: u8 },
    Running,
    Idle,
    Seen,
    CancelLast,
    StoreRefuses,
    RightsLost,
    Command(u8),
    Hold,
    Release,
    Wait(u16),
    NextDeadline,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct World {
    session: Session,
    now: Duration,
    rows: BTreeMap<RowId, Row>,
    agent: Agent,
    slot: Slot,
    in_flight: Vec<Delivered>,
    refuse_next: bool,
    /// The next row to be delivered is finished instead.
    finish_next: bool,
    /// Something was put before an agent, so there is a conversation to come back to.
    conversation: bool,
    ended: bool,
    launches: u32,
}

impl World {
    fn new() -> Self {
        let session = Session::new(Beginning {
            conversation: Conversation::OfTheChat,
            start: Start::Fresh,
            hold: Hold::Released,
        });
        Self {
            session,
            now: Duration::ZERO,
            rows: BTreeMap::new(),
            agent: Agent::None,
            slot: Slot::None,
            in_flight: Vec::new(),
            refuse_next: false,
            finish_next: false,
            conversation: false,
            ended: false,
            launches: 0,
        }
    }

    fn make(&mut self, step: &Move) {
        match step {
            Move::NewRows(count) => self.add_rows(*count, Fate::Owed),
            Move::UnreadableRows(count) => self.add_rows(*count, Fate::Unreadable),
            Move::Slot if self.slot == Slot::Asked => {
                self.slot = Slot::Held;
                self.tell(Event::SlotGranted);
            }
            Move::Up if self.agent == Agent::Starting => {
                self.agent = Agent::Up;
                self.tell(Event::Ready);
            }
            Move::LaunchFails if self.agent == Agent::Starting => self.gone(Event::LaunchFailed),
            Move::ResumeRefused if self.agent == Agent::Starting => {
                self.conversation = false;
                self.tell(Event::ResumeRefused);
                if self.agent != Agent::None {
                    self.gone(Event::Exited(Cause::ByItself));
                }
            }
            Move::Exit(cause) if self.agent != Agent::None => self.gone(Event::Exited(*cause)),
            Move::TurnEnds { listed, outcome } if self.agent == Agent::Up => {
                let listed = usize::from(*listed).min(self.in_flight.len());
                let attempts = self.in_flight[..listed].iter().map(|flight| flight.attempt);
                self.tell(Event::TurnEnded(attempts.collect(), outcome_of(*outcome)));
            }
            Move::Running if self.agent == Agent::Up => {
                self.tell(Event::Activity(Activity::Running));
            }
            Move::Idle if self.agent == Agent::Up => self.tell(Event::Activity(Activity::Idle)),
            Move::Seen => {
                if let Some(first) = self.in_flight.first().copied() {
                    self.tell(Event::Seen(first.attempt));
                }
            }
            Move::CancelLast => {
                if let Some(last) = self.in_flight.last().copied() {
                    self.tell(Event::Cancelled(last.attempt));
                }
            }
            Move::StoreRefuses => self.refuse_next = true,
            Move::RightsLost => self.finish_next = true,
            Move::Command(which) => self.tell(Event::Command(command_of(*which))),
            Move::Hold => self.tell(Event::Hold(Hold::Held)),
            Move::Release => self.tell(Event::Hold(Hold::Released)),
            Move::Wait(seconds) => self.wait(Duration::from_secs(u64::from(*seconds))),
            Move::NextDeadline => self.next_deadline(),
            _ => {}
        }
    }

    fn add_rows(&mut self, count: u8, fate: Fate) {
        for _ in 0..count {
            let row = RowId(i64::try_from(self.rows.len()).expect("few") + 1);
            self.rows.insert(row, Row { fate, counted: 0, deliveries: 0 });
        }
        self.tell(Event::Routed);
    }

    fn tell(&mut self, event: Event) {
        self.session.handle(self.now, event);
        self.obey();
    }

    fn gone(&mut self, event: Event) {
        self.agent = Agent::None;
        self.tell(event);
        assert!(self.in_flight.is_empty(), "rows left in flight to nobody");
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while self.session.deadline().is_some_and(|deadline| deadline <= end) {
            self.next_deadline();
        }
        self.now = end;
    }

    fn next_deadline(&mut self) {
        let Some(deadline) = self.session.deadline() else { return };
        self.now = self.now.max(deadline);
        self.session.handle_deadline(self.now);
        self.obey();
        let next = self.session.deadline();
        assert!(next.is_none_or(|next| self.now < next), "deadline stands still at {next:?}");
    }

    fn obey(&mut self) {
        while let Some(action) = self.session.poll_action() {
            assert!(!self.ended, "an ended session did {action:?}");
            match action {
                Action::Fetch(after, room) => self.fetch(after, room),
                Action::AskSlot => {
                    assert_eq!(self.slot, Slot::None);
                    self.slot = Slot::Asked;
                }
                Action::ReleaseSlot => {
                    assert_ne!(self.slot, Slot::None, "gave back what it had not");
                    self.slot = Slot::None;
                }
                Action::Launch(start) => {
                    assert_eq!(self.agent, Agent::None, "two agents");
                    let forgotten = self.conversation && start == Start::Fresh;
                    assert!(!forgotten, "began anew beside the conversation it had");
                    assert_eq!(self.slot, Slot::Held);
                    self.agent = Agent::Starting;
                    self.launches += 1;
                }
                Action::Deliver(deliveries) => self.deliver(deliveries),
                Action::Settle(settlement) => self.settle(&settlement),
                Action::Close(ClosingStep::Terminate | ClosingStep::Kill) => {
                    self.agent = Agent::None;
                    self.session.handle(self.now, Event::Exited(Cause::ByItself));
                }
                Action::Report(Report::ConversationFull) => self.conversation = false,
                Action::Close(_) | Action::Report(_) => {}
                Action::End => self.ended = true,
            }
        }
    }

    fn fetch(&mut self, after: RowId, room: usize) {
        let unfinished = |fate| matches!(fate, Fate::Owed | Fate::Unreadable);
        let found = self.rows.iter().filter(|(row, it)| after < **row && unfinished(it.fate));
        let page: Vec<_> = found.take(room).collect();
        let more_after = page.last().filter(|_| page.len() == room).map(|(row, _)| **row);
        let read = page.iter().filter(|(_, it)| it.fate == Fate::Owed).map(|&(&row, it)| Owed {
            row,
            counted: it.counted,
            delivery: if it.deliveries == 0 { Delivery::First } else { Delivery::Again },
        });
        let rows = read.collect();
        self.session.handle(self.now, Event::Fetched { rows, more_after });
        assert!(self.session.owed() <= ROWS_FETCHED_MAX, "over its bound");
    }

    fn deliver(&mut self, deliveries: Vec<Delivered>) {
        assert_eq!(self.agent, Agent::Up, "delivered to nobody");
        if std::mem::take(&mut self.refuse_next) {
            self.session.handle(self.now, Event::NotBegun);
            return;
        }
        let mut finished = Vec::new();
        for delivered in deliveries {
            if std::mem::take(&mut self.finish_next) {
                self.rows.get_mut(&delivered.row).expect("a row of the store").fate = Fate::Dropped;
                finished.push(delivered.attempt);
                continue;
            }
            let earlier = self.rows.range(..delivered.row).filter(|(row, it)| {
                it.fate == Fate::Owed && self.in_flight.iter().all(|flight| flight.row != **row)
            });
            assert_eq!(earlier.count(), 0, "row {:?} overtook another", delivered.row);
            assert!(self.in_flight.iter().all(|flight| flight.row != delivered.row), "twice");
            let row = self.rows.get_mut(&delivered.row).expect("a row of the store");
            assert_eq!(row.fate, Fate::Owed);
            let unmarked_again = delivered.delivery == Delivery::First && 0 < row.deliveries;
            assert!(!unmarked_again, "delivered again without saying so");
            row.deliveries += 1;
            self.conversation = true;
            self.in_flight.push(delivered);
        }
        assert!(self.in_flight.len() <= ATTEMPTS_IN_FLIGHT_MAX);
        self.session.handle(self.now, Event::Begun { finished });
    }

    fn settle(&mut self, settlement: &Settlement) {
        for &attempt in &settlement.answered {
            let row = self.land(attempt);
            self.rows.get_mut(&row).expect("known").fate = Fate::Answered;
        }
        for &(attempt, _, counted) in &settlement.closed {
            let alone = self.in_flight.len() == 1 || settlement.closed.len() == 1;
            let row = self.land(attempt);
            if counted == Counted::Yes {
                assert!(alone, "counted in company");
                self.rows.get_mut(&row).expect("known").counted += 1;
            }
        }
        for (row, failure) in &settlement.failed {
            let row = self.rows.get_mut(row).expect("known");
            assert!(*failure != Failure::Poison || row.counted == 3);
            row.fate = Fate::Dropped;
        }
    }

    fn land(&mut self, attempt: AttemptNo) -> RowId {
        let place = self.in_flight.iter().position(|flight| flight.attempt == attempt);
        self.in_flight.remove(place.expect("settled what was not in flight")).row
    }

    /// From here on everything works: all that is owed must be answered.
    fn calm_down(&mut self) {
        (self.refuse_next, self.finish_next) = (false, false);
        for calm in [Move::Release, Move::Command(1), Move::NewRows(1)] {
            self.make(&calm);
        }
        for _ in 0..3 * self.rows.len() + 60 {
            self.make(&Move::Slot);
            self.make(&Move::Up);
            self.make(&Move::TurnEnds { listed: u8::MAX, outcome: 0 });
            self.make(&Move::Idle);
            if self.in_flight.is_empty() && self.agent != Agent::Starting {
                self.next_deadline();
            }
        }
        let owed: Vec<_> = self.rows.iter().filter(|(_, it)| it.fate == Fate::Owed).collect();
        assert!(owed.is_empty(), "still owed: {owed:?}, {:?}", self.session);
    }
}

fn outcome_of(number: u8) -> TurnOutcome {
    match number % 6 {
        0 => TurnOutcome::Answered,
        1 => TurnOutcome::Interrupted,
        2 => TurnOutcome::Elsewhere("api 529".to_owned()),
        3 => TurnOutcome::Permanent("api 400".to_owned()),
        4 => TurnOutcome::Failed("broke".to_owned()),
        _ => TurnOutcome::Full,
    }
}

fn command_of(number: u8) -> Command {
    match number % 4 {
        0 => Command::Kill,
        1 => Command::Restart,
        2 => Command::Evict,
        _ => Command::PutAway,
    }
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => (1_u8..4).prop_map(Move::NewRows),
        1 => (40_u8..120).prop_map(Move::NewRows),
        1 => (1_u8..120).prop_map(Move::UnreadableRows),
        6 => Just(Move::Slot),
        6 => Just(Move::Up),
        1 => Just(Move::LaunchFails),
        1 => Just(Move::ResumeRefused),
        2 => Just(Move::Exit(Cause::ByItself)),
        1 => Just(Move::Exit(Cause::Asked)),
        8 => (0_u8..60, 0_u8..13).prop_map(|(listed, outcome)| Move::TurnEnds {
            listed,
            outcome: outcome.saturating_sub(7),
        }),
        3 => Just(Move::Running),
        3 => Just(Move::Idle),
        2 => Just(Move::Seen),
        1 => Just(Move::CancelLast),
        1 => Just(Move::StoreRefuses),
        1 => Just(Move::RightsLost),
        2 => (0_u8..4).prop_map(Move::Command),
        1 => Just(Move::Hold),
        2 => Just(Move::Release),
        3 => (0_u16..9000).prop_map(Move::Wait),
        4 => Just(Move::NextDeadline),
    ]
}

/// The `which`-th order of the moves.
fn order(mut moves: Vec<Move>, mut which: usize) -> Vec<Move> {
    let mut ordered = Vec::with_capacity(moves.len());
    while !moves.is_empty() {
        ordered.push(moves.remove(which % moves.len()));
        which /= moves.len() + 1;
    }
    ordered
}

/// A message, an order to end, the end of the turn, quiet, an exit and a deadline meet in every
/// order there is, for every kind of order: the world finds whoever begins another conversation
/// beside the one it had, or keeps a message from its answer.
/// Incidents: 43.
#[test]
fn in_whatever_order_a_message_and_an_end_meet_the_conversation_is_resumed() {
    const ORDERS: usize = 720;
    const COMMANDS: u8 = 4;
    let mut resumed = 0;
    for (command, which) in
        (0..COMMANDS).flat_map(|command| (0..ORDERS).map(move |at| (command, at)))
    {
        let mut world = World::new();
        world.obey();
        for first in [Move::NewRows(1), Move::Slot, Move::Up, Move::Running] {
            world.make(&first);
        }
        let meet = vec![
            Move::NewRows(1),
            Move::Command(command),
            Move::TurnEnds { listed: u8::MAX, outcome: 0 },
            Move::Idle,
            Move::Exit(Cause::ByItself),
            Move::NextDeadline,
        ];
        for step in order(meet, which) {
            world.make(&step);
        }
        world.calm_down();
        resumed += usize::from(1 < world.launches);
    }
    assert_eq!(
        resumed,
        usize::from(COMMANDS) * ORDERS,
        "an agent ended in each of them, and another came"
    );
}

proptest! {
    /// Messages, ends, kills and restarts interleave as they like, as they do for real: every
    /// message is answered or given up in the end, no chat has two agents or two conversations,
    /// and an agent that was ended is resumed by the conversation it had.
    /// Every way in which an agent ends (killed, restarted, evicted, idle, crashed, out of rights)
    /// and every way in which one begins, in any order.
    /// Incidents: 2, 3, 36, 43, 52, J1.
    /// Danger zone: 2.
    /// Pitfall: 1, 4.
    #[test]
    fn whatever_happens_nothing_is_lost_doubled_or_out_of_order(
        script in proptest::collection::vec(moves(), 0..120)
    ) {
        let mut world = World::new();
        world.obey();
        for step in &script {
            world.make(step);
        }
        world.calm_down();
    }

    /// Whatever it is in the middle of, nothing keeps a session from its end.
    /// Incidents: J6, J7.
    #[test]
    fn whenever_it_is_asked_to_end_a_session_ends_and_then_is_silent(
        before in proptest::collection::vec(moves(), 0..40),
        after in proptest::collection::vec(moves(), 0..40),
    ) {
        let mut world = World::new();
        world.obey();
        for step in &before {
            world.make(step);
        }
        world.tell(Event::Command(Command::End { turn_grace: Duration::from_secs(10) }));
        for step in &after {
            world.make(step);
        }
        world.wait(Duration::from_mins(2));
        prop_assert!(world.ended, "{:?}", world.session);
        prop_assert_eq!(world.agent, Agent::None);
        prop_assert_eq!(world.session.standing(), Standing::Ended);
        prop_assert_eq!(world.slot, Slot::None);
    }
}
