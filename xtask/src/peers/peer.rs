//! One of the two hosts as a child: a line to it, a line back, and an end of it and of its agents.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use harness::bench::peers::{Answer, Ask, Hello};
use harness::command::end_within;
use harness::processes::{Snapshot, kill_marked, rss_bytes};

use crate::running::Interrupt;

/// How long an answer may take. Twenty agents on a busy machine take half a minute to be there.
const ANSWER_MAX: Duration = Duration::from_mins(3);

/// How long a host may take to say who it is: Python reads a whole library first.
const HELLO_MAX: Duration = Duration::from_mins(1);

/// How long a host may take to be gone once its input has ended.
const END_MAX: Duration = Duration::from_secs(30);

/// How often it is looked whether somebody wants it all to end.
const LOOK: Duration = Duration::from_millis(100);

/// Lines that wait to be taken: one is asked for, one comes.
const LINES_WAITING_MAX: usize = 1;

/// How much of what a host wrote to its standard error an error tells.
const LAST_WORDS_CHARS_MAX: usize = 1000;

/// What a host tells that it is no use to go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Somebody wants it all to end.
    #[error("go on: it was interrupted")]
    Interrupted,
    /// The system does not let us.
    #[error("{what} of {host}: {source}")]
    Io {
        /// What could not be done.
        what: &'static str,
        /// Whose.
        host: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It does not answer.
    #[error("hear from {host}: {why}; it wrote:\n{last_words}")]
    Silent {
        /// Who.
        host: &'static str,
        /// Gone, or too late.
        why: &'static str,
        /// The end of its standard error.
        last_words: String,
    },
    /// It answers something that is no answer.
    #[error("understand {host}: {line}")]
    Nonsense {
        /// Who.
        host: &'static str,
        /// What it said.
        line: String,
    },
    /// What was asked for did not work.
    #[error("{why} ({host})")]
    Failed {
        /// Who.
        host: &'static str,
        /// Its own words.
        why: String,
    },
    /// A turn does not begin.
    #[error("begin a turn: the API was not asked for it in time")]
    Unasked,
    /// Something is left of it.
    #[error("end {host} in order: {left} processes were left behind")]
    Left {
        /// Who.
        host: &'static str,
        /// How many.
        left: usize,
    },
}

/// A host that runs. Dropping it ends it at once, with all its agents.
#[derive(Debug)]
pub(super) struct Peer {
    host: &'static str,
    mark: String,
    child: Child,
    /// There until it is to end.
    asks: Option<ChildStdin>,
    answers: Receiver<String>,
    words: PathBuf,
}

impl Peer {
    /// Starts it, and waits until it says who it is. All it starts has `mark` in its environment.
    pub(super) fn start(
        host: &'static str,
        command: Command,
        mark: &str,
        words: PathBuf,
        interrupt: &Interrupt,
    ) -> Result<(Self, Hello), Trouble> {
        let peer = Self::spawn(host, command, mark, words)?;
        let line = peer.hear(HELLO_MAX, interrupt)?;
        let hello = serde_json::from_str(&line).map_err(|_| peer.nonsense(line))?;
        Ok((peer, hello))
    }

    /// Starts it, whatever it says.
    pub(super) fn spawn(
        host: &'static str,
        mut command: Command,
        mark: &str,
        words: PathBuf,
    ) -> Result<Self, Trouble> {
        let io = |source| Trouble::Io { what: "make the start", host, source };
        let log = File::create(&words).map_err(io)?;
        // A group of its own: a Ctrl-C is for us, who then end it.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(io)?;
        let (asks, stdout) = child.stdin.take().zip(child.stdout.take()).expect("both are piped");
        let mark = mark.to_owned();
        let answers = lines_of(stdout);
        Ok(Self { host, mark, child, asks: Some(asks), answers, words })
    }

    /// Asks, and waits for the answer.
    pub(super) fn ask(&mut self, ask: &Ask, interrupt: &Interrupt) -> Result<Answer, Trouble> {
        let mut line = serde_json::to_string(ask).expect("what is asked is words and numbers");
        line.push('\n');
        let told = self.asks.as_mut().map_or(Ok(()), |asks| asks.write_all(line.as_bytes()));
        if told.is_err() {
            return Err(self.silent("it is gone"));
        }
        let line = self.hear(ANSWER_MAX, interrupt)?;
        let answer: Answer = serde_json::from_str(&line).map_err(|_| self.nonsense(line))?;
        match answer.failed {
            Some(why) => Err(Trouble::Failed { host: self.host, why }),
            None => Ok(answer),
        }
    }

    /// Its memory now, that of its agents apart, in megabytes.
    pub(super) fn rss_mb(&self) -> Result<f64, Trouble> {
        let bytes = rss_bytes(self.child.id()).ok_or_else(|| self.silent("it is gone"))?;
        // Memory of a process is far below what a float counts exactly.
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        Ok(bytes as f64 / 1e6)
    }

    /// Ends it in order, and sees that nothing is left.
    pub(super) fn end(mut self) -> Result<(), Trouble> {
        drop(self.asks.take());
        let ended = end_within(&mut self.child, END_MAX);
        let ended =
            ended.map_err(|source| Trouble::Io { what: "see the end", host: self.host, source })?;
        if ended.is_none() {
            return Err(self.silent("it does not end"));
        }
        match Snapshot::take().marked(&self.mark).len() {
            0 => Ok(()),
            left => Err(Trouble::Left { host: self.host, left }),
        }
    }

    /// Its next line, if it comes in time.
    pub(super) fn hear(&self, limit: Duration, interrupt: &Interrupt) -> Result<String, Trouble> {
        let asked = Instant::now();
        loop {
            match self.answers.recv_timeout(LOOK) {
                _ if interrupt.came() => return Err(Trouble::Interrupted),
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Disconnected) => return Err(self.silent("it is gone")),
                Err(RecvTimeoutError::Timeout) if limit < asked.elapsed() => {
                    return Err(self.silent("it takes too long"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn silent(&self, why: &'static str) -> Trouble {
        Trouble::Silent { host: self.host, why, last_words: end_of(&self.words) }
    }

    fn nonsense(&self, line: String) -> Trouble {
        Trouble::Nonsense { host: self.host, line }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Gone and reaped already, if it ended in order.
        drop(end_within(&mut self.child, Duration::ZERO));
        kill_marked(&self.mark);
    }
}

/// The reading thread ends with the host.
fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (said, lines) = sync_channel(LINES_WAITING_MAX);
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if said.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn end_of(words: &Path) -> String {
    let words = fs::read(words).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let begin = words.char_indices().rev().nth(LAST_WORDS_CHARS_MAX).map_or(0, |(at, _)| at);
    words[begin..].trim().to_owned()
}

#[cfg(test)]
mod tests;
