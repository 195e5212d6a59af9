//! Runs the contracts of the agent program outside of any test, compares implementations, and makes
//! the recordings. `cargo xtask contract` builds and starts it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use harness::binaries::{CLAUDE_VERSION, Programs};
use harness::contract::{
    ALL, Contract, Outcome, Recording, RecordingError, Recordings, Replay, Verdict, run_alone,
};
use harness::exit_code::ExitCode;
use harness::processes::kill_marked;
use harness::sandbox::MARK_NAME;
use smoke::api::FakeApi;
use smoke::contracts::comparison::{self, Said, compare_sides};
use smoke::contracts::{FAKE_SIDE_BY_SIDE, REAL_SIDE_BY_SIDE, fake, real, run_all};

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
    let suite = Suite {
        programs: Programs::beside_this_executable()?,
        recordings: Recordings::at(&arguments.recordings),
        directory: arguments.recordings,
        mark: format!("{MARK_NAME}=contract-suite-{}", std::process::id()),
    };
    let code = match arguments.command {
        Command::Run { on, only } => suite.run(on, only.as_deref()),
        Command::Diff { one, other, only } => suite.diff(one, other, only.as_deref()),
        Command::Record { only } => suite.record(only.as_deref()),
    };
    // What a broken contract left running has no host any more.
    kill_marked(&suite.mark);
    Ok(match code {
        Err(error) if error.is::<RecordingError>() => {
            tell(&format!("failed to {error}"))?;
            ExitCode::FileInvalid.into()
        }
        code => code?.into(),
    })
}

struct Suite {
    programs: Programs,
    directory: PathBuf,
    recordings: Recordings,
    /// What everything carries that is started here.
    mark: String,
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
        let compared =
            compare_sides(contracts, &self.side(one, contracts)?, &self.side(other, contracts)?);
        compared.lines.iter().try_for_each(|line| tell(line))?;
        Ok(compared.code)
    }

    /// What one side has of each contract.
    fn side(&self, side: Side, contracts: &'static [Contract]) -> anyhow::Result<comparison::Side> {
        let said = if side == Side::Recording {
            contracts.iter().map(|contract| self.recorded(contract)).collect()
        } else {
            let said = |outcome: Outcome| match outcome.verdict {
                Verdict::Kept => Said::Kept(outcome.transcript),
                Verdict::Broken(why) => Said::Broken(why),
                Verdict::Skipped(_) => Said::CannotShow,
            };
            self.outcomes(side, contracts)?.into_iter().map(said).collect()
        };
        Ok(comparison::Side { name: side.name(), said })
    }

    /// What was recorded of a contract, if it is a recording of the contract as it is today.
    fn recorded(&self, contract: &'static Contract) -> Said {
        let recording = match self.recordings.of(contract) {
            Ok(Some(recording)) => recording,
            Ok(None) => return Said::CannotShow,
            Err(error) => return Said::Unreadable(error.to_string()),
        };
        let transcript = recording.transcript.clone();
        match run_alone(contract, &mut Replay::new(recording)).verdict {
            Verdict::Kept => Said::Kept(transcript),
            Verdict::Broken(why) => Said::Broken(why),
            Verdict::Skipped(_) => Said::CannotShow,
        }
    }

    fn outcomes(&self, side: Side, contracts: &'static [Contract]) -> anyhow::Result<Vec<Outcome>> {
        let ran = match side {
            Side::Fake => {
                let program = self.programs.fake_claude()?;
                run_all(contracts, FAKE_SIDE_BY_SIDE, || fake(&program, &self.mark))?
            }
            Side::Real => {
                let api = FakeApi::start(&self.programs.fake_messages_api()?)?;
                let program = self.programs.claude()?;
                run_all(contracts, REAL_SIDE_BY_SIDE, || real(&program, api.url(), &self.mark))?
            }
            Side::Recording => return self.replayed(contracts),
        };
        Ok(ran.into_iter().map(|(outcome, _)| outcome).collect())
    }

    fn replayed(&self, contracts: &'static [Contract]) -> anyhow::Result<Vec<Outcome>> {
        let replay = |contract: &'static Contract| {
            let recording = self.recordings.of(contract)?;
            let recording = recording.unwrap_or_else(|| Recording::empty(contract));
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
        std::fs::create_dir_all(&self.directory)
            .with_context(|| format!("create {}", self.directory.display()))?;
        let mut broken = 0;
        for (outcome, pipes) in
            run_all(contracts, REAL_SIDE_BY_SIDE, || real(&program, api.url(), &self.mark))?
        {
            let contract = Contract::find(outcome.contract).context("find the contract again")?;
            if outcome.verdict != Verdict::Kept {
                broken += 1;
                tell(&format!("not recorded: {outcome}"))?;
            } else if contract.lacks(&Replay::new(Recording::empty(contract))).is_none() {
                let source = ("claude", CLAUDE_VERSION);
                let recording = Recording::of(contract, &outcome.transcript, source, pipes.home());
                let path = self.recordings.path(contract);
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
