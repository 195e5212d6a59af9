//! The steps of a restart: their numbers, what they are called, and how long each may take.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::flags::{Drain, Flags};
use crate::exit_code::ExitCode;

/// How long what is held for a restart stays held when nobody renews it. That of a runner that was
/// killed ends before, as the daemon sees that nobody holds the lock of restarts any more.
pub const LEASE: Duration = Duration::from_secs(90);

/// One question for quiet; the hold is renewed with each.
pub const SLICE: Duration = Duration::from_secs(10);

/// How long agents that are put away may take to be gone.
pub const INTERRUPT_MAX: Duration = Duration::from_secs(30);

/// How long one check of the new daemon may take, beside its part of the soak: tier 4 gives an answer
/// so long.
pub const PROBE_MAX: Duration = Duration::from_mins(1);

/// How long that of the daemon that runs may take: no answer, and the end of the agent that gave none, so
/// that no turn is under way when the daemon is to stop.
pub const COMPARE_MAX: Duration = Duration::from_secs(PROBE_MAX.as_secs() + 60);

/// How long the end of a hold may take.
pub const RELEASE_MAX: Duration = Duration::from_secs(10);

/// How long a look at the memory may take: that of one question.
pub const MEMORY_MAX: Duration = Duration::from_secs(20);

/// What is left of the launcher's patience when the last check has to be over.
pub const MARGIN: Duration = Duration::from_secs(5);

/// How long the tiers may take that a target has to pass: the first builds them.
const TIERS_MAX: Duration = Duration::from_mins(90);

/// How long measuring may take beside them, which a slot may owe whatever is asked for. From nothing, on a
/// slow machine, that is two release builds, two more of what counts instructions and the tool for that,
/// and the measuring itself. In a comparison each of these has a limit of its own.
pub const MEASURING_MAX: Duration = Duration::from_hours(4);

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// One restart at a time.
    Lock,
    /// What runs, and whether there is room.
    Preflight,
    /// Which checks the change needs.
    Select,
    /// The slot of the target.
    Build,
    /// The tests and benches that were selected.
    Gate,
    /// The target on a copy of the database.
    Candidate,
    /// Delivery is held, and what runs comes to its end.
    Drain,
    /// A copy of the database, to look at later.
    BackUp,
    /// The launcher knows what is to come, and goes back by itself from here on.
    Arm,
    /// The old daemon ends.
    Stop,
    /// The target starts, held.
    Start,
    /// It answers, held and released, and keeps doing so.
    Verify,
    /// It is the one to go back to from now on.
    Bless,
    /// The previous one runs again.
    RollBack,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 14] = [
        Self::Lock,
        Self::Preflight,
        Self::Select,
        Self::Build,
        Self::Gate,
        Self::Candidate,
        Self::Drain,
        Self::BackUp,
        Self::Arm,
        Self::Stop,
        Self::Start,
        Self::Verify,
        Self::Bless,
        Self::RollBack,
    ];

    /// 0 to 12; the way back has none.
    pub const fn number(self) -> Option<u8> {
        match self {
            Self::RollBack => None,
            step => Some(step as u8),
        }
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Preflight => "preflight",
            Self::Select => "select",
            Self::Build => "build",
            Self::Gate => "gate",
            Self::Candidate => "candidate",
            Self::Drain => "hold and drain",
            Self::BackUp => "back up",
            Self::Arm => "arm",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Verify => "verify",
            Self::Bless => "bless",
            Self::RollBack => "roll back",
        }
    }

    /// How long it may take.
    pub fn limit(self, flags: &Flags) -> Duration {
        match self {
            Self::Lock => Duration::from_secs(5),
            Self::Preflight | Self::Select => Duration::from_mins(1),
            // From nothing, on a machine that does much else.
            Self::Build => Duration::from_hours(1),
            // Whether it is measured shows later.
            Self::Gate => TIERS_MAX + MEASURING_MAX,
            Self::Candidate => Duration::from_mins(5),
            Self::Drain => flags.drain.patience() + INTERRUPT_MAX + SLICE,
            // Shorter than the lease, which nobody renews meanwhile.
            Self::BackUp => Duration::from_mins(1),
            Self::Arm => Duration::from_secs(10),
            // The shutdown deadline of the home, and the time to READY of two daemons.
            Self::Stop | Self::Start => Duration::from_mins(4),
            Self::Verify => flags.confirm_timeout.saturating_sub(MARGIN),
            Self::Bless => Duration::from_secs(30),
            Self::RollBack => Duration::from_mins(4),
        }
    }

    /// What a failure of it means, unless the failure says so itself.
    pub const fn failure(self) -> ExitCode {
        match self {
            Self::Lock => ExitCode::Locked,
            Self::Preflight => ExitCode::PreconditionMissing,
            Self::Build => ExitCode::BuildFailed,
            Self::Candidate => ExitCode::CandidateFailed,
            Self::Drain => ExitCode::NotDrained,
            Self::Select | Self::Gate | Self::BackUp | Self::Arm => ExitCode::Failed,
            Self::Stop | Self::Start | Self::Verify | Self::Bless => ExitCode::RolledBack,
            Self::RollBack => ExitCode::RollbackFailed,
        }
    }

    /// What it means that it has not ended in its time. Of a gate that is nothing yet: what it asks may
    /// hold.
    pub const fn lateness(self) -> ExitCode {
        match self {
            Self::Gate => ExitCode::Inconclusive,
            step => step.failure(),
        }
    }

    /// `4`, or `R` for the way back.
    pub fn label(self) -> String {
        self.number().map_or_else(|| "R".to_owned(), |number| number.to_string())
    }
}

impl Drain {
    /// How long it waits for quiet of its own accord.
    pub const fn patience(&self) -> Duration {
        match self {
            Self::WhenIdle(patience) | Self::Within(patience) => *patience,
            Self::Now { .. } => Duration::ZERO,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
