//! What the whole program costs, seen from outside; and, beside it, the two promises about its
//! inside, so that one command says whether all of them are kept.
//!
//! ```text
//! cargo build --release -p claude-assistant -p fakes
//! cargo bench -p benches --bench end_to_end
//! ```
//!
//! Prints one line a figure: how many runs, smallest, median, largest, and the line above which
//! the median fails. Beside each figure stands what the machine itself takes for work of that kind.
//! Ends with 1 when a figure is over its line, with 2 when it could not be measured.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::bare::{self, Database};
use benches::daemon::{self, Daemon};
use benches::end_to_end::{self, PICKUP};
use benches::framing::{Incoming, SHORT};
use benches::registry::Sandboxed;
use benches::samples::Samples;
use harness::binaries::Programs;

/// Runs of each figure, unless it has a number of its own below.
const RUNS: usize = 20;

/// Runs of what takes microseconds.
const ROUTES: usize = 2000;

/// Runs of the burst.
const BURSTS: usize = 10;

/// A figure with its promise.
struct Figure {
    name: &'static str,
    unit: &'static str,
    samples: Option<Samples>,
    /// The median above which it fails.
    fails_over: Option<f64>,
}

type Outcome = Result<Vec<Figure>, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    // `cargo test --benches` runs this too, with nothing built in release.
    if !std::env::args().any(|argument| argument == "--bench") {
        return said("measured by: cargo bench -p benches --bench end_to_end", ExitCode::SUCCESS);
    }
    let programs = Programs::beside_this_executable().map_err(Into::into);
    match programs.and_then(|programs| measure(&programs)) {
        Ok(figures) if figures.iter().all(Figure::holds) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => said(&format!("failed to {error}"), ExitCode::from(2)),
    }
}

fn measure(programs: &Programs) -> Outcome {
    let mut out = io::stdout().lock();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    let cores = std::thread::available_parallelism()?;
    writeln!(out, "load average {} at the start, {cores} cores", load.join(" "))?;
    writeln!(
        out,
        "\n{:<37} {:>4} {:>9} {:>9} {:>9} {:>11}",
        "", "runs", "min", "median", "max", "fails over"
    )?;
    let mut figures = Vec::new();
    let groups: [fn(&Programs) -> Outcome; 4] = [alone, inside, lives, messages];
    for group in groups {
        for figure in group(programs)? {
            writeln!(out, "{}", figure.line())?;
            figures.push(figure);
        }
        writeln!(out)?;
    }
    Ok(figures)
}

/// The machine without us.
fn alone(programs: &Programs) -> Outcome {
    let (dir, agent) = (tempfile::tempdir()?, programs.fake_claude()?);
    let database = Database::create(dir.path())?;
    let (mut spawns, mut syncs, mut commits, mut twenties) = <_>::default();
    for _ in 0..RUNS {
        push(&mut spawns, bare::spawn(&agent)?);
        push(&mut syncs, bare::sync_page(dir.path())?);
        push(&mut commits, database.commit(1)?);
        push(&mut twenties, database.commit(u32::try_from(PICKUP)?)?);
    }
    Ok(vec![
        time("bare: start a small program", spawns),
        time("bare: 4 KiB written and synced", syncs),
        time("bare: one commit of SQLite", commits),
        time("bare: 20 commits of SQLite", twenties),
    ])
}

/// Parts of the daemon, in this process.
fn inside(_: &Programs) -> Outcome {
    let short = Incoming::with(SHORT)?;
    let mut registry = Sandboxed::new()?;
    let (mut routes, mut updates, mut flushes) = <_>::default();
    for _ in 0..ROUTES {
        let began = Instant::now();
        let frame = black_box(&short).route_and_frame();
        push(&mut routes, began.elapsed());
        drop(frame);
    }
    for _ in 0..RUNS {
        let began = Instant::now();
        registry.update();
        push(&mut updates, began.elapsed());
        let began = Instant::now();
        registry.flush()?;
        push(&mut flushes, began.elapsed());
    }
    Ok(vec![
        time("route and frame a short message", routes).fails_over(0.05),
        time("2000 registry updates", updates).fails_over(5.0),
        time("  made durable", flushes),
    ])
}

/// The daemon with nothing to do.
fn lives(programs: &Programs) -> Outcome {
    let mut sandbox = daemon::sandbox(programs)?;
    let (mut first, mut ready, mut stop, mut rss) = <_>::default();
    push(&mut first, end_to_end::life(&mut sandbox)?.ready_after);
    for _ in 0..RUNS {
        let life = end_to_end::life(&mut sandbox)?;
        push(&mut ready, life.ready_after);
        push(&mut stop, life.stopped_after);
        push_megabytes(&mut rss, life.rss_bytes);
    }
    Ok(vec![
        time("READY, on a new home", first),
        time("READY", ready).fails_over(100.0),
        megabytes("memory, idle", rss).fails_over(15.0),
        time("stop, idle", stop),
    ])
}

/// The daemon at work.
fn messages(programs: &Programs) -> Outcome {
    let mut sandbox = daemon::sandbox(programs)?;
    let mut daemon = Daemon::start(&mut sandbox)?;
    daemon.idle()?;
    let (mut connects, mut pickups, mut totals, mut gaps) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut firsts, mut nexts, mut statuses) = <_>::default();
    for person in end_to_end::strangers().take(RUNS) {
        let words = end_to_end::first_words(&mut daemon, person)?;
        connects.push(words.connect_ms);
        push(&mut firsts, words.first_reply);
        push(&mut nexts, words.next_reply);
    }
    for _ in 0..=RUNS {
        pickups.push(end_to_end::pickup(&mut daemon)?);
        push(&mut statuses, daemon.time_status()?);
    }
    // The first of them had to wake its agent.
    pickups.remove(0);
    for _ in 0..BURSTS {
        let (total, gap) = end_to_end::burst(&mut daemon)?;
        totals.push(total);
        gaps.push(gap);
    }
    let mut rss = Vec::new();
    push_megabytes(&mut rss, daemon.idle()?);
    Ok(vec![
        time("agent up, from the routed message", connects),
        time("first reply, agent to be started", firsts),
        time("reply, agent awake", nexts),
        time("20 files to 20 routed", pickups).fails_over(60.0),
        time("500 files to 500 routed", totals),
        time("  longest time without one", gaps).fails_over(250.0),
        time("status, with 21 sessions", statuses).fails_over(15.0),
        megabytes("memory after all this", rss),
    ])
}

impl Figure {
    fn fails_over(mut self, line: f64) -> Self {
        self.fails_over = Some(line);
        self
    }

    fn holds(&self) -> bool {
        match (&self.samples, self.fails_over) {
            (Some(samples), Some(line)) => samples.median() <= line,
            (samples, None) => samples.is_some(),
            (None, Some(_)) => false,
        }
    }

    fn line(&self) -> String {
        let samples = self.samples.as_ref().map_or("-".to_owned(), Samples::to_string);
        let line = self.fails_over.map_or(String::new(), |line| line.to_string());
        let verdict = if self.holds() { "" } else { "  OVER" };
        format!("{:<34} {} {samples} {line:>11}{verdict}", self.name, self.unit)
    }
}

fn time(name: &'static str, values: Vec<f64>) -> Figure {
    Figure { name, unit: "ms", samples: Samples::of(values), fails_over: None }
}

fn megabytes(name: &'static str, values: Vec<f64>) -> Figure {
    Figure { unit: "MB", ..time(name, values) }
}

fn push(values: &mut Vec<f64>, took: Duration) {
    values.push(took.as_secs_f64() * 1000.0);
}

fn push_megabytes(values: &mut Vec<f64>, bytes: u64) {
    // A `Duration` counts in exact integers, and so needs no cast that could lose something.
    values.push(Duration::from_micros(bytes).as_secs_f64());
}

fn said(what: &str, code: ExitCode) -> ExitCode {
    // There is nowhere left to say that this failed.
    drop(writeln!(io::stderr(), "{what}"));
    code
}
