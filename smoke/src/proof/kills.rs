//! The proof by kills: each step of a restart, and everybody who takes part in it, killed there without
//! warning, alone and all at once, while messages flow.
//!
//! ```text
//! messages ────────────────────────────────────────────────────────────> account
//!   restart ── step seen to run ── KILL ── launcher again ── at rest: one healthy version
//! ```
//!
//! A step that takes a millisecond may be over when the signal comes: whether it was still open is
//! read off the words of the command, and told. One that was missed is tried again, a few times.

mod round;
mod words;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Context;
use harness::sandbox::Sandbox;
use serde::Serialize;

pub use self::round::KillOutcome;
use super::{Account, Plan, SETTLE_LIMIT, STOP_LIMIT, Traffic, sandbox};
use crate::case::ADMINS;
use crate::launched::{Service, Victim, install};
use crate::stream::Stream;

/// Where a restart is when somebody is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// It takes the lock.
    Lock,
    /// It looks at what runs.
    Preflight,
    /// It tries the target on a copy of the database.
    Candidate,
    /// It holds delivery and waits for quiet.
    Drain,
    /// It copies the database.
    BackUp,
    /// The launcher is told.
    Arm,
    /// The old daemon ends.
    Stop,
    /// The target starts.
    Start,
    /// The target is checked, held.
    VerifyHeld,
    /// The target is checked, released.
    VerifyReleased,
    /// The target becomes the one to go back to.
    Bless,
    /// The target has ended at once, and the one before starts again.
    RollBack,
}

/// How often a point is tried that is over too soon.
const TRIES_MAX: usize = 4;

impl Point {
    /// Every point, in order. With a slot that is named nothing is selected, built or gated.
    pub const ALL: [Self; 12] = [
        Self::Lock,
        Self::Preflight,
        Self::Candidate,
        Self::Drain,
        Self::BackUp,
        Self::Arm,
        Self::Stop,
        Self::Start,
        Self::VerifyHeld,
        Self::VerifyReleased,
        Self::Bless,
        Self::RollBack,
    ];

    /// In a word or two.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Preflight => "preflight",
            Self::Candidate => "candidate",
            Self::Drain => "drain",
            Self::BackUp => "back-up",
            Self::Arm => "arm",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::VerifyHeld => "verify-held",
            Self::VerifyReleased => "verify-released",
            Self::Bless => "bless",
            Self::RollBack => "roll-back",
        }
    }

    /// The step that the command names while it is there. The start is part of one order to the
    /// launcher, whose step is the stop; and so is the launcher's own way back.
    const fn step(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Preflight => "preflight",
            Self::Candidate => "candidate",
            Self::Drain => "hold and drain",
            Self::BackUp => "back up",
            Self::Arm => "arm",
            Self::Stop | Self::Start | Self::RollBack => "stop",
            Self::VerifyHeld | Self::VerifyReleased => "verify",
            Self::Bless => "bless",
        }
    }

    /// How long after its beginning the kill may come at the latest: where a step has an inside, any
    /// moment of it will do.
    const fn latest(self) -> Duration {
        match self {
            Self::Candidate => Duration::from_millis(500),
            // While it is held, two runs of tier 4 start and end.
            Self::Drain | Self::Stop | Self::VerifyHeld => Duration::from_millis(50),
            _ => Duration::ZERO,
        }
    }
}

/// One kill, before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// Which, from 1.
    pub number: usize,
    /// Where.
    pub point: Point,
    /// Who.
    pub victim: Victim,
}

impl Kill {
    /// `arm/launcher`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.point.word(), self.victim.word())
    }
}

/// What came of all of them.
#[derive(Debug, Serialize)]
pub struct KillsOutcome {
    /// The number that every random choice came from.
    pub seed: u64,
    /// Every kill, in order.
    pub kills: Vec<KillOutcome>,
    /// What became of the messages.
    pub account: Account,
    /// How long all of it took, in seconds.
    pub elapsed_s: f64,
}

impl KillsOutcome {
    /// Everything that is not as it has to be.
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> =
            self.kills.iter().filter_map(|kill| kill.fault.clone()).collect();
        if self.kills.is_empty() {
            faults.push("nobody was killed".to_owned());
        }
        faults.extend(self.account.faults());
        faults
    }

    /// Who was killed where at all.
    pub fn meant(&self) -> usize {
        distinct(self.kills.iter())
    }

    /// How many of these were killed while the step that was meant was open.
    pub fn hits(&self) -> usize {
        distinct(self.kills.iter().filter(|kill| kill.hit))
    }
}

fn distinct<'a>(kills: impl Iterator<Item = &'a KillOutcome>) -> usize {
    kills.map(|kill| kill.number).collect::<BTreeSet<_>>().len()
}

/// Everybody at every point; `only` names those whose name contains it.
pub(super) fn all(only: &str) -> Vec<Kill> {
    let everybody =
        Point::ALL.into_iter().flat_map(|point| Victim::ALL.map(|victim| (point, victim)));
    (1..)
        .zip(everybody)
        .map(|(number, (point, victim))| Kill { number, point, victim })
        .filter(|kill| kill.name().contains(only))
        .collect()
}

/// What the kills happen to.
struct World {
    plan: Plan,
    sandbox: Sandbox,
    service: Service,
    traffic: Traffic,
    /// Kills of the daemon of the slot that runs, at most: for the launcher they are crashes.
    crashes: usize,
    /// Restarts so far.
    restarts: usize,
}

/// Plays every kill whose name contains `only`; `tell` hears of each as it ends.
pub fn play_kills(
    plan: Plan,
    only: &str,
    mut tell: impl FnMut(&KillOutcome),
) -> anyhow::Result<KillsOutcome> {
    let began = Instant::now();
    let sandbox = sandbox(&plan)?;
    install(&sandbox, &plan.programs)?;
    let service = Service::start(&sandbox)?;
    let traffic = Traffic { stream: Stream::new(ADMINS.len()), due: Instant::now() };
    let seed = plan.seed.number();
    let mut world = World { plan, sandbox, service, traffic, crashes: 0, restarts: 0 };
    let mut kills = Vec::new();
    for kill in all(only) {
        for _ in 0..TRIES_MAX {
            let outcome =
                round::play(&kill, &mut world).with_context(|| format!("play {}", kill.name()))?;
            tell(&outcome);
            let over = outcome.hit || outcome.fault.is_some();
            kills.push(outcome);
            if over {
                break;
            }
        }
    }
    let account = Account::draw(&world.sandbox, &world.traffic.stream, SETTLE_LIMIT);
    world.service.stop(STOP_LIMIT)?;
    Ok(KillsOutcome { seed, kills, account, elapsed_s: began.elapsed().as_secs_f64() })
}

#[cfg(test)]
mod tests;
