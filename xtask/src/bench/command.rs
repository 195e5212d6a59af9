//! The command lines of measuring.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use harness::bench::report::Mode;
use harness::bench::verdict::Warnings;

use super::assemble::{Copies, Remember};
use super::ready::{Against, Source};
use super::{Refusal, Request};
use crate::peers;
use crate::stored::Format;
use crate::workspace::Workspace;

/// What the numbers of a build are for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure this tree alone, against what is promised.
    Run(RunArguments),
    /// Measure two revisions against each other.
    Compare(CompareArguments),
    /// Make what the last full run measured the reference of this machine.
    Promote(PromoteArguments),
    /// How often the gate would err on this machine, and what it would find.
    Noise(NoiseArguments),
    /// Do the same work with the published SDK and with our client, side by side.
    Peers(peers::Arguments),
    /// Render a stored report again.
    Report(ReportArguments),
}

/// What to compare, and how strictly.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArguments {
    /// What changes every day, in less than a minute.
    #[arg(long)]
    quick: bool,
    /// Compare with this revision; without it with where the branch began.
    #[arg(long, value_name = "REV")]
    against: Option<String>,
    /// A remark fails the run.
    #[arg(long)]
    deny_warnings: bool,
    /// Leave the history as it is.
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    part: Part,
}

/// What to measure alone.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArguments {
    /// Leave the history as it is.
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    part: Part,
}

/// Two revisions; `.` is the work tree.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompareArguments {
    /// What is compared with.
    base: String,
    /// What is judged.
    head: String,
    #[command(flatten)]
    part: Part,
}

/// Which part of it, with which chance, and where the report is wanted too.
#[derive(Debug, Clone, Args)]
struct Part {
    /// Only metrics and scenarios with this in their name.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The choices of an earlier run.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    copies: Copies,
}

/// What becomes a reference.
#[derive(Debug, Clone, Args)]
pub(crate) struct PromoteArguments {
    /// Why it moves; stays with the number.
    #[arg(long, value_name = "WHY")]
    pub(super) because: String,
    /// Only metrics and scenarios with this in their name.
    #[arg(long, value_name = "TEXT")]
    pub(super) only: Option<String>,
}

/// How much of the gate itself is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct NoiseArguments {
    /// How often a build is held against itself, for each scenario.
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(super) launches: usize,
    /// Only metrics and scenarios with this in their name.
    #[arg(long, value_name = "TEXT")]
    pub(super) only: Option<String>,
    /// Go on with what an earlier run has recorded of the same commit.
    #[arg(long)]
    pub(super) resume: bool,
    /// Instead, see that the gate says nothing about a build while all cores are kept busy.
    #[arg(long, conflicts_with_all = ["launches", "resume"])]
    pub(super) burn: bool,
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
            remember: if no_history || quick { Remember::No } else { Remember::Yes },
            ..part.request(mode, Source::WorkTree, against, repeat)
        })
    }
}

impl RunArguments {
    pub(super) fn request(self) -> Request {
        let repeat = vec!["cargo xtask bench run".to_owned()];
        let remember = if self.no_history { Remember::No } else { Remember::Yes };
        Request {
            remember,
            ..self.part.request(Mode::Run, Source::WorkTree, Against::Promises, repeat)
        }
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
