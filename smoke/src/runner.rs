//! Runs cases one after the other: each with a seed that is printed, a time limit that is enforced,
//! and, when it fails, the end of the daemon's log and the line that repeats it.
//!
//! `SMOKE_SEED` repeats a run, `SMOKE_KEEP` leaves the home of a failed case on disk, `SMOKE_GATE`
//! (or `CI`) makes a missing program an error.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use harness::exit_code::ExitCode;
use harness::processes::kill_marked;
use harness::sandbox::Sandbox;
use harness::seed::Seed;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::{Broken, Case, Definition, require};

/// How long a case that ran out of time has to notice that its daemon was killed.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(30);

/// How much of the daemon's log a failure shows.
const LOG_LINES_MAX: usize = 40;

/// Failures of a run that are more than a failed test.
type Outcomes = Arc<Mutex<Vec<ExitCode>>>;

/// Runs the cases that the command line selects; the number to end with.
pub fn run(cases: Vec<Definition>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    if !arguments.list
        && let Some(code) = missing(&cases)
    {
        return code;
    }
    // Cases measure time and kill processes: side by side they would disturb each other.
    arguments.test_threads.get_or_insert(1);
    let outcomes = Outcomes::default();
    let trials: Vec<Trial> = cases
        .into_iter()
        .map(|case| {
            let outcomes = Arc::clone(&outcomes);
            Trial::test(case.name, move || run_case(&case, &outcomes))
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let worst = outcomes.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().max();
    if let Some(code) = worst {
        code
    } else if conclusion.has_failed() {
        ExitCode::Failed
    } else if !arguments.list && conclusion.num_passed == 0 {
        tell("nothing was selected");
        ExitCode::NothingSelected
    } else {
        ExitCode::Pass
    }
}

/// What to end with if a program that the cases need is not there. Never with a pass.
fn missing(cases: &[Definition]) -> Option<ExitCode> {
    let error = cases.iter().find_map(|case| require(case.world).err())?;
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if ["SMOKE_GATE", "CI"].iter().any(is_set) {
        tell(&format!("failed to {error}"));
        return Some(ExitCode::PreconditionMissing);
    }
    tell(&format!("SKIPPED, nothing was tested: failed to {error}"));
    Some(ExitCode::Skipped)
}

fn run_case(definition: &Definition, outcomes: &Outcomes) -> Result<(), Failed> {
    let seed = env::var("SMOKE_SEED")
        .ok()
        .and_then(|number| number.parse().ok())
        .map_or_else(Seed::fresh, Seed::new);
    let number = seed.number();
    tell(&format!("{}: seed {number}", definition.name));
    let started = Instant::now();
    let failure = match Case::prepare(definition, seed) {
        Ok(case) => run_limited(definition, case),
        Err(error) => Some((error, String::new())),
    };
    tell(&format!("{}: {:.1} s", definition.name, started.elapsed().as_secs_f64()));
    let Some((error, context)) = failure else { return Ok(()) };
    let code = if error.is::<Broken>() { ExitCode::InvariantBroken } else { ExitCode::Failed };
    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(code);
    let tier = definition.name.chars().find(char::is_ascii_digit).unwrap_or('2');
    Err(Failed::from(format!(
        "failed to {error:#}\n{context}repeat it: SMOKE_SEED={number} cargo xtask test-tier {tier} \
         --only {}",
        definition.name
    )))
}

/// Runs the case in a thread of its own. When its time is over, everything in its sandbox is
/// killed, which ends whatever it waits for.
fn run_limited(definition: &Definition, mut case: Case) -> Option<(anyhow::Error, String)> {
    let mark = case.sandbox.mark();
    let (done, ended) = sync_channel(1);
    let run = definition.run;
    let worker = thread::spawn(move || {
        let result = run(&mut case);
        // Nobody waits any more if the case took far too long.
        drop(done.send((result, case)));
    });
    let (late, received) = match ended.recv_timeout(definition.limit) {
        Err(RecvTimeoutError::Timeout) => {
            kill_marked(&mark);
            (true, ended.recv_timeout(LAST_WORDS_LIMIT))
        }
        received => (false, received),
    };
    match received {
        Ok((result, case)) => {
            drop(worker.join());
            let error = match (late, result) {
                (false, Ok(())) => return None,
                (false, Err(error)) => error,
                (true, result) => {
                    let last =
                        result.err().map_or_else(String::new, |error| format!(": {error:#}"));
                    anyhow::anyhow!("end within {:?}{last}", definition.limit)
                }
            };
            Some((error, context_of(case.sandbox)))
        }
        Err(RecvTimeoutError::Disconnected) => {
            drop(worker.join());
            Some((anyhow::anyhow!("run without a panic"), String::new()))
        }
        Err(RecvTimeoutError::Timeout) => {
            kill_marked(&mark);
            Some((anyhow::anyhow!("end within {:?}, or ever", definition.limit), String::new()))
        }
    }
}

/// What the daemon said last; the home stays on disk if that was asked for.
fn context_of(sandbox: Sandbox) -> String {
    let mut context = String::new();
    let logs = sandbox.home().join("logs");
    for entry in fs::read_dir(logs).into_iter().flatten().filter_map(Result::ok) {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let first = lines.len().saturating_sub(LOG_LINES_MAX);
        writeln!(context, "{}:", entry.file_name().to_string_lossy())
            .expect("a string takes every text");
        for line in &lines[first..] {
            writeln!(context, "  {line}").expect("a string takes every text");
        }
    }
    let stderr = sandbox.daemon_stderr();
    if !stderr.is_empty() {
        writeln!(context, "stderr:\n{stderr}").expect("a string takes every text");
    }
    if env::var_os("SMOKE_KEEP").is_some() {
        writeln!(context, "kept {}", sandbox.keep().display()).expect("a string takes every text");
    }
    context
}

#[expect(clippy::print_stderr, reason = "a runner talks to the terminal")]
fn tell(line: &str) {
    eprintln!("{line}");
}
