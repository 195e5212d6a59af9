//! What the keeper begins with, what it is doing, and what comes next.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Memory, Pending, Standing};
use crate::limits::{HEARTBEAT_MAX, READY_MAX, RUNNER_GONE_GRACE, STOP_MARGIN};
use crate::time::{Deadline, Monotonic};

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Until a daemon is ready.
    pub ready: Duration,
    /// Between two beats.
    pub heartbeat: Duration,
    /// For a stop in order.
    pub stop: Duration,
    /// With nobody who carries out the restart.
    pub runner_gone: Duration,
}

impl Bounds {
    /// The usual ones, with a daemon that gives itself so long to stop.
    pub fn with_shutdown(deadline: Duration) -> Self {
        Self {
            ready: READY_MAX,
            heartbeat: HEARTBEAT_MAX,
            stop: deadline + STOP_MARGIN,
            runner_gone: RUNNER_GONE_GRACE,
        }
    }
}

/// What a launcher finds when it begins.
#[derive(Debug, Clone)]
pub struct Found<S> {
    /// The slots there are.
    pub slots: BTreeMap<S, Standing>,
    /// The one that is to run.
    pub current: Option<S>,
    /// A restart that was under way.
    pub pending: Option<Pending<S>>,
    /// What an earlier launcher remembered.
    pub memory: Memory<S>,
}

/// What the daemon does, for views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It serves.
    Running,
    /// It is to end.
    Stopping,
    /// It is to be ready soon.
    Starting,
    /// Nothing can be started.
    Waiting,
    /// It goes back to the slot before.
    RollingBack,
}

/// What the keeper is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State<S> {
    Starting {
        slot: S,
        by: Deadline,
    },
    Running {
        slot: S,
        since: Monotonic,
        beat: Monotonic,
    },
    Stopping {
        slot: S,
        kill_at: Option<Deadline>,
        next: Next<S>,
    },
    /// The target is gone; the database is looked at before anything has it open again.
    Looking {
        next: AfterLook,
    },
    Waiting {
        until: Deadline,
    },
    Over,
}

/// What follows the end of a daemon that was told to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next<S> {
    Start(S),
    Target,
    Previous,
    Crash(String),
    Nothing,
}

/// What follows the look at the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterLook {
    Previous,
    Nothing,
}

/// What the order that is under way wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A daemon in the slot that was wanted.
    Up,
    /// The restart to go back.
    Back,
}
