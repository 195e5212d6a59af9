//! What a restart says while it runs: a line when a step begins, and one when it has ended, each with
//! the moment at which it was heard.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use anyhow::Context;
use harness::wait::wait_until;

/// How long the last words of a command that has ended may take.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// One line about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    at: Instant,
    step: String,
    turn: Turn,
}

/// What is said of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Begins,
    Ended,
}

/// Everything that was heard so far.
#[derive(Debug)]
pub(super) struct Words {
    heard: Arc<Mutex<Vec<Heard>>>,
    listening: JoinHandle<()>,
}

impl Words {
    /// Listens to a command, keeps what it says in `log`, and wakes `waiter` at every line.
    pub(super) fn listen(pipe: ChildStderr, log: &Path, waiter: Thread) -> anyhow::Result<Self> {
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("open {}", log.display()))?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&heard);
        let listening = thread::Builder::new()
            .name("words".to_owned())
            .spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let at = Instant::now();
                    if let Some((step, turn)) = parse(&line) {
                        let mut heard = shared.lock().unwrap_or_else(PoisonError::into_inner);
                        heard.push(Heard { at, step, turn });
                    }
                    waiter.unpark();
                    // The log is for a person; what was heard counts.
                    drop(writeln!(log, "{line}"));
                }
            })
            .context("start the thread that listens")?;
        Ok(Self { heard, listening })
    }

    /// When this was first said of a step.
    pub(super) fn when(&self, step: &str, turn: Turn) -> Option<Instant> {
        self.all().into_iter().find(|it| it.step == step && it.turn == turn).map(|it| it.at)
    }

    /// The step that was open at a moment: the last that had begun, unless it had ended.
    pub(super) fn open_at(&self, moment: Instant) -> Option<String> {
        let last = self.all().into_iter().rfind(|it| it.at <= moment)?;
        (last.turn == Turn::Begins).then_some(last.step)
    }

    /// Waits for the last words of a command that has ended. What it had started may still have the
    /// pipe: that is not waited for.
    pub(super) fn finish(&self) {
        let _all_heard = wait_until(LAST_WORDS_MAX, || self.listening.is_finished());
    }

    fn all(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// ` 8 arm: at most 10 s`, ` 8 arm: passed in 0.1 s of 10 s`.
pub(super) fn parse(line: &str) -> Option<(String, Turn)> {
    let (label, rest) = line.trim_start().split_once(' ')?;
    if label != "R" && label.parse::<u8>().is_err() {
        return None;
    }
    let (step, says) = rest.split_once(": ")?;
    let turn = if says.starts_with("at most ") { Turn::Begins } else { Turn::Ended };
    Some((step.to_owned(), turn))
}
