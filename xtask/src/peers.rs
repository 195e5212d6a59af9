//! `cargo xtask bench peers`: the same work with the published SDK and with our client of the agent
//! program, side by side.
//!
//! ```text
//!              ┌─ JSON lines ─> sdk_host.py ── claude-agent-sdk ──> claude ─┐
//!  rounds ─────┤                                                           ├─> fake-messages-api
//!              └─ JSON lines ─> peer-host ── claude_assistant ────> claude ─┘
//!     └─> pairs, by row ─> ratios with intervals ─> a table, docs/performance.md
//! ```
//!
//! Both hosts run the same real agent program with the same arguments and the same environment
//! against the same stand-in of the API, and take every time themselves, around the call of their
//! library. The driver only says what to do next, and to whom first. What a library does that the
//! other one does not is part of what is compared.
//!
//! Absent: a promise about either of them alone. What is promised of our client stands in
//! `baselines/metrics.toml`.

mod ground;
mod peer;
mod round;
mod row;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use harness::bench::policy::Statistic;
use harness::bench::statistics::statistic;
use harness::binaries::CLAUDE_VERSION;
use harness::exit_code::ExitCode;
use harness::files;
use harness::report::Machine;
use harness::seed::Seed;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use self::ground::{Ground, Programs};
use self::peer::Trouble;
use self::round::{Found, Memory};
use self::row::{Compared, Pair, Row};
pub(crate) use self::table::{DOCUMENT, MARK, problem};
use crate::running::Interrupt;
use crate::sdk;
use crate::tidy::marked;
use crate::workspace::Workspace;

/// In how many rounds memory is looked at. It hardly varies, and the crowds take most of a round.
const MEMORY_ROUNDS: usize = 5;

/// How much of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often everything is done; half a minute each, the first five a minute.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// The chance of who is first, to repeat it.
    #[arg(long)]
    seed: Option<u64>,
    /// Put the table into docs/performance.md.
    #[arg(long)]
    write: bool,
}

/// What came of it all.
#[derive(Debug, Serialize)]
struct Comparison {
    date: jiff::civil::Date,
    commit: String,
    clean: bool,
    machine: Machine,
    /// What the hosts call themselves, the SDK's first.
    hosts: (String, String),
    claude: &'static str,
    seed: u64,
    rounds: usize,
    elapsed_s: f64,
    rows: Vec<Compared>,
    /// How much the hosts grew over the cycles, in megabytes.
    growth: Pair,
    /// Everything that was measured, by row and round.
    pairs: BTreeMap<Row, Vec<Vec<Pair>>>,
}

/// The command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (python, claude) = match (sdk::python(workspace), workspace.programs().claude()) {
        (Ok(python), Ok(claude)) => (python, claude),
        (python, claude) => {
            let of_python = python.err().map(|error| error.to_string());
            let of_claude = claude.err().map(|error| error.to_string());
            for missing in of_python.into_iter().chain(of_claude) {
                eprintln!("MISSING: failed to {missing}");
            }
            return Ok(ExitCode::PreconditionMissing);
        }
    };
    let Some(programs) = Programs::build(workspace, python, claude)? else {
        return Ok(ExitCode::BuildFailed);
    };
    let interrupt = Interrupt::listen().context("listen for a signal")?;
    let (commit, clean) = commit(workspace)?;
    let seed = arguments.seed.map_or_else(Seed::fresh, Seed::new);
    let clock = Instant::now();
    let played = match rounds(programs, usize::from(arguments.rounds), seed.clone(), &interrupt) {
        Err(error) if matches!(error.downcast_ref(), Some(Trouble::Interrupted)) => {
            eprintln!("interrupted: nothing is compared");
            return Ok(ExitCode::Inconclusive);
        }
        played => played?,
    };
    let found = conclude(played, seed.number(), clean, commit, clock);
    print!("\n{}", table::terminal(&found));
    keep(workspace, &found, arguments.write)?;
    Ok(code(&found.rows))
}

fn rounds(
    programs: Programs,
    count: usize,
    mut seed: Seed,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Found>> {
    let ground = Ground::open(programs)?;
    println!("{count} rounds, seed {}", seed.number());
    (0..count)
        .map(|number| {
            let began = Instant::now();
            let memory = if number < MEMORY_ROUNDS { Memory::Seen } else { Memory::Unseen };
            let found = round::play(&ground, number, memory, &mut seed, interrupt)?;
            println!("round {} of {count}: {:.0} s", number + 1, began.elapsed().as_secs_f64());
            Ok(found)
        })
        .collect()
}

fn conclude(
    played: Vec<Found>,
    seed: u64,
    clean: bool,
    commit: String,
    clock: Instant,
) -> Comparison {
    let rounds = played.len();
    let hosts = played.iter().find_map(|found| found.hosts.clone()).unwrap_or_default();
    let grown = |side: fn(&Pair) -> f64| {
        let all: Vec<f64> =
            played.iter().filter_map(|found| found.growth.as_ref().map(side)).collect();
        statistic(Statistic::Median, &all).unwrap_or_default()
    };
    let growth = Pair { sdk: grown(|pair| pair.sdk), ours: grown(|pair| pair.ours) };
    let mut pairs: BTreeMap<Row, Vec<Vec<Pair>>> = BTreeMap::new();
    for (row, of_round) in played.into_iter().flat_map(|found| found.pairs) {
        pairs.entry(row).or_default().push(of_round);
    }
    let rows = pairs.iter().filter_map(|(row, rounds)| row.compare(rounds, seed)).collect();
    let date = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let (machine, claude) = (Machine::here(), CLAUDE_VERSION);
    let elapsed_s = clock.elapsed().as_secs_f64();
    Comparison {
        date,
        commit,
        clean,
        machine,
        hosts,
        claude,
        seed,
        rounds,
        elapsed_s,
        rows,
        growth,
        pairs,
    }
}

/// Stores all of it, and puts the table into the document if that is wanted.
fn keep(workspace: &Workspace, found: &Comparison, write: bool) -> anyhow::Result<()> {
    let path = workspace.target_dir().join("harness/bench/peers.json");
    let json = serde_json::to_string_pretty(found).context("put the figures into JSON")?;
    files::replace(&path, json.as_bytes()).with_context(|| format!("write {}", path.display()))?;
    println!("every figure: {}", path.display());
    if write {
        let path = workspace.root().join(DOCUMENT);
        let text = fs::read_to_string(&path).with_context(|| format!("read {DOCUMENT}"))?;
        let text = marked::replace(&text, MARK, &table::markdown(found))
            .with_context(|| format!("find the markers of `{MARK}` in {DOCUMENT}"))?;
        fs::write(&path, text).with_context(|| format!("write {DOCUMENT}"))?;
        println!("{DOCUMENT}: has the table");
    }
    Ok(())
}

/// Only a whole table without a row that is worse, or better by too little, is a pass.
fn code(rows: &[Compared]) -> ExitCode {
    let whole = rows.iter().map(|row| row.row).eq(Row::ALL);
    if rows.iter().all(|row| row.verdict.holds()) && whole {
        ExitCode::Pass
    } else {
        ExitCode::Failed
    }
}

/// What is checked out, and whether the files are exactly that.
fn commit(workspace: &Workspace) -> anyhow::Result<(String, bool)> {
    let git = |arguments: &[&str]| -> anyhow::Result<String> {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(workspace.root());
        let output = command.output().context("run git")?;
        ensure!(output.status.success(), "run git {}: {}", arguments.join(" "), output.status);
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    Ok((git(&["rev-parse", "HEAD"])?, git(&["status", "--porcelain"])?.is_empty()))
}

#[cfg(test)]
mod tests;
