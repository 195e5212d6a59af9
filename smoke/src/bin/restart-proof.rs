//! Plays the proof of the restart. `cargo xtask restart-proof` builds what it needs and starts it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use harness::exit_code::ExitCode;
use harness::files;
use harness::seed::Seed;
use smoke::proof::{Kind, Outcome, Plan, RoundOutcome, play};

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
    #[arg(long)]
    faulty: PathBuf,
    /// Restarts into good builds.
    #[arg(long, default_value_t = 10)]
    good: usize,
    /// Restarts into bad ones.
    #[arg(long, default_value_t = 10)]
    bad: usize,
    /// For how many seconds a new daemon is watched.
    #[arg(long, default_value_t = 4)]
    soak: u64,
    /// Where what came of it goes, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The number that every random choice comes from.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> std::process::ExitCode {
    let code = match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("failed to {error:#}"));
            ExitCode::Failed
        }
    };
    code.into()
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let seed = arguments.seed.map_or_else(Seed::fresh, Seed::new);
    tell(&format!("seed {}", seed.number()));
    let plan = Plan {
        xtask: arguments.xtask,
        programs: arguments.programs,
        faulty: arguments.faulty,
        good: arguments.good,
        bad: arguments.bad,
        soak: Duration::from_secs(arguments.soak),
        seed,
    };
    let outcome = play(plan, |round| tell(&line(round)))?;
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&outcome).context("write down what came of it")?;
        files::replace(path, text.as_bytes())
            .with_context(|| format!("write {}", path.display()))?;
    }
    tell(&summary(&outcome));
    let faults = outcome.faults();
    for fault in &faults {
        tell(&format!("  {fault}"));
    }
    Ok(if faults.is_empty() { ExitCode::Pass } else { ExitCode::InvariantBroken })
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
    let account = &outcome.account;
    let gap = outcome.gap_ms_p50.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"));
    format!(
        "{} restarts in {:.0} s; {} messages, {}; {} marked as delivered again; gap of a good restart {gap} (p50)",
        outcome.rounds.len(),
        outcome.elapsed_s,
        account.sent,
        account.broken.as_deref().unwrap_or("0 lost, 0 doubled, 0 reordered"),
        account.marked_again,
    )
}

#[expect(clippy::print_stdout, reason = "a program for the terminal talks to the terminal")]
fn tell(line: &str) {
    println!("{line}");
}
