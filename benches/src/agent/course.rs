//! The course that every agent is sent over, whoever drives it.
//!
//! ```text
//!  connect ─ query (untimed) ─ query x rounds ─ interrupt x rounds ─ disconnect
//!                                     └ of a turn that hangs               │
//!  next life, or the end <── disconnect (untimed) <── connect, resuming <──┘
//! ```
//!
//! It is taken step by step, so that two can go over it side by side.

use std::collections::BTreeMap;
use std::iter;
use std::time::{Duration, Instant};

use claude_assistant::measured::Settings;
use harness::bench::probe::Values;

use super::failed;
use crate::samples::Samples;
use crate::scenario::{NoValues, ms};

/// A text that the model answers.
pub(super) const QUESTION: &str = "good morning";

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

/// One thing to do, of those in the picture above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Connect,
    /// A question that is not timed: the first one fills caches of the program, and is not what the
    /// second takes.
    Greet,
    Ask,
    Interrupt,
    Disconnect,
    Resume,
    /// An end that is not timed: that of an agent without a turn.
    Leave,
}

/// What there is to do, in order: so many lives, with so many questions and interrupts in each.
pub(super) fn stages(lives: usize, rounds: usize) -> Vec<Stage> {
    let many = |stage| iter::repeat_n(stage, rounds);
    let life = [Stage::Connect, Stage::Greet].into_iter();
    let life = life.chain(many(Stage::Ask)).chain(many(Stage::Interrupt));
    let life = life.chain([Stage::Disconnect, Stage::Resume, Stage::Leave]).collect::<Vec<_>>();
    iter::repeat_n(life, lives).flatten().collect()
}

/// What each timed step took, as often as it was taken.
pub(super) type Times = BTreeMap<&'static str, Vec<Duration>>;

/// Makes an agent, for the step of this name.
pub(super) type Connect<'a, A> = dyn Fn(&str, &Settings) -> Result<A, NoValues> + 'a;

/// Somebody on the course.
pub(super) struct Runner<'a, A> {
    settings: &'a Settings,
    connect: &'a Connect<'a, A>,
    /// Takes the time by which a step is to be held up where its agent cannot be; it belongs to the
    /// step.
    hold: &'a dyn Fn(&str),
    agent: Option<A>,
    /// The conversation of the last agent that was disconnected.
    conversation: String,
    pub(super) times: Times,
}

impl<'a, A: Driven> Runner<'a, A> {
    /// Somebody at the start. `connect` makes the agent.
    pub(super) fn new(
        settings: &'a Settings,
        connect: &'a Connect<'a, A>,
        hold: &'a dyn Fn(&str),
    ) -> Self {
        let (agent, conversation, times) = (None, String::new(), Times::new());
        Self { settings, connect, hold, agent, conversation, times }
    }

    /// Does one thing.
    pub(super) fn take(&mut self, stage: Stage) -> Result<(), NoValues> {
        match stage {
            Stage::Connect => self.connect(CONNECT, self.settings)?,
            Stage::Resume => {
                self.connect(RESUME_CONNECT, &self.settings.clone().resuming(&self.conversation))?;
            }
            Stage::Greet => drop(self.agent()?.query(QUESTION)?),
            Stage::Ask => {
                let asked = self.agent()?.query(QUESTION)?;
                self.note(FIRST_RESPONSE, asked.first_message);
                self.note(FULL_QUERY, asked.result);
            }
            Stage::Interrupt => {
                self.agent()?.begin(NO_ANSWER)?;
                let took = self.agent()?.interrupt()?;
                self.note(INTERRUPT, took);
            }
            Stage::Disconnect => {
                self.conversation = self.agent()?.session_id();
                let took = self.leave()?;
                self.note(DISCONNECT, took);
            }
            Stage::Leave => drop(self.leave()?),
        }
        Ok(())
    }

    fn connect(&mut self, step: &'static str, settings: &Settings) -> Result<(), NoValues> {
        let began = Instant::now();
        let agent = (self.connect)(step, settings)?;
        let took = began.elapsed();
        self.agent = Some(agent);
        self.note(step, took);
        Ok(())
    }

    fn leave(&mut self) -> Result<Duration, NoValues> {
        self.agent.take().ok_or_else(nobody)?.disconnect()
    }

    fn agent(&mut self) -> Result<&mut A, NoValues> {
        self.agent.as_mut().ok_or_else(nobody)
    }

    fn note(&mut self, step: &'static str, took: Duration) {
        let began = Instant::now();
        (self.hold)(step);
        self.times.entry(step).or_default().push(began.elapsed() + took);
    }
}

fn nobody() -> NoValues {
    failed("reach the agent: there is none")
}

/// The values of metrics that are named by step and `suffix`: of each step the median of its times, in
/// milliseconds.
pub(super) fn values(times: &Times, suffix: &str) -> Values {
    let median = |times: &Vec<Duration>| Some(Samples::of_times(times.iter().copied())?.median());
    let value = |(step, times): (&&str, _)| Some((metric(step, suffix), median(times)?));
    times.iter().filter_map(value).collect()
}

/// The same of how much longer `ours` took than `theirs`, each time than the one beside it; below zero
/// where it was quicker. Every time counts: what only every second of ours does shows as well.
pub(super) fn values_over(ours: &Times, theirs: &Times, suffix: &str) -> Values {
    let over = |(step, ours): (&&str, &Vec<Duration>)| {
        let pairs = ours.iter().zip(theirs.get(step)?);
        let longer = pairs.map(|(ours, theirs)| ms(*ours) - ms(*theirs));
        Some((metric(step, suffix), Samples::of(longer)?.median()))
    };
    ours.iter().filter_map(over).collect()
}

/// The metric of a step.
pub(super) fn metric(step: &str, suffix: &str) -> String {
    format!("agent.{step}{suffix}")
}

#[cfg(test)]
mod tests;
