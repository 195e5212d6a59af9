//! The command lines of measuring.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};
use harness::bench::report::Mode;
use harness::bench::verdict::Warnings;

use super::assemble::{Copies, Remember};
use super::ready::{Against, Source};
use super::{Refusal, Request};
use crate::peers;
use crate::stored::Format;
use crate::workspace::Workspace;

/// What a run leaves and how it ends, below the help of each command that measures a build.
const MEASURED: &str = "\
Leaves report.json in target/harness/bench/, and what is made from it: report.md, report.html,
junit.xml.

Ends with
   0  every promise holds, and nothing got worse
  10  a remark (bench-check --deny-warnings)
  20  a metric is beyond its line, or got worse than it may
  21  something was lost, doubled, reordered or left over
  22  this build does not compile
  30  too noisy to say, or interrupted: never a pass
  31  there is nothing to compare with, or it cannot be built
  32  a file of baselines/ is wrong
  33  no metric and no scenario has that name (--only), or a quick run has none
  40  something is missing on this machine
  50  another run goes on in this build directory
  64  the command line makes no sense";

/// Fewer launches say too little about how often the gate errs.
const LAUNCHES_MIN: usize = 40;

/// The same of a promotion.
const PROMOTED: &str = "\
Reads target/harness/bench/full.json, which the last `cargo xtask bench-check` without --quick and
--only left. Writes baselines/machines/<id>.json: all that was asked for, or nothing.

Ends with
   0  it is written
  20  refused; everything that is in the way is named
  32  one of the two files is wrong
  40  there is no full run
  50  another run goes on in this build directory
  64  the command line makes no sense";

/// The same of the gate itself.
const PLAYED: &str = "\
Takes half an hour and more, on a quiet machine. Leaves noise.jsonl, every launch as it came, and
noise.md, the table, in target/harness/bench/. With --burn: a few minutes, all cores busy; leaves
nothing.

Ends with
   0  it errs as rarely as it says, and sees what was slowed; with --burn: it says nothing
  20  it does not
  22  this build does not compile
  30  the machine is not quiet, or interrupted; --resume goes on
  32  baselines/metrics.toml is wrong, or the recording (--last)
  33  no metric and no scenario has that name (--only)
  40  something is missing on this machine
  50  another run goes on in this build directory
  64  the command line makes no sense";

/// The same of the SDK and us.
const BESIDE: &str = "\
Fetches the SDK from PyPI once, 440 MB into target/sdk/, and needs python3 with `venv` and the real
program (`cargo xtask claude install`). Twelve rounds take about ten minutes, and twenty agents at
once 4 GB of memory. Leaves every figure in target/harness/bench/peers.json, those of a trial that
ends with 30 in peers-trial.json beside it; with --write the table in docs/performance.md.

Ends with
   0  ours is worse in nothing
  20  it is worse in a row, or an advantage that is promised is gone
  22  this build does not compile
  30  interrupted, or too few rounds to say
  32  peers.json is wrong (--last)
  40  something is missing on this machine
  50  another run goes on in this build directory
  64  the command line makes no sense";

/// What the numbers of a build are for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure one build alone, against what is promised.
    #[command(after_help = MEASURED)]
    Run(RunArguments),
    /// Measure two revisions against each other.
    #[command(after_help = MEASURED)]
    Compare(CompareArguments),
    /// Make what the last full run measured the reference of this machine.
    #[command(after_help = PROMOTED)]
    Promote(PromoteArguments),
    /// How often the gate would err on this machine, and what it would find.
    #[command(after_help = PLAYED)]
    Noise(NoiseArguments),
    /// Do the same work with the published SDK and with our client, side by side.
    #[command(after_help = BESIDE)]
    Peers(peers::Arguments),
    /// Render the report of a run again.
    Report(ReportArguments),
}

/// What to compare, and how strictly.
#[derive(Debug, Clone, Args)]
#[command(after_help = MEASURED)]
pub(crate) struct CheckArguments {
    /// Only what changes every day: 55 s of measuring, builds apart.
    #[arg(long)]
    quick: bool,
    /// Compare with this revision; without it with where the branch left origin/main or main, on
    /// main with the last commit.
    #[arg(long, value_name = "REV")]
    against: Option<String>,
    /// A remark ends the run with 10.
    #[arg(long)]
    deny_warnings: bool,
    /// Leave baselines/history/ as it is; only a whole run writes into it.
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    part: Part,
}

/// What to measure alone; `.` is the work tree.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArguments {
    /// What is judged: a revision, or `.` for the work tree.
    #[arg(default_value = ".")]
    head: String,
    /// Leave baselines/history/ as it is; only a whole run writes into it.
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    part: Part,
}

/// Two revisions; `.` is the work tree.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompareArguments {
    /// What is compared with: a revision, or `.` for the work tree.
    base: String,
    /// What is judged: a revision, or `.` for the work tree.
    head: String,
    #[command(flatten)]
    part: Part,
}

/// Which part of it, with which chance, and where the report is wanted too.
#[derive(Debug, Clone, Args)]
struct Part {
    /// Only metrics and scenarios with TEXT anywhere in their name; never enters the history.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The chance of an earlier run, as its report's last command names it; measured times differ
    /// all the same.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    copies: Copies,
}

/// What becomes a reference.
#[derive(Debug, Clone, Args)]
pub(crate) struct PromoteArguments {
    /// Why it moves; is kept with the number.
    #[arg(long, value_name = "WHY")]
    pub(super) because: String,
    /// Only metrics and scenarios with TEXT anywhere in their name.
    #[arg(long, value_name = "TEXT")]
    pub(super) only: Option<String>,
}

/// How much of the gate itself is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct NoiseArguments {
    /// How often a build is held against itself, for each scenario; at least 40.
    #[arg(
        long,
        value_name = "N",
        default_value_t = LAUNCHES_MIN,
        value_parser = RangedU64ValueParser::<usize>::new().range(LAUNCHES_MIN as u64..)
    )]
    pub(super) launches: usize,
    /// Only metrics and scenarios with TEXT anywhere in their name.
    #[arg(long, value_name = "TEXT")]
    pub(super) only: Option<String>,
    /// Go on with what an earlier run has recorded of the same commit.
    #[arg(long)]
    pub(super) resume: bool,
    /// Instead, see that the gate says nothing about a build while all cores are kept busy.
    #[arg(long, conflicts_with_all = ["launches", "resume"])]
    pub(super) burn: bool,
    /// Record nothing: judge the last recording by the rules and the policy as they are now.
    #[arg(long, conflicts_with_all = ["launches", "only", "resume", "burn"])]
    pub(super) last: bool,
}

/// A report, and how it is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReportArguments {
    /// A `report.json`; without it that of the last run.
    pub(super) file: Option<PathBuf>,
    /// What it is rendered as.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

impl CheckArguments {
    /// The run of every day, which `cargo xtask affected` asks for.
    pub(crate) const fn quick() -> Self {
        Self {
            quick: true,
            against: None,
            deny_warnings: false,
            no_history: true,
            part: Part { only: None, seed: None, copies: Copies::none() },
        }
    }

    pub(super) fn request(self, workspace: &Workspace) -> Result<Request, Refusal> {
        let Self { quick, against, deny_warnings, no_history, part } = self;
        let mut repeat = vec!["cargo xtask bench-check".to_owned()];
        repeat.extend(quick.then(|| "--quick".to_owned()));
        repeat.extend(against.as_ref().map(|revision| format!("--against {revision}")));
        repeat.extend(deny_warnings.then(|| "--deny-warnings".to_owned()));
        let against = match against {
            Some(revision) => Against::Source(Source::named(workspace, &revision)?),
            None => Against::Origin,
        };
        let mode = if quick { Mode::Quick } else { Mode::Full };
        let warnings = if deny_warnings { Warnings::Denied } else { Warnings::Allowed };
        Ok(Request {
            warnings,
            remember: if no_history || quick { Remember::No } else { part.remembered() },
            ..part.request(mode, Source::WorkTree, against, repeat)
        })
    }
}

impl RunArguments {
    pub(super) fn request(self, workspace: &Workspace) -> Result<Request, Refusal> {
        let Self { head, no_history, part } = self;
        let source = Source::named(workspace, &head)?;
        let mut repeat = vec!["cargo xtask bench run".to_owned()];
        repeat.extend((source != Source::WorkTree).then_some(head));
        // Others of its kind are of the work tree.
        let remember = match source {
            Source::WorkTree if !no_history => part.remembered(),
            _ => Remember::No,
        };
        Ok(Request { remember, ..part.request(Mode::Run, source, Against::Promises, repeat) })
    }
}

impl CompareArguments {
    pub(super) fn request(self, workspace: &Workspace) -> Result<Request, Refusal> {
        let Self { base, head, part } = self;
        let repeat = vec![format!("cargo xtask bench compare {base} {head}")];
        let against = Against::Source(Source::named(workspace, &base)?);
        let head = Source::named(workspace, &head)?;
        Ok(part.request(Mode::Compare, head, against, repeat))
    }
}

impl Part {
    /// Only the whole is: among whole runs a part would look as if the rest were gone.
    const fn remembered(&self) -> Remember {
        if self.only.is_some() { Remember::No } else { Remember::Yes }
    }

    fn request(
        self,
        mode: Mode,
        head: Source,
        against: Against,
        mut repeat: Vec<String>,
    ) -> Request {
        repeat.extend(self.only.as_ref().map(|only| format!("--only {only}")));
        Request {
            mode,
            head,
            against,
            only: self.only,
            warnings: Warnings::Allowed,
            remember: Remember::No,
            seed: self.seed,
            repeat: repeat.join(" "),
            copies: self.copies,
        }
    }
}

#[cfg(test)]
mod tests;
