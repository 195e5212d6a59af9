//! Runs the contracts of the agent program outside of any test, compares implementations, and makes
//! the recordings. `cargo xtask contract` builds and starts it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use harness::binaries::{CLAUDE_VERSION, Programs};
use harness::contract::{
    ALL, Contract, Outcome, Recording, Replay, Transcript, Verdict, compare, run_alone,
};
use harness::exit_code::ExitCode;
use smoke::api::FakeApi;
use smoke::contracts::{fake, real, run_all};

/// The contracts of the agent program.
#[derive(Debug, Parser)]
#[command(disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The directory of the recordings.
    #[arg(long, global = true, default_value = "fakes/recordings/contracts")]
    recordings: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the contracts.
    Run {
        /// What has to keep them.
        #[arg(long, value_enum, default_value = "fake")]
        on: Side,
        /// Only the contract with this number.
        #[arg(long)]
        only: Option<String>,
    },
    /// Compare what two implementations say in each contract.
    Diff {
        /// One of them.
        one: Side,
        /// The other one.
        other: Side,
        /// Only the contract with this number.
        #[arg(long)]
        only: Option<String>,
    },
    /// Record the real program.
    Record {
        /// Only the contract with this number.
        #[arg(long)]
        only: Option<String>,
    },
}

/// What plays the agent program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    /// The stand-in over pipes.
    Fake,
    /// Its recordings.
    Recording,
    /// The real program.
    Real,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Fake => "fake",
            Self::Recording => "recording",
            Self::Real => "real",
        }
    }
}

fn main() -> anyhow::Result<std::process::ExitCode> {
    let arguments = Arguments::parse();
    let suite =
        Suite { programs: Programs::beside_this_executable()?, recordings: arguments.recordings };
    let code = match arguments.command {
        Command::Run { on, only } => suite.run(on, only.as_deref()),
        Command::Diff { one, other, only } => suite.diff(one, other, only.as_deref()),
        Command::Record { only } => suite.record(only.as_deref()),
    };
    Ok(code?.into())
}

struct Suite {
    programs: Programs,
    recordings: PathBuf,
}

/// The contracts with that number, or all.
fn selected(only: Option<&str>) -> &'static [Contract] {
    let Some(only) = only else { return ALL };
    let at = ALL.iter().position(|contract| contract.id.eq_ignore_ascii_case(only));
    at.map_or(&[], |at| &ALL[at..=at])
}

impl Suite {
    fn run(&self, on: Side, only: Option<&str>) -> anyhow::Result<ExitCode> {
        let contracts = selected(only);
        if contracts.is_empty() {
            tell("no contract has that number")?;
            return Ok(ExitCode::NothingSelected);
        }
        let outcomes = self.outcomes(on, contracts)?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (outcome, contract) in outcomes.iter().zip(contracts) {
            let word = match outcome.verdict {
                Verdict::Kept => "kept",
                Verdict::Broken(_) => "broken",
                Verdict::Skipped(_) => "skipped",
            };
            *counts.entry(word).or_default() += 1;
            tell(&format!("{outcome} · {}", contract.title))?;
        }
        let count = |word| counts.get(word).copied().unwrap_or(0);
        let (kept, broken, skipped) = (count("kept"), count("broken"), count("skipped"));
        tell(&format!("on {}: {kept} kept, {broken} broken, {skipped} skipped", on.name()))?;
        Ok(if 0 < broken {
            ExitCode::Failed
        } else if kept == 0 {
            ExitCode::Skipped
        } else {
            ExitCode::Pass
        })
    }

    fn diff(&self, one: Side, other: Side, only: Option<&str>) -> anyhow::Result<ExitCode> {
        let contracts = selected(only);
        if contracts.is_empty() {
            tell("no contract has that number")?;
            return Ok(ExitCode::NothingSelected);
        }
        let (left, right) =
            (self.transcripts(one, contracts)?, self.transcripts(other, contracts)?);
        let (mut drifted, mut compared) = (0, 0);
        for contract in contracts {
            let (Some(a), Some(b)) = (left.get(contract.id), right.get(contract.id)) else {
                tell(&format!("{} not compared: one side cannot show it", contract.id))?;
                continue;
            };
            compared += 1;
            let found = compare(contract.id, (one.name(), a), (other.name(), b));
            drifted += usize::from(!found.is_empty());
            for difference in found {
                tell(&difference.to_string())?;
            }
        }
        tell(&format!("{compared} contracts compared, {drifted} with drift"))?;
        Ok(if 0 < drifted { ExitCode::Failed } else { ExitCode::Pass })
    }

    /// What passed in each contract that could be shown; a broken one is as good as any here.
    fn transcripts(
        &self,
        side: Side,
        contracts: &'static [Contract],
    ) -> anyhow::Result<BTreeMap<&'static str, Transcript>> {
        if side == Side::Recording {
            let read = contracts.iter().filter_map(|contract| {
                let path = self.recordings.join(format!("{}.jsonl", contract.id));
                path.is_file().then(|| Ok((contract.id, Recording::read(&path)?.transcript)))
            });
            return read.collect();
        }
        let outcomes = self.outcomes(side, contracts)?;
        let shown = outcomes.into_iter().filter(|o| !matches!(o.verdict, Verdict::Skipped(_)));
        Ok(shown.map(|outcome| (outcome.contract, outcome.transcript)).collect())
    }

    fn outcomes(&self, side: Side, contracts: &'static [Contract]) -> anyhow::Result<Vec<Outcome>> {
        let ran = match side {
            Side::Fake => {
                let program = self.programs.fake_claude()?;
                run_all(contracts, || fake(&program))?
            }
            Side::Real => {
                let api = FakeApi::start(&self.programs.fake_messages_api()?)?;
                let program = self.programs.claude()?;
                run_all(contracts, || real(&program, api.url()))?
            }
            Side::Recording => return self.replayed(contracts),
        };
        Ok(ran.into_iter().map(|(outcome, _)| outcome).collect())
    }

    fn replayed(&self, contracts: &'static [Contract]) -> anyhow::Result<Vec<Outcome>> {
        let replay = |contract: &'static Contract| {
            let path = self.recordings.join(format!("{}.jsonl", contract.id));
            let recording =
                if path.is_file() { Recording::read(&path)? } else { Recording::empty(contract) };
            Ok(run_alone(contract, &mut Replay::new(recording)))
        };
        contracts.iter().map(replay).collect()
    }

    fn record(&self, only: Option<&str>) -> anyhow::Result<ExitCode> {
        let contracts = selected(only);
        if contracts.is_empty() {
            tell("no contract has that number")?;
            return Ok(ExitCode::NothingSelected);
        }
        let api = FakeApi::start(&self.programs.fake_messages_api()?)?;
        let program = self.programs.claude()?;
        std::fs::create_dir_all(&self.recordings)
            .with_context(|| format!("create {}", self.recordings.display()))?;
        let mut broken = 0;
        for (outcome, pipes) in run_all(contracts, || real(&program, api.url()))? {
            let contract = Contract::find(outcome.contract).context("find the contract again")?;
            if outcome.verdict != Verdict::Kept {
                broken += 1;
                tell(&format!("not recorded: {outcome}"))?;
            } else if contract.lacks(&Replay::new(Recording::empty(contract))).is_none() {
                let source = ("claude", CLAUDE_VERSION);
                let recording = Recording::of(contract, &outcome.transcript, source, pipes.home());
                let path = self.recordings.join(format!("{}.jsonl", contract.id));
                std::fs::write(&path, recording.write())
                    .with_context(|| format!("write {}", path.display()))?;
            }
        }
        Ok(if 0 < broken { ExitCode::Failed } else { ExitCode::Pass })
    }
}

fn tell(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}
