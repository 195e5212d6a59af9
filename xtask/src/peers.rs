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
//! against the same stand-in of the API, and take every time themselves: from the call of their
//! library to the moment at which the caller could act on its answer. The driver only says what to do next, and to whom first. What a library does that the
//! other one does not is part of what is compared.
//!
//! It ends with 20 if a row is worse, or better by less than was promised, and with 30 if there were
//! too few rounds to say so, or others had too much of the machine: the figures are shown then, and are no
//! result.
//!
//! Absent: a promise about either of them alone. What is promised of our client stands in
//! `baselines/metrics.toml`.

mod api;
mod ground;
mod peer;
mod round;
mod row;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use harness::bench::load;
use harness::bench::policy::Statistic;
use harness::bench::statistics::statistic;
use harness::binaries::CLAUDE_VERSION;
use harness::exit_code::ExitCode;
use harness::files;
use harness::receipt;
use harness::report::Machine;
use harness::seed::Seed;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use self::ground::{Ground, Programs};
use self::peer::Trouble;
use self::round::{Found, Memory};
use self::row::{Compared, Pair, Row};
pub(crate) use self::table::{DOCUMENT, MARK, problem};
use crate::checkout::ask;
use crate::running::Interrupt;
use crate::sdk;
use crate::tidy::marked;
use crate::workspace::Workspace;

/// In how many rounds memory is looked at. It hardly varies, and the crowds take most of a round.
const MEMORY_ROUNDS: usize = 5;

/// With fewer rounds nothing is said: an interval holds what it says only if it has seen how much
/// rounds vary.
const ROUNDS_MIN: usize = 5;

/// What the stored figures call themselves.
const SCHEMA: &str = "harness.peers.v1";

/// How much of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often everything is done; half a minute each, the first five a minute. Fewer than five
    /// are too few to say anything: 30.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// The chance of who is first, to repeat it.
    #[arg(long)]
    seed: Option<u64>,
    /// Put the table into docs/performance.md.
    #[arg(long)]
    write: bool,
    /// Measure nothing: take what the last run found that was enough to say something.
    #[arg(long, conflicts_with_all = ["rounds", "seed"])]
    last: bool,
}

/// What came of it all.
#[derive(Debug, Serialize, Deserialize)]
struct Comparison {
    /// [`SCHEMA`].
    schema: String,
    date: jiff::civil::Date,
    commit: String,
    clean: bool,
    machine: Machine,
    /// What the hosts call themselves, the SDK's first.
    hosts: (String, String),
    claude: String,
    seed: u64,
    rounds: usize,
    elapsed_s: f64,
    rows: Vec<Compared>,
    /// How much the hosts grew over the cycles, in megabytes.
    growth: Pair,
    /// The part of all cores that others had before the rounds, in the median.
    others: Option<f64>,
    /// Everything that was measured, by row and round.
    pairs: BTreeMap<Row, Vec<Vec<Pair>>>,
}

/// The command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let stored = workspace.target_dir().join("harness/bench/peers.json");
    let found = if arguments.last {
        match read(&stored) {
            Ok(found) => found,
            Err(error) => {
                eprintln!("xtask: failed to {error:#}");
                return Ok(ExitCode::FileInvalid);
            }
        }
    } else {
        match measure(workspace, arguments)? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        }
    };
    print!("\n{}", table::terminal(&found));
    if !arguments.last {
        let json = serde_json::to_string_pretty(&found).context("put the figures into JSON")?;
        // A trial takes no result away.
        let is_trial = says_nothing(&found).is_some();
        let path = if is_trial { stored.with_file_name("peers-trial.json") } else { stored };
        files::replace(&path, json.as_bytes())
            .with_context(|| format!("write {}", path.display()))?;
        println!("every figure: {}", path.display());
    }
    if let Some(why) = says_nothing(&found) {
        println!("{why}");
    } else if arguments.write {
        write(workspace, &found)?;
    }
    Ok(code(&found))
}

/// All of it anew; or how the command ends instead.
fn measure(
    workspace: &Workspace,
    arguments: &Arguments,
) -> anyhow::Result<Result<Comparison, ExitCode>> {
    let (python, claude) = match (sdk::python(workspace), workspace.programs().claude()) {
        (Ok(python), Ok(claude)) => (python, claude),
        (python, claude) => {
            let of_python = python.err().map(|error| error.to_string());
            let of_claude = claude.err().map(|error| error.to_string());
            for missing in of_python.into_iter().chain(of_claude) {
                eprintln!("MISSING: failed to {missing}");
            }
            return Ok(Err(ExitCode::PreconditionMissing));
        }
    };
    let Some(programs) = Programs::build(workspace, python, claude)? else {
        return Ok(Err(ExitCode::BuildFailed));
    };
    let interrupt = Interrupt::listen().context("listen for a signal")?;
    let commit = ask(workspace.root(), &["rev-parse", "HEAD"])?;
    let clean = receipt::tree(workspace.root())?.clean;
    let seed = arguments.seed.map_or_else(Seed::fresh, Seed::new);
    let clock = Instant::now();
    let played = match rounds(programs, usize::from(arguments.rounds), seed.clone(), &interrupt) {
        Err(error) if matches!(error.downcast_ref(), Some(Trouble::Interrupted)) => {
            eprintln!("interrupted: nothing is compared");
            return Ok(Err(ExitCode::Inconclusive));
        }
        played => played?,
    };
    Ok(Ok(conclude(played, seed.number(), clean, commit, clock)))
}

fn rounds(
    programs: Programs,
    count: usize,
    mut seed: Seed,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Found>> {
    let ground = Ground::open(programs, interrupt)?;
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
    let others: Vec<f64> = played.iter().map(|found| found.others).collect();
    let others = statistic(Statistic::Median, &others);
    let growth = Pair { sdk: grown(|pair| pair.sdk), ours: grown(|pair| pair.ours) };
    let mut pairs: BTreeMap<Row, Vec<Vec<Pair>>> = BTreeMap::new();
    for (row, of_round) in played.into_iter().flat_map(|found| found.pairs) {
        pairs.entry(row).or_default().push(of_round);
    }
    let rows = pairs.iter().filter_map(|(row, rounds)| row.compare(rounds, seed)).collect();
    let date = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let (machine, claude) = (Machine::here(), CLAUDE_VERSION.to_owned());
    let elapsed_s = clock.elapsed().as_secs_f64();
    Comparison {
        schema: SCHEMA.to_owned(),
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
        others,
        pairs,
    }
}

/// What stored figures are, whatever else they hold.
#[derive(Debug, Deserialize)]
struct Named {
    schema: Option<String>,
}

fn read(stored: &Path) -> anyhow::Result<Comparison> {
    let text = fs::read_to_string(stored).with_context(|| format!("read {}", stored.display()))?;
    let not_understood = || format!("understand {}", stored.display());
    let Named { schema } = serde_json::from_str(&text).with_context(not_understood)?;
    let found = schema.as_deref().unwrap_or("of no kind");
    ensure!(found == SCHEMA, "{}: it is {found} and not {SCHEMA}", not_understood());
    serde_json::from_str(&text).with_context(not_understood)
}

fn write(workspace: &Workspace, found: &Comparison) -> anyhow::Result<()> {
    let path = workspace.root().join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("read {DOCUMENT}"))?;
    let text = marked::replace(&text, MARK, &table::markdown(found))
        .with_context(|| format!("find the markers of `{MARK}` in {DOCUMENT}"))?;
    fs::write(&path, text).with_context(|| format!("write {DOCUMENT}"))?;
    println!("{DOCUMENT}: has the table");
    Ok(())
}

/// Why these figures are no result, if they are none. A busy machine makes intervals so wide that nothing
/// could be worse.
fn says_nothing(found: &Comparison) -> Option<String> {
    let others = found.others.unwrap_or_default();
    if found.rounds < ROUNDS_MIN {
        Some(format!("too few rounds to say: {} of at least {ROUNDS_MIN}", found.rounds))
    } else if load::LIMIT < others {
        let percent = |part: f64| part * 100.0;
        let (others, limit) = (percent(others), percent(load::LIMIT));
        Some(format!("too busy to say: others had {others:.0} % of all cores, over {limit:.0} %"))
    } else {
        None
    }
}

/// Only a whole table of enough rounds without a row that is worse, or better by too little, is a
/// pass.
fn code(found: &Comparison) -> ExitCode {
    let whole = found.rows.iter().map(|row| row.row).eq(Row::ALL);
    if says_nothing(found).is_some() {
        ExitCode::Inconclusive
    } else if found.rows.iter().all(|row| row.verdict.holds()) && whole {
        ExitCode::Pass
    } else {
        ExitCode::Failed
    }
}

#[cfg(test)]
mod tests;
