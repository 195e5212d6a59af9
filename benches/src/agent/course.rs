//! The course that every agent is sent over, whoever drives it.
//!
//! ```text
//!  connect ─ query ─ (query) x rounds ─ (begin, interrupt) x rounds ─ disconnect
//!                                            connect, resuming ─ disconnect (untimed)
//! ```

use std::time::{Duration, Instant};

use claude_assistant::measured::Settings;
use harness::bench::probe::Values;

use super::failed;
use crate::samples::Samples;
use crate::scenario::NoValues;

/// A text that the model answers.
const QUESTION: &str = "good morning";

/// A text that the model never answers.
const NO_ANSWER: &str = "hang";

/// An agent that somebody drives.
pub(super) trait Driven: Sized {
    /// Asks, and waits until nothing is owed any more.
    fn query(&mut self, text: &str) -> Result<Asked, NoValues>;

    /// Asks, and waits until the turn has begun.
    fn begin(&mut self, text: &str) -> Result<(), NoValues>;

    /// Interrupts the turn; waits until it has ended. Returns the time to the acknowledgement.
    fn interrupt(&mut self) -> Result<Duration, NoValues>;

    /// The id to resume by.
    fn session_id(&self) -> String;

    /// Closes its input, and returns how long it took to be reaped.
    fn disconnect(self) -> Result<Duration, NoValues>;
}

/// What a question took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// To the first message.
    pub(super) first_message: Duration,
    /// To the result.
    pub(super) result: Duration,
}

/// The steps that are timed, by the names that metrics have for them.
pub(super) const CONNECT: &str = "connect";
pub(super) const FIRST_RESPONSE: &str = "first_response";
pub(super) const FULL_QUERY: &str = "full_query";
pub(super) const DISCONNECT: &str = "disconnect";
pub(super) const RESUME_CONNECT: &str = "resume_connect";
pub(super) const INTERRUPT: &str = "interrupt";

/// What each step took, in milliseconds; of one that was taken several times, the median.
pub(super) type Steps = Vec<(&'static str, f64)>;

/// Sends an agent over the course. `connect` makes it; `hold` takes the time by which a step is to
/// be held up, and belongs to it.
pub(super) fn run<A: Driven>(
    settings: &Settings,
    rounds: usize,
    connect: impl Fn(&Settings) -> Result<A, NoValues>,
    hold: impl Fn(&str),
) -> Result<Steps, NoValues> {
    let held = |step: &str| timed(|| hold(step)).1;
    let connected = |step: &str, settings: &Settings| {
        let (agent, took) = timed(|| {
            hold(step);
            connect(settings)
        });
        agent.map(|agent| (agent, took))
    };
    let (mut agent, connect_took) = connected(CONNECT, settings)?;
    // The first one fills caches of the program, and is not what the second takes.
    agent.query(QUESTION)?;
    let (mut firsts, mut results, mut interrupts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let asked = agent.query(QUESTION)?;
        firsts.push(held(FIRST_RESPONSE) + asked.first_message);
        results.push(held(FULL_QUERY) + asked.result);
    }
    for _ in 0..rounds {
        agent.begin(NO_ANSWER)?;
        interrupts.push(held(INTERRUPT) + agent.interrupt()?);
    }
    let resuming = settings.clone().resuming(&agent.session_id());
    let disconnect_took = held(DISCONNECT) + agent.disconnect()?;
    let (agent, resume_took) = connected(RESUME_CONNECT, &resuming)?;
    agent.disconnect()?;
    let median = |times: Vec<Duration>| {
        Samples::of_times(times).map(|samples| samples.median()).ok_or_else(|| failed("time"))
    };
    Ok(vec![
        (CONNECT, median(vec![connect_took])?),
        (FIRST_RESPONSE, median(firsts)?),
        (FULL_QUERY, median(results)?),
        (DISCONNECT, median(vec![disconnect_took])?),
        (RESUME_CONNECT, median(vec![resume_took])?),
        (INTERRUPT, median(interrupts)?),
    ])
}

/// The values of metrics that are named by step and `suffix`.
pub(super) fn values(steps: Steps, suffix: &str) -> Values {
    steps.into_iter().map(|(step, ms)| (metric(step, suffix), ms)).collect()
}

/// The metric of a step.
pub(super) fn metric(step: &str, suffix: &str) -> String {
    format!("agent.{step}{suffix}")
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}
