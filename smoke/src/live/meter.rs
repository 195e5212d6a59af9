//! The meter: stands between the daemon and the agent program, passes every byte on, and counts
//! what the program asks of the API. When the budget is used up the program is ended, and no other
//! is started.
//!
//! It is the runner's own executable, started under another name by its environment: so there is no
//! further program to build.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
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

/// Whether an answer of the API is charged for when it begins, by the program's own failed tries, or
/// at the end of a turn.
#[derive(Debug, Default)]
pub struct Counter {
    /// The answer of which the last line was part: it comes in several.
    message: String,
}

/// What a line of the program means for the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// What is written down.
    pub entries: Vec<Entry>,
    /// Whether the program may be about to make a request behind this line.
    pub goes_on: bool,
}

impl Counter {
    /// Reads one line of the program's output; `None` if it has nothing to do with the API.
    pub fn take(&mut self, line: &str) -> Option<Charge> {
        let line: Value = serde_json::from_str(line).ok()?;
        let charge = |entries, goes_on| Some(Charge { entries, goes_on });
        match (line["type"].as_str()?, line["subtype"].as_str()) {
            ("assistant", _) => {
                let id = line["message"]["id"].as_str().unwrap_or_default();
                if id == self.message && !id.is_empty() {
                    return None;
                }
                id.clone_into(&mut self.message);
                charge(vec![Entry::Request], false)
            }
            // A try that failed, before the next one.
            ("system", Some("api_retry")) => charge(vec![Entry::Request], true),
            // What a tool gave goes to the model at once.
            ("user", _) => charge(Vec::new(), true),
            ("result", _) => {
                let session = line["session_id"].as_str().unwrap_or_default().to_owned();
                let cost = line["total_cost_usd"].as_f64();
                charge(cost.map(|usd| Entry::Cost { session, usd }).into_iter().collect(), true)
            }
            _ => None,
        }
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
        // Ends with our input, or with the program: then nobody waits for it.
        let _forwarding = stdin.map(|mut stdin| {
            thread::spawn(move || drop(io::copy(&mut io::stdin().lock(), &mut stdin)))
        });
        let stdout = stdout.context("read what the program says")?;
        self.pass_on(stdout, &mut child)?;
        Ok(code(child.wait().context("wait for the program")?))
    }

    fn named(&self) -> String {
        format!("run {}", self.program.display())
    }

    /// Passes the program's output on, line by line, until it ends or has to be ended.
    fn pass_on(&self, stdout: ChildStdout, child: &mut Child) -> anyhow::Result<()> {
        let mut counter = Counter::default();
        let mut out = io::stdout().lock();
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).context("read what the program says")? != 0 {
            out.write_all(&line).and_then(|()| out.flush()).context("pass on what it says")?;
            let charge = counter.take(&String::from_utf8_lossy(&line));
            line.clear();
            let Some(charge) = charge else { continue };
            write_down(&self.ledger, &charge.entries).context("write the ledger")?;
            if charge.goes_on && self.is_used_up()? {
                child.kill().context("end the program")?;
                tell(&format!("failed to spend more than {}: ended", self.budget));
                return Ok(());
            }
        }
        Ok(())
    }

    fn is_used_up(&self) -> anyhow::Result<bool> {
        let spent = Spent::read(&self.ledger).context("read the ledger")?;
        Ok(self.budget.is_used_up(&spent))
    }
}

/// Adds to the ledger, a line in one write each: several meters share it.
fn write_down(ledger: &Path, entries: &[Entry]) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut file = OpenOptions::new().append(true).open(ledger)?;
    for entry in entries {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        file.write_all(&line)?;
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
