//! The meter: stands between the daemon and the agent program, passes every byte on, and counts
//! what the program asks of the API. When the budget is used up the program is ended, and no other
//! is started.
//!
//! ```text
//! a message goes in, a tool has given something, a try has failed
//!      └─ is any left? ─ yes ─> a request is written down, the line is passed on
//!                      └ no ──> the program is ended
//! ```
//!
//! So a request is paid for before it can be made, whether an answer comes or not. One that nobody
//! announced is seen by its answer.
//!
//! It is the runner's own executable, started under another name by its environment: so there is no
//! further program to build.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Context;
use serde_json::Value;

use super::budget::{Budget, Entry, Spent};

/// The variable that makes a runner a meter: the agent program.
pub const PROGRAM: &str = "SMOKE_METER_PROGRAM";
/// The variable that names the ledger.
pub const LEDGER: &str = "SMOKE_METER_LEDGER";
/// The variable that says what may be spent.
pub const BUDGET: &str = "SMOKE_METER_BUDGET";

/// What the meter ends with when nothing may be spent.
const USED_UP: u8 = 1;

/// What the requests of one program are counted by.
#[derive(Debug, Default)]
pub struct Counter {
    /// The answer of which the last line was part: it comes in several.
    message: String,
    /// Requests that are paid for and were not answered yet.
    ahead: u64,
}

/// What a line means for the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// What is written down.
    pub entries: Vec<Entry>,
    /// Whether a request may be made behind this line, for which something has to be left.
    pub goes_on: bool,
}

impl Counter {
    /// Reads one line of the program's input; `None` if it has nothing to do with the API.
    pub fn put(&mut self, line: &str) -> Option<Charge> {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["type"] == "user").then(|| self.pay())
    }

    /// Reads one line of the program's output; `None` if it has nothing to do with the API.
    pub fn take(&mut self, line: &str) -> Option<Charge> {
        let line: Value = serde_json::from_str(line).ok()?;
        match (line["type"].as_str()?, line["subtype"].as_str()) {
            ("assistant", _) => {
                let id = line["message"]["id"].as_str().unwrap_or_default();
                if id == self.message && !id.is_empty() {
                    return None;
                }
                id.clone_into(&mut self.message);
                if let Some(ahead) = self.ahead.checked_sub(1) {
                    self.ahead = ahead;
                    return None;
                }
                Some(Charge { entries: vec![Entry::Request], goes_on: false })
            }
            // A try that failed, before the next one. It was paid for itself.
            ("system", Some("api_retry")) => {
                Some(Charge { entries: vec![Entry::Request], goes_on: true })
            }
            // What tools gave goes to the model at once, that of several together.
            ("user", _) => (self.ahead == 0).then(|| self.pay()),
            ("result", _) => {
                // What was never answered may have been asked all the same, and is not given back.
                self.ahead = 0;
                let session = line["session_id"].as_str().unwrap_or_default().to_owned();
                let cost = line["total_cost_usd"].as_f64();
                let entries = cost.map(|usd| Entry::Cost { session, usd }).into_iter().collect();
                Some(Charge { entries, goes_on: true })
            }
            _ => None,
        }
    }

    fn pay(&mut self) -> Charge {
        self.ahead += 1;
        Charge { entries: vec![Entry::Request], goes_on: true }
    }
}

/// Runs as a meter if the environment says so; the number to end with.
pub fn serve_if_asked() -> Option<ExitCode> {
    let program = env::var_os(PROGRAM)?;
    let served = Meter::of_environment(program.into()).and_then(Meter::serve);
    Some(served.unwrap_or_else(|error| {
        tell(&format!("failed to {error:#}"));
        ExitCode::from(USED_UP)
    }))
}

struct Meter {
    program: PathBuf,
    ledger: PathBuf,
    budget: Budget,
}

impl Meter {
    fn of_environment(program: PathBuf) -> anyhow::Result<Self> {
        let budget = env::var(BUDGET).context("read the budget")?.parse()?;
        let ledger = env::var_os(LEDGER).context("find the ledger")?.into();
        Ok(Self { program, ledger, budget })
    }

    fn serve(self) -> anyhow::Result<ExitCode> {
        let mut command = Command::new(&self.program);
        command.args(env::args_os().skip(1));
        for name in [PROGRAM, LEDGER, BUDGET] {
            command.env_remove(name);
        }
        // Whoever only asks for its version asks nothing of the API.
        if !env::args().any(|word| word == "--input-format") {
            return Ok(code(command.status().with_context(|| self.named())?));
        }
        let spent = Spent::read(&self.ledger).context("read the ledger")?;
        if self.budget.is_used_up(&spent) {
            tell(&format!("failed to spend more than {}: {spent} so far", self.budget));
            return Ok(ExitCode::from(USED_UP));
        }
        command.arg("--max-budget-usd").arg(format!("{:.4}", self.budget.usd_left(&spent)));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| self.named())?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let metered = Arc::new(Metered::new(self, child));
        // Ends with our input, or with the program: then nobody waits for it.
        let _forwarding = stdin.map(|stdin| {
            let metered = Arc::clone(&metered);
            thread::spawn(move || metered.pass_in(io::stdin().lock(), stdin))
        });
        let stdout = stdout.context("read what the program says")?;
        if let Err(error) = metered.pass_out(BufReader::new(stdout), io::stdout().lock()) {
            metered.end();
            return Err(error);
        }
        Ok(code(metered.child().wait().context("wait for the program")?))
    }

    fn named(&self) -> String {
        format!("run {}", self.program.display())
    }

    /// Writes a charge down; whether what it is for may be done. Requests for which nothing is left
    /// are not made, and so not written down.
    fn settle(&self, charge: Charge) -> anyhow::Result<bool> {
        // Nobody else may spend between the look and the writing.
        let ledger = OpenOptions::new().append(true).open(&self.ledger);
        let ledger = ledger.and_then(|ledger| ledger.lock().map(|()| ledger));
        let mut ledger = ledger.context("open the ledger")?;
        let (requests, costs) = charge.entries.into_iter().partition(|one| *one == Entry::Request);
        write_down(&mut ledger, costs).context("write the ledger")?;
        let spent = Spent::read(&self.ledger).context("read the ledger")?;
        if charge.goes_on && self.budget.is_used_up(&spent) {
            return Ok(false);
        }
        write_down(&mut ledger, requests).context("write the ledger")?;
        Ok(true)
    }
}

/// A program that runs, and what it has asked for.
struct Metered {
    meter: Meter,
    counter: Mutex<Counter>,
    child: Mutex<Child>,
}

impl Metered {
    fn new(meter: Meter, child: Child) -> Self {
        Self { meter, counter: Mutex::default(), child: Mutex::new(child) }
    }

    /// Passes lines on to the program, until they end or one may not be passed on any more.
    fn pass_in(&self, mut lines: impl BufRead, mut program: impl Write) {
        let mut line = Vec::new();
        // The program sees the end of a broken input as it sees any other.
        while lines.read_until(b'\n', &mut line).is_ok_and(|length| length != 0) {
            let charge = self.counter().put(&String::from_utf8_lossy(&line));
            match charge.map_or(Ok(true), |charge| self.meter.settle(charge)) {
                Ok(true) => {}
                Ok(false) => return self.end_used_up(),
                // What cannot be counted is not asked for.
                Err(error) => {
                    tell(&format!("failed to {error:#}"));
                    return self.end();
                }
            }
            if program.write_all(&line).and_then(|()| program.flush()).is_err() {
                return;
            }
            line.clear();
        }
    }

    /// Passes the program's output on, line by line, until it ends or has to be ended.
    fn pass_out(&self, mut lines: impl BufRead, mut out: impl Write) -> anyhow::Result<()> {
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).context("read what the program says")? != 0 {
            // Before it is passed on: whoever reads it may ask for more at once.
            let charge = self.counter().take(&String::from_utf8_lossy(&line));
            let may_go_on = charge.map_or(Ok(true), |charge| self.meter.settle(charge))?;
            if !may_go_on {
                self.end_used_up();
            }
            out.write_all(&line).and_then(|()| out.flush()).context("pass on what it says")?;
            if !may_go_on {
                return Ok(());
            }
            line.clear();
        }
        Ok(())
    }

    fn end_used_up(&self) {
        tell(&format!("failed to spend more than {}: ended", self.meter.budget));
        self.end();
    }

    fn end(&self) {
        if let Err(error) = self.child().kill() {
            tell(&format!("failed to end the program: {error}"));
        }
    }

    fn counter(&self) -> MutexGuard<'_, Counter> {
        self.counter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to the ledger, a line in one write each: others read it meanwhile.
fn write_down(ledger: &mut File, entries: Vec<Entry>) -> io::Result<()> {
    for entry in entries {
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        ledger.write_all(&line)?;
    }
    Ok(())
}

/// As a shell says it.
fn code(status: ExitStatus) -> ExitCode {
    let number = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(number.and_then(|number| u8::try_from(number).ok()).unwrap_or(USED_UP))
}

#[expect(clippy::print_stderr, reason = "what a program says before it ends is kept by its daemon")]
fn tell(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests;
