//! What a session is told: by its driver, its agent, and whoever commands it.

use std::time::Duration;

use super::attempt::AttemptNo;
use super::queue::Owed;
use super::turn::{Activity, TurnOutcome};
use crate::message::RowId;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// New rows of this session may stand in the store.
    Routed,
    /// The store's answer to [`Action::Fetch`](super::Action::Fetch).
    Fetched {
        /// What is owed, in order.
        rows: Vec<Owed>,
        /// The last row that was looked at, if more may stand behind it. Rows that cannot be read
        /// are looked at and not among `rows`.
        more_after: Option<RowId>,
    },
    /// The store could not be asked.
    FetchFailed,
    /// The roster has room for this session's agent.
    SlotGranted,
    /// The agent answered `initialize`.
    Ready,
    /// The agent could not be started, or ended before it was ready.
    LaunchFailed,
    /// The program does not know the conversation that it was to resume.
    ResumeRefused,
    /// The attempts of the last [`Action::Deliver`](super::Action::Deliver) are durable and on their way, but for these,
    /// whose rows the store knows as finished.
    Begun {
        /// Attempts that came to nothing.
        finished: Vec<AttemptNo>,
    },
    /// The store refused the last [`Action::Deliver`](super::Action::Deliver): nothing was written to the agent.
    NotBegun,
    /// The program read the line of this attempt.
    Seen(AttemptNo),
    /// The program took this message back out of its queue.
    Cancelled(AttemptNo),
    /// What the agent is doing.
    Activity(Activity),
    /// The background tasks now alive.
    Tasks(Vec<String>),
    /// Any other sign of life.
    Stirred,
    /// A turn ended; its result lists these attempts.
    TurnEnded(Vec<AttemptNo>, TurnOutcome),
    /// The agent is gone and reaped.
    Exited(Cause),
    /// Delivery stops or goes on.
    Hold(Hold),
    /// Someone wants something of the session.
    Command(Command),
}

/// Why an agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// For reasons of its own, or by force: what it worked on may have been too much for it.
    ByItself,
    /// Somebody asked it to end. That may be the end of everything, which we have yet to hear of.
    Asked,
}

/// Whether rows are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// They stay in the store.
    Held,
    /// They are delivered.
    Released,
}

/// What can be asked of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// End the agent if it has nothing to do; its conversation is kept.
    Evict,
    /// End the agent now, and start none until the next message.
    Kill,
    /// End the agent now. What it owes waits for delivery and for no further message; while
    /// delivery is held, no agent is started.
    PutAway,
    /// End the agent and start it again.
    Restart,
    /// End the session: a running turn may take this long.
    End {
        /// How long the running turn may go on.
        turn_grace: Duration,
    },
    /// End the session without waiting for the turn.
    EndNow,
}
