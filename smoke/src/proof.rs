//! The proof of the restart: numbered messages to ten chats, five a second, all through twenty
//! restarts, half of them into builds that fail, each in its own way.
//!
//! ```text
//! messages ───────────────────────────────────────────────────────> account
//!      round 1: good ── round 2: exits ── round 3: good ── ...      nothing lost, doubled, reordered
//! ```
//!
//! What each round has to come to is known before: a good build runs and counts as good; a bad one is
//! marked bad, and the one before it answers again within ten seconds of the verdict.

mod account;
mod kills;
mod round;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::sandbox::{Agent, Contact, Sandbox, Settings};
use harness::seed::Seed;
use serde::Serialize;

pub use self::account::Account;
pub use self::kills::{Kill, KillOutcome, KillsOutcome, Point, play_kills};
pub use self::round::{Kind, Round, RoundOutcome};
use crate::case::{ADMINS, OWNER};
use crate::launched::{Service, install};
use crate::stream::{Stream, Work, wait_answers};
use crate::views::wait_settled;

/// Between two messages: five a second.
const MESSAGE_EVERY: Duration = Duration::from_millis(200);

/// From the moment at which delivery is held to READY, where no turn runs: the line that holds.
const GAP_MAX_MS: f64 = 300.0;

/// How long the last messages may take to be answered.
const SETTLE_LIMIT: Duration = Duration::from_secs(90);

/// How long everything may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// What the proof runs with.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The command that restarts.
    pub xtask: PathBuf,
    /// The directory of the programs of a good build.
    pub programs: PathBuf,
    /// A daemon built with the feature `faults`; kills do without.
    pub faulty: Option<PathBuf>,
    /// Restarts into good builds, and into bad ones.
    pub good: usize,
    /// See `good`.
    pub bad: usize,
    /// How long a new daemon is watched.
    pub soak: Duration,
    /// Whether people go on writing during a restart.
    pub flow: Flow,
    /// Where every random choice comes from.
    pub seed: Seed,
}

/// Whether people go on writing during a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// They do, as anywhere.
    Always,
    /// Only between restarts: what a restart takes where no turn runs.
    Between,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Whether people wrote during restarts.
    pub flow: Flow,
    /// Every restart, in order.
    pub rounds: Vec<RoundOutcome>,
    /// What became of the messages.
    pub account: Account,
    /// The middle gap of the good restarts, in milliseconds.
    pub gap_ms_p50: Option<f64>,
    /// How long all of it took, in seconds.
    pub elapsed_s: f64,
}

impl Outcome {
    /// Everything that is not as it has to be.
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> =
            self.rounds.iter().filter_map(|round| round.fault.clone()).collect();
        if let Some(gap_ms) = self.gap_ms_p50.filter(|gap_ms| GAP_MAX_MS < *gap_ms)
            && self.flow == Flow::Between
        {
            faults.push(format!("the gap is {gap_ms:.0} ms in the middle, over {GAP_MAX_MS} ms"));
        }
        faults.extend(self.account.faults());
        faults
    }
}

/// Plays all rounds; `tell` hears of each as it ends.
pub fn play(mut plan: Plan, mut tell: impl FnMut(&RoundOutcome)) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let mut sandbox = sandbox(&plan)?;
    install(&sandbox, &plan.programs)?;
    let service = Service::start(&sandbox)?;
    let mut traffic = Traffic { stream: Stream::new(ADMINS.len()), due: Instant::now() };
    let mut rounds = Vec::new();
    for round in round::all(plan.good, plan.bad) {
        if plan.flow == Flow::Between {
            traffic.rest(&mut sandbox)?;
        }
        let outcome = round::play(&round, &mut plan, &mut sandbox, &mut traffic)
            .with_context(|| format!("play round {}", round.number))?;
        tell(&outcome);
        rounds.push(outcome);
    }
    let account = Account::draw(&sandbox, &traffic.stream, SETTLE_LIMIT);
    service.stop(STOP_LIMIT)?;
    let mut gaps: Vec<f64> = rounds
        .iter()
        .filter(|round| round.kind == Kind::Good)
        .filter_map(|round| round.gap_ms)
        .collect();
    gaps.sort_by(f64::total_cmp);
    Ok(Outcome {
        flow: plan.flow,
        gap_ms_p50: gaps.get(gaps.len() / 2).copied(),
        rounds,
        account,
        elapsed_s: began.elapsed().as_secs_f64(),
    })
}

fn sandbox(plan: &Plan) -> anyhow::Result<Sandbox> {
    let agent = plan.programs.join("fake-claude");
    ensure!(agent.is_file(), "find {}", agent.display());
    let mut settings = Settings::new(Agent::new(agent), OWNER);
    settings.contacts = (1..)
        .zip(ADMINS)
        .map(|(number, handle)| Contact::new(&format!("Admin {number}"), "admin", handle))
        .collect();
    Ok(Sandbox::new(plan.programs.join("claude-assistant"), &settings)?)
}

/// The messages that flow meanwhile.
#[derive(Debug)]
struct Traffic {
    stream: Stream,
    due: Instant,
}

impl Traffic {
    /// Sends what is due by now.
    fn flow(&mut self, sandbox: &mut Sandbox, seed: &mut Seed) -> anyhow::Result<()> {
        while self.due <= Instant::now() {
            self.due += MESSAGE_EVERY;
            let chat = self.stream.words().len() % self.stream.chats();
            self.stream.send(sandbox, chat, Work::any(seed))?;
        }
        Ok(())
    }

    /// Has every chat write once, so that each has an agent, and waits until nothing is owed.
    fn rest(&mut self, sandbox: &mut Sandbox) -> anyhow::Result<()> {
        for chat in 0..self.stream.chats() {
            self.stream.send(sandbox, chat, Work::Quick)?;
        }
        wait_answers(sandbox, &self.stream.words(), SETTLE_LIMIT)?;
        wait_settled(sandbox, SETTLE_LIMIT)
    }
}

#[cfg(test)]
mod tests;
