//! The command lines of a restart, of slots, and of looking.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use harness::restart::flags::Words;

/// How a restart ends, below the help of the command.
const ENDINGS: &str = "\
Leaves report.json, report.md and junit.xml in state/restart/reports/<id>/ of the home.

Ends with
   0  the target runs, is marked good, and delivers
  20  the gate, the copy of the database or the launcher said no; the old daemon is untouched
      (with --no-rollback also: the target failed its checks, and runs; the verdict says which)
  21  something exact is off: in the gate, or the old daemon is not untouched
  22  the target does not compile; untouched
  23  it did not hold up on a copy of the database; untouched
  24  somebody was busy all the time; untouched
  25  it was gone back from; the previous slot runs and was checked
  26  neither runs as it should: a person is needed
  30  interrupted, the gate did not end in its time, nothing was measured, or times cannot be said
      (--strict-perf); untouched
  40  something is missing, a disk is full, or the target runs already or is marked bad; untouched
  50  another restart is under way, or another run in the build directory; untouched
  64  the command line makes no sense";

/// What stands behind `safe-restart`.
#[derive(Debug, Clone, Args)]
#[command(after_help = ENDINGS)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of a command line")]
pub(crate) struct Arguments {
    /// The home of the daemon, if it is not your own.
    #[arg(long, value_name = "DIR")]
    pub(super) home: Option<PathBuf>,
    /// What is to run.
    #[arg(long, value_name = "REV", default_value = "HEAD", conflicts_with = "slot")]
    pub(super) target: String,
    /// A slot whose gate has passed, tiers 1 and 2 at least, instead of a build.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["gate", "strict_perf"])]
    pub(super) slot: Option<String>,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Wait this long for a moment in which nobody is busy; interrupt nobody.
    #[arg(long, value_name = "TIME")]
    when_idle: Option<String>,
    /// Hold delivery, and wait this long for who is busy; then interrupt (2m without any of these).
    #[arg(long, value_name = "TIME")]
    drain: Option<String>,
    /// Interrupt who is busy at once.
    #[arg(long)]
    now: bool,
    /// Why that cannot wait.
    #[arg(long, value_name = "WHY")]
    because: Option<String>,
    /// Which checks: auto (what the change needs), all, or tiers=1,2. What said no of the commit's slot
    /// the last time is among them until it passes.
    #[arg(long, value_name = "CHECKS")]
    gate: Option<String>,
    /// How long the new daemon is watched before it is blessed (30s).
    #[arg(long, value_name = "TIME")]
    soak: Option<String>,
    /// How long the launcher waits for that before it goes back by itself (the soak and 275s, which all
    /// checks take at most).
    #[arg(long, value_name = "TIME")]
    confirm_timeout: Option<String>,
    /// Leave a target running that fails its checks once it runs, for somebody who looks at it. It is
    /// not marked good, and the restart ends with 20 all the same. A Ctrl-C still goes back.
    #[arg(long)]
    no_rollback: bool,
    /// Times that got worse, or cannot be said, are failures.
    #[arg(long)]
    strict_perf: bool,
    /// Write the report there too.
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// The id of a restart that was asked for from inside.
    #[arg(long, value_name = "ID")]
    pub(super) request: Option<String>,
}

/// What stands behind `slots`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SlotArguments {
    /// The home of the daemon, if it is not your own.
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) home: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) verb: SlotVerb,
}

/// What is done with slots.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum SlotVerb {
    /// Every slot: of which commit, how it stands, and which one runs.
    List,
    /// Remove all slots but five, all copies of the database but three, all reports but twenty; never
    /// what is needed.
    Prune,
    /// Never start this one again.
    MarkBad {
        /// Which.
        slot: String,
        /// Why, for whoever looks at it.
        #[arg(long)]
        why: String,
    },
    /// Run another good slot: this one, or the newest good one before the running one.
    Rollback {
        /// Which.
        slot: Option<String>,
    },
}

/// What stands behind `restart-status`.
#[derive(Debug, Clone, Args)]
pub(crate) struct StatusArguments {
    /// The home of the daemon, if it is not your own.
    #[arg(long, value_name = "DIR")]
    pub(super) home: Option<PathBuf>,
}

impl Arguments {
    /// The flags as they were typed.
    pub(super) fn words(&self) -> Words {
        Words {
            dry_run: self.dry_run,
            when_idle: self.when_idle.clone(),
            drain: self.drain.clone(),
            now: self.now,
            because: self.because.clone(),
            gate: self.gate.clone(),
            soak: self.soak.clone(),
            confirm_timeout: self.confirm_timeout.clone(),
            no_rollback: self.no_rollback,
            strict_perf: self.strict_perf,
        }
    }
}
