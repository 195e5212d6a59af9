//! The agent program as a child process.
//!
//! ```text
//!                 terminate()            kill()
//!  start ─► alive ─── TERM ──► (alive) ── KILL: group, descendants, marked tools ──► reaped by wait()
//!             └── its input is closed, its turn done ──────────────────────────────►
//! ```
//!
//! It leads a process group of its own, so that a signal from our terminal does not reach it, and
//! has nothing of our environment but what it was given. Its tools run in further sessions and
//! outlive it: [`AgentProcess::kill`] looks for them by parentage before the agent is gone and by
//! mark after. Dropping the value kills the group; looking for tools takes a walk, which a drop
//! cannot wait for, so that whoever saw a session die unexpectedly ends them by their mark.
//! Absent: deadlines. How long to wait between the steps is the session's business.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use std::{fmt, io};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::connection::Connection;
use crate::processes::adopted::{self, OwnChild};
use crate::processes::{self, Mark};

mod last_words;

use last_words::LastWords;

/// How long `wait` stays behind the agent's end for the rest of its diagnostics. They are in the
/// pipe by then; only a tool that holds the pipe open keeps it from ending.
const LAST_WORDS_MAX: Duration = Duration::from_millis(250);

/// How long killed processes may take to be gone.
const KILLED_GONE_MAX: Duration = Duration::from_secs(2);

/// A program that ends in order at a signal has this and the signal's number as its code.
const SIGNAL_CODES_FROM: i32 = 128;

/// What to start, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Launch {
    /// The program, as an absolute path or as a name to look for in the `PATH` of `environment`.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Its whole environment.
    pub(crate) environment: BTreeMap<OsString, OsString>,
    /// Where it starts.
    pub(crate) working_dir: PathBuf,
    /// The mark in the environment, if there is one.
    pub(crate) mark: Option<Mark>,
}

/// Why an agent could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// There is no such program.
    #[error("start {program}: no such program")]
    ProgramMissing {
        /// As it was named.
        program: PathBuf,
    },
    /// It is there, but is no program or must not be run.
    #[error("start {program}: it cannot be executed")]
    NotExecutable {
        /// As it was named.
        program: PathBuf,
    },
    /// The directory to start in is not there, or is none.
    #[error("start an agent in {working_dir}: no such directory")]
    WorkingDirMissing {
        /// The directory.
        working_dir: PathBuf,
    },
    /// The system refused (too many processes or files, no memory).
    #[error("start {program}")]
    Refused {
        /// As it was named.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// How a process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this code. After an orderly end it is 1 if the last turn failed; TERM
    /// gives 143.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

impl Exit {
    /// Whether somebody asked for it by TERM, INT or HUP; as a code too, as a program says it that
    /// ends in order.
    pub(crate) fn was_asked_for(self) -> bool {
        let asking = [Signal::TERM, Signal::INT, Signal::HUP].map(Signal::as_raw);
        match self {
            Self::Signal(signal) => asking.contains(&signal),
            Self::Code(code) => asking.contains(&(code - SIGNAL_CODES_FROM)),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit {code}"),
            Self::Signal(signal) => write!(formatter, "signal {signal}"),
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match status.code() {
            Some(code) => Self::Code(code),
            None => Self::Signal(status.signal().unwrap_or_default()),
        }
    }
}

/// A running agent.
#[derive(Debug)]
pub(crate) struct AgentProcess {
    own: OwnChild,
    pid: u32,
    mark: Option<Mark>,
    exit: Option<Exit>,
    last_words: LastWords,
}

impl AgentProcess {
    /// Starts what `launch` says.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub(crate) fn start(launch: &Launch) -> Result<Self, StartError> {
        if !launch.working_dir.is_dir() {
            let working_dir = launch.working_dir.clone();
            return Err(StartError::WorkingDirMissing { working_dir });
        }
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .env_clear()
            .envs(&launch.environment)
            .current_dir(&launch.working_dir)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut own = adopted::spawn(&mut command).map_err(|error| refused(launch, error))?;
        let pid = own.child.id().expect("nobody has awaited it yet");
        let stderr = own.child.stderr.take().expect("it was asked for a line above");
        let last_words = LastWords::listen(stderr);
        Ok(Self { own, pid, mark: launch.mark, exit: None, last_words })
    }

    /// Its process number, which is also its group's.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Takes its pipes, to speak to it.
    ///
    /// # Panics
    /// At a second call: there is one conversation.
    pub(crate) fn connect(&mut self) -> Connection {
        let (stdout, stdin) = self.pipes();
        Connection::open(stdout, stdin)
    }

    /// Takes what it writes, and closes what it reads: for a program that is only asked.
    ///
    /// # Panics
    /// At a second call, or behind `connect`.
    pub(crate) fn listen(&mut self) -> ChildStdout {
        self.pipes().0
    }

    fn pipes(&mut self) -> (ChildStdout, ChildStdin) {
        let child = &mut self.own.child;
        child.stdout.take().zip(child.stdin.take()).expect("its pipes are taken once")
    }

    /// Asks its group to end.
    pub(crate) fn terminate(&self) {
        self.signal_group(Signal::TERM);
    }

    /// Ends it at once, with all it has started: its group, its descendants, and who carries its
    /// mark; also when it has already ended by itself. Returns the processes that still run, which
    /// is none unless the kernel holds one. `wait` follows.
    pub(crate) async fn kill(&mut self) -> Vec<processes::Found> {
        let (mark, pid) = (self.mark, self.pid);
        let alive = self.exit.is_none();
        // While the agent lives its tools are its descendants, even those without a mark.
        let tools = if alive {
            processes::walk(move || processes::descendants(pid)).await
        } else {
            Vec::new()
        };
        self.signal_group(Signal::KILL);
        // If it is held by the kernel, `wait` will have it when it is let go.
        drop(timeout(KILLED_GONE_MAX, self.wait()).await);
        let mut left = processes::end_all(tools, Duration::ZERO, KILLED_GONE_MAX).await;
        if let Some(mark) = mark {
            // Behind its death: what a tool started in between.
            let marked = processes::walk(move || processes::of_agent(mark)).await;
            left.extend(processes::end_all(marked, Duration::ZERO, KILLED_GONE_MAX).await);
        }
        left
    }

    /// Waits for its end and reaps it; at every later call the same.
    ///
    /// Cancel-safe: the end is kept, whoever stops waiting.
    pub(crate) async fn wait(&mut self) -> Exit {
        let exit = match self.exit {
            Some(exit) => exit,
            None => match self.own.child.wait().await {
                Ok(status) => status.into(),
                // Someone else has asked the system for it: it has ended, how is lost.
                Err(_) => Exit::Code(-1),
            },
        };
        self.exit = Some(exit);
        // Not an error if it passes: then a tool holds the pipe, and what is there is enough.
        drop(timeout(LAST_WORDS_MAX, self.last_words.ended()).await);
        exit
    }

    /// The end of what it has written to its standard error, at most
    /// [`LAST_WORDS_BYTES_MAX`](last_words::LAST_WORDS_BYTES_MAX), and how many bytes it was in all.
    pub(crate) fn last_words(&self) -> (String, u64) {
        self.last_words.so_far()
    }

    fn signal_group(&self, signal: Signal) {
        // Once it is reaped its number may be another's.
        if self.exit.is_some() {
            return;
        }
        let group = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // It may have ended in this moment; then there is nothing to signal.
            let _gone = kill_process_group(group, signal);
        }
    }
}

impl Drop for AgentProcess {
    fn drop(&mut self) {
        self.signal_group(Signal::KILL);
    }
}

fn refused(launch: &Launch, source: io::Error) -> StartError {
    let program = launch.program.clone();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            StartError::ProgramMissing { program }
        }
        io::ErrorKind::PermissionDenied => StartError::NotExecutable { program },
        _ if source.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            StartError::NotExecutable { program }
        }
        _ => StartError::Refused { program, source },
    }
}

#[cfg(test)]
mod tests;
