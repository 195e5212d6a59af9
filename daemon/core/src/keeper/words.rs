//! What the keeper is told, and what it wants done.

use std::time::Duration;

use super::memory::Memory;

/// What is known of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has run well.
    Good,
    /// Nothing.
    Unknown,
    /// It has failed and is not started.
    Bad,
}

/// How far a restart is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Announced; nothing has happened.
    Armed,
    /// The target was started, or is about to be.
    Started,
    /// It goes back.
    RollingBack,
}

/// A restart under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending<S> {
    /// Its id.
    pub id: String,
    /// Where it goes.
    pub target: S,
    /// Where it goes back to.
    pub previous: S,
    /// How far it is.
    pub phase: Phase,
    /// How often the target was started.
    pub tries: u32,
    /// How long the target may run unconfirmed.
    pub confirm_timeout: Duration,
}

/// What happened outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<S> {
    /// The daemon that was started serves, and answers.
    Ready,
    /// It said that it is well.
    Beat,
    /// It is gone, with everything it had started.
    Ended {
        /// How, for people.
        how: String,
        /// What that speaks against.
        cause: Cause,
    },
    /// It was not started: its slot is not what it should be, or nothing can be started.
    Unfit {
        /// Why, for people.
        why: String,
        /// What that speaks against.
        cause: Cause,
    },
    /// The last action was not carried out, or not for sure: a file could not be written or taken
    /// away. Told before the next one is.
    Unwritten {
        /// The action.
        write: Action<S>,
        /// Why: a fragment that fits behind "failed to".
        why: String,
    },
    /// The database was looked at, and left whole if that could be done.
    DatabaseLooked {
        /// That it was damaged and what became of it, for people; absent where it was whole.
        trouble: Option<String>,
    },
    /// Who carries out the restart was looked for.
    Runner(Runner),
}

/// What the end of a daemon speaks against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its slot. So does a KILL, also of a system that is short of memory or by somebody's hand: who sent
    /// it cannot be seen, and a build that takes all memory is no good.
    Own,
    /// What any daemon would be given: a configuration that cannot be read, a lock that is taken, a
    /// machine without memory or room on its disk.
    Outside,
    /// Nothing: it ended in order, as somebody else than the keeper had told it to.
    Asked,
}

/// Whether somebody carries out the restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// Somebody does.
    There,
    /// Nobody does.
    Gone,
}

/// What going back says of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// It failed, and is not started again.
    Target,
    /// Nothing: whoever was to carry the restart through could not.
    Nobody,
}

impl Blame {
    /// What the end of a target by itself says of it.
    pub(super) fn of(cause: Cause) -> Self {
        match cause {
            Cause::Own => Self::Target,
            Cause::Outside | Cause::Asked => Self::Nobody,
        }
    }
}

/// What staying with a target says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It is well: it has run, and what was looked at was as it should be.
    Given,
    /// Nothing: somebody wants it whatever was found. It runs on, also behind a crash; nothing goes back
    /// to it once another slot runs.
    Lacking,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order<S> {
    /// Announce a restart into another slot.
    Arm {
        /// The restart's id.
        id: String,
        /// The slot.
        target: S,
        /// How long it may run unconfirmed.
        confirm_timeout: Duration,
    },
    /// Go there.
    Switch {
        /// The restart's id.
        id: String,
    },
    /// Stay there.
    Confirm {
        /// The restart's id.
        id: String,
        /// What staying says of the target.
        proof: Proof,
    },
    /// Forget what was announced.
    Disarm {
        /// The restart's id.
        id: String,
    },
    /// Go back.
    RollBack {
        /// The restart's id.
        id: String,
        /// Why, for people.
        why: String,
        /// What that says of the target.
        blame: Blame,
    },
    /// Go to a slot that is known to be good, with nobody watching.
    GoTo {
        /// The slot.
        slot: S,
    },
    /// Stop the daemon and start it again.
    Restart,
    /// Never start a slot again.
    MarkBad {
        /// The slot.
        slot: S,
        /// Why, for people.
        why: String,
    },
    /// Stop the daemon, and start none.
    Stop,
}

/// Why an order is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another restart is under way, or the daemon is between two states.
    #[error("something else is under way")]
    Busy,
    /// There is no such restart, or it is not so far.
    #[error("there is no such restart at this point")]
    NotPending,
    /// The slot is marked bad.
    #[error("the slot is marked bad")]
    Bad,
    /// The slot has not run well before.
    #[error("the slot is not known to be good")]
    NotGood,
    /// The slot is the one that runs.
    #[error("the slot is in use")]
    InUse,
    /// The launcher is to end.
    #[error("the launcher is stopping")]
    Stopping,
}

/// What an order that takes its time came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A daemon runs, in the slot that was wanted.
    Up,
    /// The restart went back, and the daemon before runs.
    RolledBack {
        /// Why, for people.
        why: String,
    },
    /// No daemon runs, or another one than was wanted.
    Failed {
        /// Why, for people.
        why: String,
    },
}

/// What to do, in this order. What writes is durable before the next is done, or
/// [`Event::Unwritten`] is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<S> {
    /// Start this slot's daemon, or tell [`Event::Unfit`].
    Start(S),
    /// TERM to the daemon.
    Terminate,
    /// KILL to the daemon.
    Kill,
    /// Look whether the database is whole, while nothing has it open; if it is not, put the restart's
    /// backup in its place. Tell [`Event::DatabaseLooked`].
    LookAtDatabase,
    /// Write `pending`.
    WritePending(Pending<S>),
    /// Take it away: the restart has ended.
    RemovePending,
    /// Write what is known of a slot; never [`Standing::Unknown`].
    Mark {
        /// The slot.
        slot: S,
        /// What is known.
        standing: Standing,
        /// Why, for people.
        why: String,
    },
    /// Make a slot the one that is to run.
    SetCurrent(S),
    /// Write what is remembered.
    Remember(Memory<S>),
    /// Call a person.
    Alert {
        /// Why.
        why: String,
    },
    /// The order that took its time has come to this.
    Answer(Outcome),
    /// The order that was just given is not obeyed after all, and all runs on as it was. A mark that it
    /// wanted may stand in its file all the same.
    Refuse {
        /// Why: a fragment that fits behind "failed to".
        why: String,
    },
    /// The daemon is gone and none is to run: end.
    End,
}
