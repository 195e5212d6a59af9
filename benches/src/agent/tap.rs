//! A program between an agent and whoever drives it, which tells how much of a start was the agent's.
//!
//! ```text
//!            ── lines ──> tap ── lines ──>           the agent's own time: from its start to its first
//!    driver                          agent           answer, without what it waited for the driver
//!            <── lines ──    <── lines ──
//! ```
//!
//! It waits for the driver from the start to the first request, and from each of its own requests to the
//! answer. It may be busy all the same meanwhile, so that what is left as the driver's is rather too much
//! than too little.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use super::by_hand::{ANSWERED, ASKING};

/// The variable that names the agent's program.
pub const PROGRAM: &str = "AGENT_TAP_PROGRAM";

/// The variable that names the file for its own time.
pub const OWN_TIME: &str = "AGENT_TAP_OWN_TIME";

/// Starts the agent with the arguments and the environment of this process, passes lines on both ways
/// until it ends, and says how it ended. Its own time is in its file before the first answer is passed on.
///
/// # Errors
/// When a variable is missing, the agent does not start, or a line cannot be passed on to the driver.
pub fn relay() -> io::Result<ExitStatus> {
    // Nobody else uses it, but the thread below may outlive this call.
    static TURNS: Mutex<Option<Turns>> = Mutex::new(None);
    let turns = || TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    let variable = |name: &str| -> io::Result<OsString> {
        env::var_os(name).ok_or_else(|| io::Error::other(format!("find {name}")))
    };
    let own_time = PathBuf::from(variable(OWN_TIME)?);
    let mut command = Command::new(variable(PROGRAM)?);
    command.args(env::args_os().skip(1)).env_remove(PROGRAM).env_remove(OWN_TIME);
    *turns() = Some(Turns::begin(Instant::now()));
    let mut agent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (stdin, stdout) = (agent.stdin.take(), agent.stdout.take());
    thread::spawn(move || {
        let heard = |line: &[u8]| {
            if let Some(turns) = turns().as_mut() {
                turns.driver_said(line, Instant::now());
            }
            Ok(())
        };
        // An agent that is gone needs no more lines, and the end of the driver's is its end.
        stdin.map(|agent| pass(io::stdin().lock(), agent, heard))
    });
    let passed = stdout.map_or(Ok(()), |stdout| {
        pass(BufReader::new(stdout), io::stdout().lock(), |line| {
            let own = turns().as_mut().and_then(|turns| turns.agent_said(line, Instant::now()));
            own.map_or(Ok(()), |own| fs::write(&own_time, own.as_nanos().to_string()))
        })
    });
    if passed.is_err() {
        // Nobody hears it any more.
        agent.kill()?;
    }
    let ended = agent.wait()?;
    passed.map(|()| ended)
}

/// The time in what was written to the file.
pub(super) fn told(written: &str) -> Option<Duration> {
    written.parse().ok().map(Duration::from_nanos)
}

fn pass(
    mut from: impl BufRead,
    mut to: impl Write,
    heard: impl Fn(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? != 0 {
        heard(&line)?;
        to.write_all(&line)?;
        to.flush()?;
        line.clear();
    }
    Ok(())
}

/// Whose turn it was, up to the first answer.
#[derive(Debug)]
struct Turns {
    began: Instant,
    /// What the driver owes: its first request, and answers.
    owed: usize,
    /// Since when it owes something.
    since: Instant,
    /// How long it did before that.
    waited: Duration,
    is_ready: bool,
}

impl Turns {
    fn begin(now: Instant) -> Self {
        Self { began: now, owed: 1, since: now, waited: Duration::ZERO, is_ready: false }
    }

    fn driver_said(&mut self, line: &[u8], now: Instant) {
        if self.owed != 0 && (has(line, ASKING) || has(line, ANSWERED)) {
            self.owed -= 1;
            if self.owed == 0 {
                self.waited += now - self.since;
            }
        }
    }

    /// The agent's own time, at its first answer.
    fn agent_said(&mut self, line: &[u8], now: Instant) -> Option<Duration> {
        if self.is_ready {
            return None;
        }
        if has(line, ASKING) {
            if self.owed == 0 {
                self.since = now;
            }
            self.owed += 1;
        }
        self.is_ready = has(line, ANSWERED);
        let waits = if self.owed == 0 { Duration::ZERO } else { now - self.since };
        self.is_ready.then(|| (now - self.began).saturating_sub(self.waited + waits))
    }
}

fn has(line: &[u8], what: &str) -> bool {
    line.windows(what.len()).any(|part| part == what.as_bytes())
}

#[cfg(test)]
mod tests;
