//! What can be asked of the launcher on the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::slots::SlotName;

/// Flags of `launcher`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Launcher {
    /// What to ask
    #[command(subcommand)]
    pub verb: LauncherVerb,
    /// For programs, not for people
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum LauncherVerb {
    /// How everything is
    Status,
    /// Announce a restart into another slot
    Arm {
        /// The restart's id
        #[arg(long)]
        id: String,
        /// The slot
        #[arg(long, value_name = "SLOT")]
        target: SlotName,
        /// How long it may run unconfirmed, in seconds
        #[arg(long, value_name = "SECONDS", value_parser = seconds)]
        confirm_timeout: Duration,
        /// The process that carries the restart out
        #[arg(long, value_name = "PID")]
        runner: u32,
        /// The database's backup, put in its place if that is damaged when it goes back
        #[arg(long, value_name = "FILE")]
        backup: Option<PathBuf>,
    },
    /// Go there
    Switch(Restart),
    /// Stay there: it is well
    Confirm {
        /// The restart's id
        #[arg(long)]
        id: String,
        /// It is kept whatever was found: it is not marked good
        #[arg(long)]
        unproven: bool,
    },
    /// Forget what was announced
    Disarm(Restart),
    /// Go back
    RollBack {
        /// The restart's id
        #[arg(long)]
        id: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// The slot did nothing wrong: it is not marked bad
        #[arg(long)]
        blameless: bool,
    },
    /// Go to a slot that is known to be good
    RollBackTo {
        /// The slot
        slot: SlotName,
    },
    /// Stop the daemon and start it again
    Restart,
    /// Stop the daemon, and the launcher
    Stop,
    /// Never start a slot again; works without a launcher
    MarkBad {
        /// The slot
        slot: SlotName,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Have a gated restart carried out, for the owner
    Request,
    /// Become a command, in a session of its own
    #[command(hide = true)]
    CarryOut {
        /// The command
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

/// A restart to act on.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Restart {
    /// Its id
    #[arg(long)]
    pub id: String,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
