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
use harness::gate::Gate;
use harness::report::Report;
use harness::verdict::PRECEDENCE;

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

impl Outcome {
    /// Of a step whose precondition is missing.
    pub(crate) fn missing(gate: Gate, what: &str) -> Self {
        eprintln!("MISSING: {what}");
        match gate {
            Gate::Open => Self::Skipped(what.to_owned()),
            Gate::Closed => Self::Failed(ExitCode::PreconditionMissing),
        }
    }

    /// Of a step whose report has this verdict.
    fn of(report: &Report) -> Self {
        let verdict = &report.verdict;
        match verdict.exit_code {
            ExitCode::Pass => Self::Passed,
            // Behind a closed gate a tier of which no case counted has checked nothing.
            ExitCode::Skipped if report.gate == Gate::Open => {
                Self::Skipped(verdict.reasons.join("; "))
            }
            code => Self::Failed(code),
        }
    }
}

/// One finished step.
#[derive(Debug)]
struct Finished {
    name: &'static str,
    outcome: Outcome,
    elapsed: Duration,
    tally: Tally,
    /// What else there is to say about it, worst first.
    remarks: Vec<String>,
}

/// What a step leaves beside its outcome.
#[derive(Debug, Default)]
struct Account {
    tally: Tally,
    remarks: Vec<String>,
}

/// The steps of one run, in order.
#[derive(Debug, Default)]
pub(crate) struct Run {
    finished: Vec<Finished>,
}

impl Run {
    /// Runs a command whose exit status is the outcome; its output goes through to the terminal, and
    /// tests that it counts are counted.
    pub(crate) fn command(
        &mut self,
        name: &'static str,
        on_failure: ExitCode,
        command: Command,
    ) -> Outcome {
        self.step(name, |account| {
            let (code, counted) = pass_through(command, io::stdout(), io::stderr())?;
            account.tally += counted;
            Ok(match code {
                Some(0) => Outcome::Passed,
                _ => Outcome::Failed(on_failure),
            })
        })
    }

    /// Runs a tier. Its verdict is the outcome, and the report is handed back.
    pub(crate) fn tier(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<Report>,
    ) -> Option<Report> {
        let mut made = None;
        self.step(name, |account| {
            let report = made.insert(work()?);
            account.tally += Tally::of_verdict(&report.verdict);
            account.remarks.clone_from(&report.verdict.reasons);
            account.remarks.extend(slowness(report));
            Ok(Outcome::of(report))
        });
        made
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
        let (tally, remarks) = (Tally::default(), Vec::new());
        self.record(Finished { name, outcome, elapsed: Duration::ZERO, tally, remarks });
    }

    /// Prints [`text`](Self::text); returns the worst outcome.
    pub(crate) fn finish(self) -> ExitCode {
        print!("\n{}", self.text());
        worst(&self.finished)
    }

    /// The table, what became of the steps, and as the last line the totals of the tests.
    pub(crate) fn text(&self) -> String {
        let Tally { passed, failed } = total(&self.finished);
        let (table, steps) = (table(&self.finished), steps_line(&self.finished));
        format!("{table}\n{steps}\n{passed} passed, {failed} failed\n")
    }

    /// Whether a step was not tried.
    pub(crate) fn has_skipped(&self) -> bool {
        self.finished.iter().any(|step| matches!(step.outcome, Outcome::Skipped(_)))
    }

    fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Account) -> anyhow::Result<Outcome>,
    ) -> Outcome {
        eprintln!("\n==> {name}");
        let started = Instant::now();
        let mut account = Account::default();
        let outcome = work(&mut account).unwrap_or_else(|error| {
            eprintln!("xtask: failed to {error:#}");
            Outcome::Failed(ExitCode::Failed)
        });
        let elapsed = started.elapsed();
        eprintln!("==> {name}: {} in {:.1} s", said(&outcome), elapsed.as_secs_f64());
        let Account { tally, remarks } = account;
        self.record(Finished { name, outcome: outcome.clone(), elapsed, tally, remarks });
        outcome
    }

    fn record(&mut self, finished: Finished) {
        self.finished.push(finished);
    }
}

/// That a whole tier took longer than it is to take. It fails nothing: the machine may be busy.
fn slowness(report: &Report) -> Option<String> {
    let limit = report.tier.policy().limit;
    let took = Duration::from_millis(report.elapsed_ms);
    (report.selection.is_everything() && limit < took).then(|| {
        let (took, limit) = (took.as_secs_f64(), limit.as_secs());
        format!("it took {took:.1} s, and {} is to take {limit} s at most", report.tier)
    })
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
        // What a skipped step has to say stands in its line already.
        if !matches!(step.outcome, Outcome::Skipped(_)) {
            for remark in &step.remarks {
                writeln!(out, "    {remark}").expect("a string takes every text");
            }
        }
    }
    out
}

/// What did not compile hides everything else, so it goes first; then the order is that of a single
/// run. A number that no verdict has says at least more than that nothing was tried.
fn worst(finished: &[Finished]) -> ExitCode {
    let failures: Vec<ExitCode> = finished
        .iter()
        .filter_map(|step| match step.outcome {
            Outcome::Failed(code) => Some(code),
            Outcome::Passed | Outcome::Skipped(_) => None,
        })
        .collect();
    let rank = |code: &ExitCode| match code {
        ExitCode::BuildFailed => 0,
        ExitCode::Skipped => PRECEDENCE.len() + 2,
        _ => 1 + PRECEDENCE.iter().position(|it| it == code).unwrap_or(PRECEDENCE.len()),
    };
    failures.into_iter().min_by_key(rank).unwrap_or(ExitCode::Pass)
}

#[cfg(test)]
mod tests;
