//! The agent of a session while it lives: its connection, and its process if it has one.
//!
//! An agent is gone when its output is closed *and* its process is reaped. Frames that it wrote
//! before it went are read first: a result among them answers rows.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::claude::connection::{Connection, Counters};
use crate::claude::process::{AgentProcess, Exit};
use crate::claude::wire::Frame;

/// How long the rest of an agent's output is waited for after its process has ended. Longer only
/// if something that it started holds the pipe.
const OUTPUT_AFTER_EXIT_MAX: Duration = Duration::from_millis(500);

/// How long a process may live on after it closed its output. Nobody hears it any more.
const EXIT_AFTER_OUTPUT_MAX: Duration = Duration::from_secs(3);

/// What came from an agent.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It said something.
    Frame(Box<Frame>),
    /// A line went out, or what it means for its input.
    Moved,
    /// It closed its output and lives on. Said until [`Agent::end_deaf`] was seen through.
    Deaf,
    /// It is gone: how, if it was a process.
    Gone(Option<Exit>),
}

/// An agent that was started.
pub(crate) struct Agent {
    connection: Connection,
    process: Option<AgentProcess>,
    output: Output,
    exit: Option<Exit>,
    /// When to stop waiting for the other half of its end.
    give_up_at: Option<Instant>,
    input_closed: bool,
    /// The request whose answer makes it ready, and how it was started.
    pub(crate) connecting: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Open,
    Closed,
}

impl Agent {
    /// An agent over its connection. `connecting` is the id of the `initialize` request.
    pub(crate) fn new(
        connection: Connection,
        process: Option<AgentProcess>,
        connecting: String,
    ) -> Self {
        Self {
            connection,
            process,
            output: Output::Open,
            exit: None,
            give_up_at: None,
            input_closed: false,
            connecting: Some(connecting),
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(AgentProcess::pid)
    }

    /// Asks it to end at once. One that is no process has its output taken for closed.
    pub(crate) fn terminate(&mut self) {
        match &self.process {
            Some(process) => process.terminate(),
            None => self.output = Output::Closed,
        }
    }

    /// Ends it and everything that it started.
    pub(crate) async fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill().await;
        } else {
            self.output = Output::Closed;
        }
    }

    /// Ends one that nobody hears any more. Takes its time, so never within [`hear`], which is
    /// dropped at whatever else happens.
    pub(crate) async fn end_deaf(&mut self) {
        self.kill().await;
        self.give_up_at = None;
    }

    /// The end of what it wrote to its standard error.
    pub(crate) fn last_words(&self) -> Option<(String, u64)> {
        self.process.as_ref().map(AgentProcess::last_words).filter(|(_, bytes)| 0 < *bytes)
    }

    /// What it said, in numbers.
    pub(crate) fn counters(&self) -> Counters {
        self.connection.counters()
    }

    fn is_gone(&self) -> bool {
        self.output == Output::Closed && (self.process.is_none() || self.exit.is_some())
    }

    /// Cancel-safe: whatever is taken is either returned or kept in `self`.
    async fn hear(&mut self, outgoing: &mut VecDeque<Vec<u8>>, input_ends: bool) -> Heard {
        loop {
            if self.is_gone() {
                return Heard::Gone(self.exit);
            }
            if input_ends && outgoing.is_empty() && !self.input_closed {
                self.connection.close_input();
                self.input_closed = true;
            }
            let lines = self.connection.outgoing();
            let sending = !outgoing.is_empty() && !self.input_closed && !lines.is_closed();
            let (open, running) = (self.output == Output::Open, self.exit.is_none());
            let give_up_at = self.give_up_at;
            tokio::select! {
                biased;
                permit = lines.reserve(), if sending => {
                    let line = outgoing.pop_front();
                    match (permit, line) {
                        (Ok(permit), Some(line)) => permit.send(line),
                        // It does not read any more; its end is told by its output.
                        _ => outgoing.clear(),
                    }
                    return Heard::Moved;
                }
                frame = self.connection.next(), if open => {
                    if let Some(frame) = frame {
                        return Heard::Frame(Box::new(frame));
                    }
                    self.output = Output::Closed;
                    self.give_up_at = Some(Instant::now() + EXIT_AFTER_OUTPUT_MAX);
                }
                exit = wait(self.process.as_mut()), if running => {
                    self.exit = Some(exit);
                    self.give_up_at = Some(Instant::now() + OUTPUT_AFTER_EXIT_MAX);
                }
                () = until(give_up_at) => {
                    if self.exit.is_none() {
                        return Heard::Deaf;
                    }
                    self.give_up_at = None;
                    self.output = Output::Closed;
                }
            }
        }
    }
}

/// Waits for the agent, if there is one, and moves lines to it meanwhile.
pub(crate) async fn hear(
    agent: Option<&mut Agent>,
    outgoing: &mut VecDeque<Vec<u8>>,
    input_ends: bool,
) -> Heard {
    match agent {
        Some(agent) => agent.hear(outgoing, input_ends).await,
        None => std::future::pending().await,
    }
}

async fn wait(process: Option<&mut AgentProcess>) -> Exit {
    match process {
        Some(process) => process.wait().await,
        None => std::future::pending().await,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
