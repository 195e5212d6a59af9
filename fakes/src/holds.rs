//! By how long the agent holds up some of its answers: for whoever measures a host of it, and wants
//! to know whether the host would notice an agent that got slower.
//!
//! The text is `NAME=MICROSECONDS` between commas, for example `initialize=440,result=90`. What is
//! not known is refused, so that a misspelt hold does not pass as a host that notices nothing.

use std::time::Duration;

/// The time for each answer; by default none is held up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holds {
    /// Before the answer to `initialize`.
    pub initialize: Duration,
    /// Before the first block of each turn.
    pub assistant: Duration,
    /// Before the result of each turn.
    pub result: Duration,
    /// Before the answer to `interrupt`.
    pub interrupt: Duration,
    /// Before the end, once stdin has ended and nothing is owed.
    pub exit: Duration,
}

/// Why a text says no holds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldsError {
    /// There is no such answer, or it stands there twice.
    #[error("read the holds: {0:?} names no answer that is still to be held")]
    Name(String),
    /// No time.
    #[error("read the holds: {0:?} is no whole number of microseconds")]
    Time(String),
}

impl Holds {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, HoldsError> {
        let mut holds = Self::default();
        let mut known = Vec::new();
        for part in text.split(',') {
            let (name, micros) = part.split_once('=').unwrap_or((part, ""));
            let unknown = || HoldsError::Name(name.to_owned());
            let hold = match name {
                "initialize" => &mut holds.initialize,
                "assistant" => &mut holds.assistant,
                "result" => &mut holds.result,
                "interrupt" => &mut holds.interrupt,
                "exit" => &mut holds.exit,
                _ => return Err(unknown()),
            };
            if known.contains(&name) {
                return Err(unknown());
            }
            known.push(name);
            let micros = micros.parse().map_err(|_| HoldsError::Time(micros.to_owned()))?;
            *hold = Duration::from_micros(micros);
        }
        Ok(holds)
    }
}

#[cfg(test)]
mod tests;
