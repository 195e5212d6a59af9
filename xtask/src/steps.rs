//! Steps of a long command: run one after the other, timed, counted, and shown in a table.
//!
//! A step that fails does not end the run, so that one run shows everything that is wrong; a step
//! that later ones cannot do without is asked for its outcome by the caller.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use harness::exit_code::ExitCode;

use crate::tally::{self, Tally};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It holds.
    Passed,
    /// It does not; the number the whole run ends with.
    Failed(ExitCode),
    /// It could not be tried, and that is no failure here.
    Skipped(String),
}

/// What a command is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its exit status says everything; tests that it counts are welcome.
    Check,
    /// Its tests: a run without any proves nothing, whatever it ends with.
    Tests,
}

/// One finished step.
#[derive(Debug)]
struct Finished {
    name: &'static str,
    outcome: Outcome,
    elapsed: Duration,
    tally: Tally,
}

/// The steps of one run, in order.
#[derive(Debug, Default)]
pub(crate) struct Run {
    finished: Vec<Finished>,
}

impl Run {
    /// Runs a command whose exit status is the outcome; its output goes through to the terminal.
    pub(crate) fn command(
        &mut self,
        name: &'static str,
        on_failure: ExitCode,
        command: Command,
    ) -> Outcome {
        self.pass_through(name, Kind::Check, on_failure, command)
    }

    /// Runs a command that has to run at least one test.
    pub(crate) fn tests(&mut self, name: &'static str, command: Command) -> Outcome {
        self.pass_through(name, Kind::Tests, ExitCode::Failed, command)
    }

    /// Runs a step that is code of ours.
    pub(crate) fn inline(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<Outcome>,
    ) -> Outcome {
        self.step(name, |_| work())
    }

    /// Records a step that is not tried.
    pub(crate) fn skip(&mut self, name: &'static str, reason: &str) {
        eprintln!("\n==> {name}: SKIPPED: {reason}");
        let outcome = Outcome::Skipped(reason.to_owned());
        self.record(Finished { name, outcome, elapsed: Duration::ZERO, tally: Tally::default() });
    }

    /// Prints the table, what became of the steps, and as the last line the totals of the tests;
    /// returns the worst outcome.
    pub(crate) fn finish(self) -> ExitCode {
        print!("\n{}", table(&self.finished));
        println!("\n{}", steps_line(&self.finished));
        let total = total(&self.finished);
        println!("{} passed, {} failed", total.passed, total.failed);
        worst(&self.finished)
    }

    fn pass_through(
        &mut self,
        name: &'static str,
        kind: Kind,
        on_failure: ExitCode,
        command: Command,
    ) -> Outcome {
        self.step(name, |tally| {
            let (code, counted) = pass_through(command, io::stdout(), io::stderr())?;
            *tally += counted;
            Ok(outcome(kind, code, counted, on_failure))
        })
    }

    fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Tally) -> anyhow::Result<Outcome>,
    ) -> Outcome {
        eprintln!("\n==> {name}");
        let started = Instant::now();
        let mut tally = Tally::default();
        let outcome = work(&mut tally).unwrap_or_else(|error| {
            eprintln!("xtask: failed to {error:#}");
            Outcome::Failed(ExitCode::Failed)
        });
        let elapsed = started.elapsed();
        eprintln!("==> {name}: {} in {:.1} s", said(&outcome), elapsed.as_secs_f64());
        self.record(Finished { name, outcome: outcome.clone(), elapsed, tally });
        outcome
    }

    fn record(&mut self, finished: Finished) {
        self.finished.push(finished);
    }
}

/// Runs a command and passes both outputs on line by line, counting what runners report.
fn pass_through(
    mut command: Command,
    out: impl Write,
    err: impl Write + Send + 'static,
) -> anyhow::Result<(Option<i32>, Tally)> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("run {program}"))?;
    let stderr = child.stderr.take();
    let stdout = child.stdout.take();
    let aside = thread::spawn(move || copy_lines(stderr, err));
    let mut tally = copy_lines(stdout, out);
    tally += aside.join().unwrap_or_default();
    let status = child.wait().with_context(|| format!("wait for {program}"))?;
    Ok((status.code(), tally))
}

fn copy_lines(from: Option<impl Read>, mut to: impl Write) -> Tally {
    let mut tally = Tally::default();
    let Some(from) = from else { return tally };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // A pipe that breaks ends the output; the exit status tells the rest.
    while from.read_until(b'\n', &mut line).is_ok_and(|read| 0 < read) {
        if let Some(counted) = tally::of_line(String::from_utf8_lossy(&line).trim_end()) {
            tally += counted;
        }
        // A terminal that is gone does not stop the run.
        drop(to.write_all(&line));
        line.clear();
    }
    tally
}

/// What a command's end means. `code` is `None` where a signal ended it.
fn outcome(kind: Kind, code: Option<i32>, counted: Tally, on_failure: ExitCode) -> Outcome {
    /// How nextest ends where no test has the name that was asked for.
    const NEXTEST_NO_TESTS: i32 = 4;
    match (kind, code) {
        (Kind::Tests, Some(0)) if counted == Tally::default() => {
            Outcome::Failed(ExitCode::NothingSelected)
        }
        (_, Some(0)) => Outcome::Passed,
        (Kind::Tests, Some(NEXTEST_NO_TESTS)) => Outcome::Failed(ExitCode::NothingSelected),
        // A runner of ours says itself how it ended. Cargo's own 101 is none of our numbers.
        (_, Some(code)) => match ExitCode::from_number(code) {
            Some(ExitCode::Skipped) => {
                Outcome::Skipped("what it needs is not on this machine".to_owned())
            }
            known => Outcome::Failed(known.unwrap_or(on_failure)),
        },
        (_, None) => Outcome::Failed(on_failure),
    }
}

fn said(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "ok",
        Outcome::Failed(code) => code.meaning(),
        Outcome::Skipped(_) => "SKIPPED",
    }
}

/// The tests of all steps. A step that failed without a test that did counts as a failure, so that
/// a run that is not green never shows `0 failed`.
fn total(finished: &[Finished]) -> Tally {
    let mut total = Tally::default();
    for step in finished {
        total += match (&step.outcome, step.tally) {
            (Outcome::Failed(_), Tally { passed, failed: 0 }) => Tally { passed, failed: 1 },
            (_, tally) => tally,
        };
    }
    total
}

/// How many steps held, did not, and were not tried.
fn steps_line(finished: &[Finished]) -> String {
    let count =
        |wanted: fn(&Outcome) -> bool| finished.iter().filter(|step| wanted(&step.outcome)).count();
    format!(
        "steps: {} ok, {} failed, {} skipped; tests:",
        count(|outcome| matches!(outcome, Outcome::Passed)),
        count(|outcome| matches!(outcome, Outcome::Failed(_))),
        count(|outcome| matches!(outcome, Outcome::Skipped(_))),
    )
}

fn table(finished: &[Finished]) -> String {
    let width = finished.iter().map(|step| step.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for step in finished {
        let time = format!("{:.1} s", step.elapsed.as_secs_f64());
        let mut line = format!("{:<width$}  {time:>8}  {}", step.name, said(&step.outcome));
        if step.tally != Tally::default() {
            let Tally { passed, failed } = step.tally;
            write!(line, " ({passed} passed, {failed} failed)").expect("a string takes every text");
        }
        if let Outcome::Skipped(reason) = &step.outcome {
            write!(line, ": {reason}").expect("a string takes every text");
        }
        writeln!(out, "{line}").expect("a string takes every text");
    }
    out
}

/// What did not compile hides everything else, so it goes first; then the first failure.
fn worst(finished: &[Finished]) -> ExitCode {
    let failures: Vec<ExitCode> = finished
        .iter()
        .filter_map(|step| match step.outcome {
            Outcome::Failed(code) => Some(code),
            Outcome::Passed | Outcome::Skipped(_) => None,
        })
        .collect();
    if failures.contains(&ExitCode::BuildFailed) {
        return ExitCode::BuildFailed;
    }
    failures.first().copied().unwrap_or(ExitCode::Pass)
}

#[cfg(test)]
mod tests;
