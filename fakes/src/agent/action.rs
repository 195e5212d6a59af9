//! What reaches the machine, and what it wants done.

use std::path::PathBuf;
use std::time::Duration;

use super::Exit;
use crate::model::Entry;

/// What reaches the agent.
#[derive(Debug, Clone)]
pub enum Event {
    /// A line on stdin, without its end.
    Line(String),
    /// The end of stdin.
    End,
    /// A job is over.
    Finished {
        /// Which one.
        key: u64,
        /// How.
        ended: Ended,
    },
    /// A signal to the process.
    Signal(Signal),
}

/// The signals that the agent program answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
}

/// What the agent wants done, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Bytes for stdout.
    Write(Vec<u8>),
    /// A time to compute for, once everything before it is written: an agent that got slower.
    Hold(Duration),
    /// A line for stderr.
    Complain(String),
    /// An entry for the memory, under the session id.
    Remember(String, Entry),
    /// A job to start.
    Start {
        /// Its name in [`Event::Finished`].
        key: u64,
        /// What to do.
        job: Job,
    },
    /// A job to end with everything it started; it is not reported.
    Kill {
        /// Which one.
        key: u64,
    },
    /// The end. Nothing comes after it.
    Leave(Exit),
}

/// Work outside of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// A command line for bash.
    Bash(String),
    /// A file to read.
    Read(PathBuf),
    /// A file to write.
    Write(PathBuf, String),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What came out, stdout and stderr as one text.
    pub output: String,
    /// The exit code.
    pub code: i32,
}
