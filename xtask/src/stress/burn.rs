//! A process that burns every core for as long as somebody holds its standard input open: it ends
//! with whoever started it, however that ended.

use std::env;
use std::hint::black_box;
use std::io::{self, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context;
use harness::report::Machine;

/// The command line of the process that burns.
pub(super) const COMMAND: &str = "burn";

/// How much is computed between two looks at whether to stop: well under a millisecond.
const ROUNDS: u64 = 10_000;

/// The command `burn`: one busy thread per core until the input ends.
pub(crate) fn burn() {
    let ended = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..Machine::here().cores)
        .map(|_| {
            let ended = Arc::clone(&ended);
            thread::spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    compute();
                }
            })
        })
        .collect();
    wait_for_end(io::stdin().lock());
    ended.store(true, Ordering::Relaxed);
    for thread in threads {
        // It cannot panic, and the process ends anyway.
        drop(thread.join());
    }
}

fn compute() {
    let mut sum = 0_u64;
    for number in 0..ROUNDS {
        sum = black_box(sum.wrapping_mul(31).wrapping_add(number));
    }
}

fn wait_for_end(mut input: impl Read) {
    let mut byte = [0];
    // An input that breaks is one that nobody holds any more.
    while input.read(&mut byte).is_ok_and(|read| 0 < read) {}
}

/// The burning process; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Fire {
    child: Child,
    hold: Option<ChildStdin>,
}

impl Fire {
    /// Starts it.
    pub(crate) fn light() -> anyhow::Result<Self> {
        let program = env::current_exe().context("find this program")?;
        let mut command = Command::new(program);
        command.arg(COMMAND);
        Self::of(command)
    }

    fn of(mut command: Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped());
        let mut child = command.spawn().context("start what burns the cores")?;
        let hold = child.stdin.take();
        Ok(Self { child, hold })
    }

    /// Whether it still does: what ended on its own kept nothing busy since.
    pub(crate) fn burns(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Fire {
    fn drop(&mut self) {
        drop(self.hold.take());
        // It ends by itself within a moment; without a child there is nothing to wait for.
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests;
