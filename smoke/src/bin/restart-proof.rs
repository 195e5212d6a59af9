//! Plays the proof of the restart. `cargo xtask restart-proof` builds what it needs and starts it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use harness::exit_code::ExitCode;
use harness::files;
use harness::seed::Seed;
use serde::Serialize;
use smoke::proof::{
    Account, Flow, KillOutcome, KillsOutcome, Kind, Outcome, Plan, RoundOutcome, play, play_kills,
};

/// The proof of the restart.
#[derive(Debug, Parser)]
#[command(disable_version_flag = true)]
struct Arguments {
    /// The command that restarts.
    #[arg(long)]
    xtask: PathBuf,
    /// The directory of the programs of a good build.
    #[arg(long)]
    programs: PathBuf,
    /// A daemon built with the feature `faults`.
    #[arg(long, required_unless_present = "kills")]
    faulty: Option<PathBuf>,
    /// Restarts into good builds.
    #[arg(long, default_value_t = 10)]
    good: usize,
    /// Restarts into bad ones.
    #[arg(long, default_value_t = 10)]
    bad: usize,
    /// For how many seconds a new daemon is watched.
    #[arg(long, default_value_t = 4)]
    soak: u64,
    /// Nobody writes during a restart: what one takes where no turn runs.
    #[arg(long, conflicts_with = "kills")]
    still: bool,
    /// Where what came of it goes, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Kills whoever takes part at every step, in place of good and bad builds.
    #[arg(long)]
    kills: bool,
    /// Only the kills whose name contains this: `arm/`, `/launcher`, `stop/all`.
    #[arg(long, requires = "kills", default_value = "")]
    only: String,
    /// The number that every random choice comes from.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> std::process::ExitCode {
    let code = match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("failed to {error:#}"));
            ExitCode::Failed
        }
    };
    code.into()
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let seed = arguments.seed.map_or_else(Seed::fresh, Seed::new);
    tell(&format!("seed {}", seed.number()));
    let plan = Plan {
        xtask: whole(&arguments.xtask)?,
        programs: whole(&arguments.programs)?,
        faulty: arguments.faulty.as_deref().map(whole).transpose()?,
        good: arguments.good,
        bad: arguments.bad,
        soak: Duration::from_secs(arguments.soak),
        flow: if arguments.still { Flow::Between } else { Flow::Always },
        seed,
    };
    let json = arguments.json.as_deref();
    if arguments.kills {
        let outcome = play_kills(plan, &arguments.only, |kill| tell(&line_of_kill(kill)))?;
        write(json, &outcome)?;
        return Ok(verdict(&summary_of_kills(&outcome), &outcome.faults()));
    }
    let outcome = play(plan, |round| tell(&line(round)))?;
    write(json, &outcome)?;
    Ok(verdict(&summary(&outcome), &outcome.faults()))
}

/// Everything is started in other directories than this one.
fn whole(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize().with_context(|| format!("find {}", path.display()))
}

/// What came of it goes where it was asked for.
fn write(path: Option<&Path>, outcome: &impl Serialize) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let text = serde_json::to_string_pretty(outcome).context("write down what came of it")?;
    files::replace(path, text.as_bytes()).with_context(|| format!("write {}", path.display()))
}

fn verdict(summary: &str, faults: &[String]) -> ExitCode {
    tell(summary);
    for fault in faults {
        tell(&format!("  {fault}"));
    }
    if faults.is_empty() { ExitCode::Pass } else { ExitCode::InvariantBroken }
}

fn line_of_kill(kill: &KillOutcome) -> String {
    let seconds = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), |s| format!("{s:.1} s"));
    let open = match (&kill.open, kill.hit) {
        (_, true) => "hit".to_owned(),
        (Some(open), false) => format!("in {open}"),
        (None, false) => "between steps".to_owned(),
    };
    format!(
        "{:>2}  {:<15} {:<8} {open:<17} exit {:<4} {:<6} target {:<8} rests after {:>7}, answers after {:>7}  {}",
        kill.number,
        kill.point.word(),
        kill.victim.word(),
        kill.code.map_or_else(|| "-".to_owned(), |code| code.to_string()),
        kill.runs.unwrap_or("-"),
        kill.target.as_deref().unwrap_or("unmarked"),
        seconds(kill.rests_after_s),
        seconds(kill.answers_after_s),
        kill.fault.as_deref().unwrap_or("as it has to be"),
    )
}

fn summary_of_kills(outcome: &KillsOutcome) -> String {
    let (meant, hits) = (outcome.meant(), outcome.hits());
    format!(
        "{} kills in {:.0} s; of {meant} that were meant {hits} came in their step and {} near it; {}",
        outcome.kills.len(),
        outcome.elapsed_s,
        meant - hits,
        messages(&outcome.account),
    )
}

/// What became of the messages, in a line.
fn messages(account: &Account) -> String {
    format!(
        "{} messages, {}; {} marked as delivered again",
        account.sent,
        account.broken.as_deref().unwrap_or("0 lost, 0 doubled, 0 reordered"),
        account.marked_again,
    )
}

fn line(round: &RoundOutcome) -> String {
    let figure = match (round.gap_ms, round.answers_again_ms) {
        (Some(gap), _) if round.kind == Kind::Good => format!("gap {gap:.0} ms"),
        (_, Some(again)) => format!("answers again after {again} ms"),
        _ => "untouched".to_owned(),
    };
    let verdict = round.fault.as_deref().unwrap_or("as it has to be");
    format!(
        "{:>2}  {:<18} exit {:<3} {:>5.1} s  {figure:<30} {verdict}",
        round.number, round.build, round.code, round.elapsed_s
    )
}

fn summary(outcome: &Outcome) -> String {
    let gap = outcome.gap_ms_p50.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"));
    format!(
        "{} restarts in {:.0} s; {}; gap of a good restart {gap} (p50)",
        outcome.rounds.len(),
        outcome.elapsed_s,
        messages(&outcome.account),
    )
}

#[expect(clippy::print_stdout, reason = "a program for the terminal talks to the terminal")]
fn tell(line: &str) {
    println!("{line}");
}
