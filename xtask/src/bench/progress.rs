//! How far a run is: one line that changes on a terminal, one line per scenario elsewhere.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write as _};
use std::time::Instant;

use harness::bench::check::{Order, Purpose};

/// Back to the beginning of the line, and the rest of it away.
const CLEAR: &str = "\r\x1b[K";

/// What was told so far.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    on_terminal: bool,
    done: usize,
    named: BTreeSet<(String, &'static str)>,
    line: String,
}

impl Progress {
    /// Nothing yet.
    pub(super) fn begin() -> Self {
        let on_terminal = io::stderr().is_terminal();
        let (named, line) = (BTreeSet::new(), String::new());
        Self { began: Instant::now(), on_terminal, done: 0, named, line }
    }

    /// The next launch, and all that are known to be left, itself among them.
    pub(super) fn launches(&mut self, order: &Order, left: &[Order]) {
        let purpose = purpose(order.purpose);
        let (number, all) = (self.done + 1, self.done + left.len());
        self.done = number;
        let elapsed = self.began.elapsed().as_secs_f64();
        self.line =
            format!("launch {number} of {all}, {elapsed:.0} s: {purpose} {}", order.scenario);
        if self.on_terminal {
            tell(&format!("{CLEAR}{}", self.line));
        } else if self.named.insert((order.scenario.clone(), purpose)) {
            tell(&format!("{}\n", self.line));
        }
    }

    /// The machine is busy, and it is waited for it to become quiet.
    pub(super) fn waits(&self) {
        if self.on_terminal {
            tell(&format!("{CLEAR}{}, waiting for others to end", self.line));
        }
    }

    /// It is over.
    pub(super) fn end(&self) {
        if self.on_terminal {
            tell(CLEAR);
        }
    }
}

fn tell(text: &str) {
    // A terminal that is gone does not stop the run.
    let mut terminal = io::stderr().lock();
    drop(terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush()));
}

/// What a launch is for, in a word.
const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Measure => "measure",
        Purpose::Control => "control",
        Purpose::Confirm => "confirm",
    }
}
