//! The tiers of tests, as data: what each runs, may touch, and how long it may take.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A tier of tests. Each needs more of the world than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Tier {
    /// Unit and property tests, and the daemon in process over an in-memory agent.
    InProcess,
    /// The real binaries, with stand-ins of what is not on the machine.
    RealBinaries,
    /// The real agent program.
    RealAgent,
    /// The daemon that runs and answers people.
    Running,
}

/// What holds for all tests of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What runs.
    pub what: &'static str,
    /// What its tests may touch.
    pub may_touch: &'static str,
    /// How long all of it may take on two cores, once compiled.
    pub limit: Duration,
    /// Whether a missing precondition is an error even behind an open gate.
    pub always_gated: bool,
}

impl Tier {
    /// Every tier, from the quickest.
    pub const ALL: [Self; 4] =
        [Self::InProcess, Self::RealBinaries, Self::RealAgent, Self::Running];

    /// 1 to 4.
    pub const fn number(self) -> u8 {
        match self {
            Self::InProcess => 1,
            Self::RealBinaries => 2,
            Self::RealAgent => 3,
            Self::Running => 4,
        }
    }

    /// The tier with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.number() == number)
    }

    /// The tier that a test id such as `tier2::daemon::..` belongs to.
    pub fn of_id(id: &str) -> Option<Self> {
        let first = id.split("::").next()?;
        Self::from_number(first.strip_prefix("tier")?.parse().ok()?)
    }

    /// What holds for its tests.
    pub const fn policy(self) -> Policy {
        match self {
            Self::InProcess => Policy {
                what: "unit and property tests, the daemon in process over an in-memory agent",
                may_touch: "memory, paused time, temp files",
                limit: Duration::from_secs(20),
                always_gated: false,
            },
            Self::RealBinaries => Policy {
                what: "the real binaries, `fake-claude` as agent",
                may_touch: "processes, disk, loopback",
                limit: Duration::from_mins(1),
                always_gated: false,
            },
            Self::RealAgent => Policy {
                what: "the real `claude` program",
                may_touch: "processes, disk, loopback; the network only with `--api live`",
                limit: Duration::from_mins(2),
                always_gated: false,
            },
            Self::Running => Policy {
                what: "the daemon that runs",
                may_touch: "the test directory of its home, as the contact `harness`",
                limit: Duration::from_mins(1),
                always_gated: true,
            },
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "tier {}", self.number())
    }
}

impl From<Tier> for u8 {
    fn from(tier: Tier) -> Self {
        tier.number()
    }
}

/// A number that names no tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("find tier {0}: there are 1 to 4")]
pub struct NoSuchTier(pub u8);

impl TryFrom<u8> for Tier {
    type Error = NoSuchTier;

    fn try_from(number: u8) -> Result<Self, NoSuchTier> {
        Self::from_number(number).ok_or(NoSuchTier(number))
    }
}

#[cfg(test)]
mod tests;
