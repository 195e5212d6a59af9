//! A probe as a child: one line each way, a limit for every answer, and nothing of it left behind.
//!
//! ```text
//!  start ──hello──> prepare ──> sample, sample, .. ──> finish ──> end
//!    └──────────────── dropped at any point: killed, with all that it started
//! ```
//!
//! It runs in a group of its own, so that a Ctrl-C does not reach it, and with an environment that
//! holds nothing of the user. Its temporary directory is its own, too: whatever the scenarios start
//! has that name in its environment, and is found by it when its parents are gone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use harness::bench::probe::{Answer, Ask, Hello, Offered, PROTOCOL, Values};
use harness::bench::report::RoleMemory;
use harness::command::end_within;
use harness::processes::{Seen, Snapshot, signal};
use harness::wait::wait_until;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::running::Interrupt;

/// How long a probe may take to say what it is.
const HELLO_MAX: Duration = Duration::from_secs(10);

/// How long it may take to end when its input has.
const END_MAX: Duration = Duration::from_secs(10);

/// How long what ends with a probe may be seen after it.
const GONE_MAX: Duration = Duration::from_secs(2);

/// How often is looked whether somebody wants the run to end.
const STEP: Duration = Duration::from_millis(50);

/// Lines that may wait: a probe speaks when it is asked.
const LINES_MAX: usize = 4;

/// The end of what it said on stderr that is worth showing.
const STDERR_SHOWN: usize = 2048;

/// How often what is left is looked for and killed: it can start others between two looks.
const KILLS_MAX: usize = 20;

/// Why a probe gave no answer that is of use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// This machine lacks something.
    #[error("find {0}")]
    Missing(String),
    /// The scenario went wrong.
    #[error("{0}")]
    Failed(String),
    /// It could not be started or spoken to.
    #[error("run the probe: {0}")]
    Run(#[from] io::Error),
    /// It said nothing in time.
    #[error("hear of the probe within {limit:?}{said}")]
    Silent {
        /// How long it had.
        limit: Duration,
        /// The end of its stderr.
        said: String,
    },
    /// It ended.
    #[error("hear of the probe: it ended with {how}{said}")]
    Ended {
        /// How.
        how: String,
        /// The end of its stderr.
        said: String,
    },
    /// It said something that makes no sense here.
    #[error("understand the probe, which said {0:?}")]
    Line(String),
    /// It speaks a protocol that this build does not know.
    #[error("understand the probe, which speaks {0:?}")]
    Protocol(String),
    /// It ended as it should, and these did not.
    #[error("end everything with the probe: left were {0}")]
    Left(String),
    /// Somebody wants the run to end.
    #[error("go on: the run was interrupted")]
    Interrupted,
}

/// What one sample gave.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) values: Values,
    pub(super) roles: Vec<RoleMemory>,
}

/// A probe that runs.
#[derive(Debug)]
pub(super) struct Probe<'a> {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    offered: Vec<Offered>,
    room: TempDir,
    interrupt: &'a Interrupt,
}

impl<'a> Probe<'a> {
    /// Starts `program` with `arguments`, and waits for its first line.
    pub(super) fn start(
        program: &Path,
        arguments: &[OsString],
        interrupt: &'a Interrupt,
    ) -> Result<Self, Trouble> {
        let room = tempfile::Builder::new().prefix("bench-").tempdir()?;
        for directory in ["tmp", "user"] {
            fs::create_dir(room.path().join(directory))?;
        }
        let mut command = command(program, room.path());
        for argument in arguments {
            command.arg(argument);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(room.path().join("stderr"))?);
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (said, lines) = sync_channel(LINES_MAX);
        if let Some(output) = output {
            // It ends with the pipe, or when nobody listens any more.
            thread::spawn(move || pass_on(output, &said));
        }
        let mut probe = Self { child, input, lines, offered: Vec::new(), room, interrupt };
        let line = probe.line(HELLO_MAX)?;
        let hello: Hello = serde_json::from_str(&line).map_err(|_| Trouble::Line(line))?;
        if hello.probe != PROTOCOL {
            return Err(Trouble::Protocol(hello.probe));
        }
        probe.offered = hello.scenarios;
        Ok(probe)
    }

    /// What it can measure.
    pub(super) fn offered(&self) -> &[Offered] {
        &self.offered
    }

    /// Makes a scenario ready.
    pub(super) fn prepare(
        &mut self,
        scenario: &str,
        slowed: Option<f64>,
        limit: Duration,
    ) -> Result<(), Trouble> {
        let ask = Ask::Prepare { scenario: scenario.to_owned(), slowed };
        match self.ask(&ask, limit)? {
            Answer::Prepared => Ok(()),
            answer => Err(unexpected(&answer)),
        }
    }

    /// Does the work once.
    pub(super) fn sample(&mut self, limit: Duration) -> Result<Sample, Trouble> {
        match self.ask(&Ask::Sample, limit)? {
            Answer::Values { values, roles } => Ok(Sample { values, roles }),
            answer => Err(unexpected(&answer)),
        }
    }

    /// Takes away what was prepared, ends, and leaves nothing.
    pub(super) fn finish(mut self, limit: Duration) -> Result<(), Trouble> {
        match self.ask(&Ask::Finish, limit)? {
            Answer::Finished => self.end(),
            answer => Err(unexpected(&answer)),
        }
    }

    /// Ends, and leaves nothing.
    pub(super) fn end(mut self) -> Result<(), Trouble> {
        drop(self.input.take());
        match end_within(&mut self.child, END_MAX)? {
            Some(status) if status.success() => {}
            Some(status) => return Err(self.ended(status.to_string())),
            None => return Err(Trouble::Silent { limit: END_MAX, said: self.stderr() }),
        }
        let mut left = Vec::new();
        let gone = wait_until(GONE_MAX, || {
            left = left_of(self.room.path());
            left.is_empty()
        });
        if gone { Ok(()) } else { Err(Trouble::Left(names(&left))) }
    }

    fn ask(&mut self, ask: &Ask, limit: Duration) -> Result<Answer, Trouble> {
        let mut line = serde_json::to_vec(ask).expect("an ask has string keys only");
        line.push(b'\n');
        // A probe that is gone tells why at the look for its answer.
        if let Some(input) = &mut self.input {
            drop(input.write_all(&line));
        }
        let line = self.line(limit)?;
        match serde_json::from_str(&line).map_err(|_| Trouble::Line(line))? {
            Answer::Missing { what } => Err(Trouble::Missing(what)),
            Answer::Failed { why } => Err(Trouble::Failed(why)),
            answer => Ok(answer),
        }
    }

    fn line(&mut self, limit: Duration) -> Result<String, Trouble> {
        let began = Instant::now();
        loop {
            if self.interrupt.came() {
                return Err(Trouble::Interrupted);
            }
            let left = limit.saturating_sub(began.elapsed());
            match self.lines.recv_timeout(left.min(STEP)) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Disconnected) => {
                    let how = match end_within(&mut self.child, GONE_MAX)? {
                        Some(status) => status.to_string(),
                        None => "no more to say, and was killed".to_owned(),
                    };
                    return Err(self.ended(how));
                }
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    return Err(Trouble::Silent { limit, said: self.stderr() });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn ended(&self, how: String) -> Trouble {
        Trouble::Ended { how, said: self.stderr() }
    }

    /// What it said last on stderr, behind a word that leads to it; empty if that is nothing.
    fn stderr(&self) -> String {
        let said = fs::read(self.room.path().join("stderr")).unwrap_or_default();
        let end = &said[said.len().saturating_sub(STDERR_SHOWN)..];
        match String::from_utf8_lossy(end).trim() {
            "" => String::new(),
            end => format!("; it said:\n{end}"),
        }
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        let ended = matches!(self.child.try_wait(), Ok(Some(_)));
        if !ended {
            if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
                // It may have ended in this moment.
                let _gone = kill_process_group(group, Signal::KILL);
            }
            drop(self.child.wait());
        }
        for _ in 0..KILLS_MAX {
            let left = left_of(self.room.path());
            if left.is_empty() {
                break;
            }
            for process in left {
                // One that cannot be killed is not ours.
                drop(signal(process.pid, Signal::KILL));
            }
        }
    }
}

/// The scrubbed environment: where programs are found, a home and a temporary directory of its own.
fn command(program: &Path, room: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(room).process_group(0);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.env("HOME", room.join("user")).env("TMPDIR", room.join("tmp"));
    command.env("LANG", "C.UTF-8").env("RUST_BACKTRACE", "1");
    command
}

fn pass_on(output: ChildStdout, said: &SyncSender<String>) {
    for line in BufReader::new(output).lines() {
        let Ok(line) = line else { return };
        if said.send(line).is_err() {
            return;
        }
    }
}

/// Whatever was started below the temporary directory of a probe and lives.
fn left_of(room: &Path) -> Vec<Seen> {
    let mark = format!("TMPDIR={}/", room.display());
    let mut left = Snapshot::take().marked_with_prefix(&mark);
    left.retain(|process| !process.zombie);
    left
}

fn names(left: &[Seen]) -> String {
    left.iter().map(|process| process.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn unexpected(answer: &Answer) -> Trouble {
    Trouble::Line(serde_json::to_string(answer).unwrap_or_default())
}

#[cfg(test)]
mod tests;
