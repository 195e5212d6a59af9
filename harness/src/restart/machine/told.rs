//! What came of an action: answers, and failures with whom they are held against.

use std::path::PathBuf;

use crate::exit_code::ExitCode;
use crate::restart::report::Seen;

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is done.
    Done(Remarks),
    /// Who runs.
    Looked(Sight),
    /// There is a slot of the target.
    Built {
        /// Its name.
        slot: String,
        /// What there is to say.
        remarks: Remarks,
    },
    /// Whether nobody is busy.
    Idle(bool),
    /// The state of a drain.
    Drained {
        /// Nobody is busy and nothing is owed.
        quiet: bool,
        /// How many sessions are busy.
        busy: u64,
        /// How many replies are not out.
        unsent: u64,
    },
    /// Where the copy lies.
    BackedUp(PathBuf),
    /// The target runs, held.
    Switched(Switched),
    /// It does not, and the launcher has gone back by itself.
    WentBack(String),
    /// How large the daemon is, in bytes.
    Resident(u64),
    /// Where the launcher is at rest.
    Settled(Settled),
}

/// What there is to say about something that was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What it was, a line each.
    pub says: Vec<String>,
    /// Whether somebody should look at them.
    pub weight: Weight,
}

/// Whether somebody should look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Weight {
    /// No.
    #[default]
    Plain,
    /// Yes.
    Remarkable,
}

/// Who runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The daemon.
    pub daemon: Seen,
    /// Its slot.
    pub slot: String,
    /// What there is to say.
    pub says: Vec<String>,
}

/// A switch that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switched {
    /// The new daemon.
    pub daemon: Seen,
    /// How long the old one took to end.
    pub stop_ms: u64,
    /// Whether it had to be killed, which is a defect.
    pub end: End,
    /// From the beginning of the stop to READY.
    pub gap_ms: u64,
}

/// How the old daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, as it was asked.
    InOrder,
    /// By KILL.
    Killed,
}

/// A launcher at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The slot that runs.
    pub slot: String,
    /// Its daemon, if one is ready.
    pub daemon: Option<Seen>,
    /// What became of this restart there.
    pub pending: Pending,
    /// Whether that slot is marked good.
    pub standing: Standing,
    /// Whether delivery is held for a restart.
    pub delivery: Delivery,
}

/// What the launcher knows of this restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// Nothing any more.
    Gone,
    /// It is prepared, and nothing has happened.
    Armed,
    /// The target was started, or is being left.
    Begun,
}

/// The mark of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is one to go back to.
    Good,
    /// It is not, or not yet.
    Other,
}

/// Whether messages reach agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// They do, as far as restarts are concerned.
    Open,
    /// They wait for the end of a restart.
    Held,
}

/// Why an action came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code, where it is another than that of the step.
    pub code: Option<ExitCode>,
    /// Why.
    pub why: String,
    /// Whether that speaks against the target.
    pub blame: Blame,
}

/// Whom a failure is held against: evidence decides, and a slot that is marked bad is not tried again.
///
/// | came to nothing | blamed |
/// |---|---|
/// | a check of the target that was made and said no, or got no answer in its time | the target |
/// | a target of an earlier generation than the daemon before it | the target |
/// | a check that could not be made: no runner, a disk that is full | nobody |
/// | somebody wanted it to end | nobody |
/// | the switch or the blessing was refused, or its answer was lost; the launcher judges for itself | nobody |
/// | an answer to another question | nobody |
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Blame {
    /// Nobody: nothing was learnt of the target.
    #[default]
    Nobody,
    /// The target: it is marked bad.
    Target,
}

/// What the driver tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The action under way is done.
    Told(Told),
    /// It came to nothing.
    Failed(Failure),
    /// Something that it asked for gave no answer in its time: what, and how long that was.
    Unanswered(String),
    /// Somebody wants the restart to end.
    Interrupted,
}

impl Failure {
    /// One that speaks against nobody, with the exit code of its step.
    pub(super) fn blameless(why: impl Into<String>) -> Self {
        Self { code: None, why: why.into(), blame: Blame::Nobody }
    }

    /// One that speaks against the target, with the exit code of its step.
    pub(super) fn of_target(why: impl Into<String>) -> Self {
        Self { code: None, why: why.into(), blame: Blame::Target }
    }
}

impl Remarks {
    /// Lines that nobody has to look at.
    pub fn plain(says: impl IntoIterator<Item = String>) -> Self {
        Self { says: says.into_iter().collect(), weight: Weight::Plain }
    }
}
