//! What can be typed: the subcommands with their flags. Nothing is looked up here.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

mod launcher;

use crate::service::Init;
pub(crate) use launcher::{CarryOut, Launcher, LauncherVerb};

/// An always-on assistant that answers messages through persistent Claude sessions.
///
/// Everything it keeps is in the folder that `CLAUDE_ASSISTANT_HOME` names (default
/// ~/.claude-assistant).
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "claude-assistant", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Run in the foreground until a signal comes
    Run(Run),
    /// Start in the background, and return when it is ready
    Start,
    /// End it, and return when it is gone
    Stop,
    /// End it if it runs, and start it
    Restart(Restart),
    /// How everything is; ends with 0 only if the daemon answers
    Status(Show),
    /// The last lines of the log
    Logs(Logs),
    /// Watch what happens in a session (without one: in the one that was active last)
    Attach(Attach),
    /// Every session on record; works without a daemon
    Sessions(Show),
    /// End a session's agent; the next message starts it again
    KillSession(Session),
    /// End every session's agent
    KillSessions,
    /// End a session's agent and start it again
    RestartSession(Session),
    /// End and start every session that has an agent
    RestartSessions,
    /// Put a message into a chat's session, as its owner's
    Inject(Inject),
    /// Send a text to a chat, past the agent
    Send(Send),
    /// What was said in a chat; works without a daemon
    History(History),
    /// Messages that were given up; works without a daemon
    Dropped(Show),
    /// What a generation of the daemon has put before agents, and what of it out of its order
    #[command(hide = true)]
    Deliveries(Deliveries),
    /// Copy the database into one file; works beside a daemon and without one
    Backup(Backup),
    /// Try this very program out on a copy of the database, with a stand-in for the agent program
    #[command(hide = true)]
    Candidate(Candidate),
    /// Keep messages in the inbox from now on
    Hold(Hold),
    /// Deliver messages again
    Release(Release),
    /// Have the system start it at every login, below a launcher that keeps it alive
    Install(Install),
    /// Have the system start it no more; what it keeps stays
    Uninstall(Uninstall),
    /// Hold delivery for a restart, and wait until nothing is under way
    #[command(hide = true)]
    Drain(Drain),
    /// Keep a daemon running, as what the system starts
    #[command(hide = true)]
    Launch(Launch),
    /// Ask the launcher
    #[command(hide = true)]
    Launcher(Launcher),
    /// Look at everything outside that is needed, and say what to do about what is missing
    Doctor(Show),
    /// The program's version, and those of the files it reads and writes
    #[command(hide = true)]
    Version(Show),
}

/// Flags of `run`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct Run {
    /// Be the background process of `start`: no terminal, a session of its own
    #[arg(long, hide = true)]
    pub detached: bool,
    /// Standard input is the launcher's pipe: end in order when it ends
    #[arg(long, hide = true)]
    pub launched: bool,
    /// Say READY, and signs of life, to the launcher alone: standard output is its socket. It takes
    /// so much silence for life
    #[arg(long, hide = true, requires = "launched", value_name = "MS", value_parser = millis)]
    pub heartbeat: Option<Duration>,
    /// The slot whose program this is
    #[arg(long, hide = true, value_name = "NAME")]
    pub slot: Option<String>,
    /// Hold delivery until this file is gone
    #[arg(long, hide = true, value_name = "FILE")]
    pub held_by: Option<PathBuf>,
    /// Only look
    #[command(flatten)]
    pub look: Look,
}

/// Flags of `run --check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct Look {
    /// Only look whether it could run here; ends with 0, or 64 and what is wrong
    #[arg(long, conflicts_with = "detached")]
    pub check: bool,
    /// Look through this database instead of the home's, open for writing and brought to the schema
    /// of this program
    #[arg(long, requires = "check", value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// For programs, not for people
    #[arg(long, requires = "check")]
    pub json: bool,
}

/// Flags of `candidate`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Candidate {
    /// The copy; in the end it is the database as this program has left it
    #[arg(long, value_name = "FILE")]
    pub database: PathBuf,
    /// The stand-in; without one the fake-claude beside this program
    #[arg(long, value_name = "PROGRAM")]
    pub agent: Option<PathBuf>,
    /// For programs, not for people
    #[arg(long)]
    pub json: bool,
}

/// Flags of `install`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Install {
    /// What starts programs on this system
    #[arg(long, value_enum, default_value_t = Init::OF_THIS_SYSTEM)]
    pub manager: Init,
    /// Begin at the next login, not now
    #[arg(long)]
    pub no_start: bool,
    /// The commit that this program was built of: 40 hexadecimal digits
    #[arg(long, value_name = "SHA", value_parser = commit)]
    pub commit: Option<String>,
}

/// Flags of `uninstall`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Uninstall {
    /// What starts programs on this system
    #[arg(long, value_enum, default_value_t = Init::OF_THIS_SYSTEM)]
    pub manager: Init,
}

fn millis(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

fn commit(text: &str) -> Result<String, &'static str> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 40 && text.bytes().all(is_digit) {
        Ok(text.to_owned())
    } else {
        Err("expected 40 hexadecimal digits")
    }
}

/// Flags of `backup`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Backup {
    /// Where the copy goes; without one into backups/ of the home, which keeps the last three
    pub file: Option<PathBuf>,
    /// For programs, not for people
    #[arg(long)]
    pub json: bool,
}

/// Flags of `launch`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Launch {
    /// Be the background process of `start`: no terminal, a session of its own
    #[arg(long)]
    pub detached: bool,
    /// Other bounds than the usual ones, in milliseconds: ready, heartbeat, stop, runner gone
    #[arg(long, value_name = "MS,MS,MS,MS", value_delimiter = ',')]
    pub bounds: Option<Vec<u64>>,
}

/// Flags of `hold`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Hold {
    /// For a restart, beside the owner's hold
    #[arg(long, hide = true, requires = "lease")]
    pub restart: bool,
    /// How long, in seconds, unless it is asked for again
    #[arg(long, hide = true, requires = "restart", value_name = "SECONDS")]
    pub lease: Option<u64>,
}

/// Flags of `release`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Release {
    /// End a restart's hold instead of the owner's
    #[arg(long, hide = true)]
    pub restart: bool,
}

/// Flags of `deliveries`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Deliveries {
    /// Which: `status` says that of the daemon that runs
    #[arg(long, value_name = "NUMBER")]
    pub generation: i64,
    /// For programs, not for people
    #[arg(long)]
    pub json: bool,
}

/// Flags of `drain`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Drain {
    /// How long to wait, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub within: u64,
    /// How long delivery stays held afterwards, unless it is asked for again
    #[arg(long, value_name = "SECONDS")]
    pub lease: u64,
    /// Put agents away that are at work; what they owe is delivered again later
    #[arg(long)]
    pub interrupt: bool,
    /// For programs, not for people
    #[arg(long)]
    pub json: bool,
}

/// Flags of `restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub(crate) struct Restart {
    /// Into the newest version of the source, after all its tests, with the way back open; returns at
    /// once. In a conversation, how it went is told to that chat
    #[arg(long)]
    pub safe: bool,
}

/// Flags of what only shows.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Show {
    /// For programs, not for people
    #[arg(long)]
    pub json: bool,
}

/// Flags of `logs`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Logs {
    /// How many lines
    #[arg(short = 'n', long, default_value_t = 50)]
    pub lines: usize,
    /// Go on with what is added
    #[arg(short, long)]
    pub follow: bool,
}

/// Flags of `attach`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Attach {
    /// A session's number, name, or chat
    pub session: Option<String>,
    /// How many events of before
    #[arg(short = 'n', long, default_value_t = 20)]
    pub lines: usize,
}

/// A session to act on.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Session {
    /// A session's number, name, or chat
    pub session: String,
}

/// Flags of `inject`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Inject {
    /// A session's number or name, or a chat that has written, such as test:+15555550123
    pub chat: String,
    /// What is said; `-`, or nothing: what comes on standard input
    #[arg(conflicts_with = "file", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// With an admin's authority
    #[arg(long)]
    pub admin: bool,
    /// Take the text from a file
    #[arg(long)]
    pub file: Option<PathBuf>,
}

/// Flags of `send`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Send {
    /// A session's number or name, or a chat that has written, such as test:+15555550123
    pub chat: String,
    /// What is sent
    #[arg(allow_hyphen_values = true)]
    pub text: String,
}

/// Flags of `history`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct History {
    /// A chat, or a session's number or name
    pub chat: String,
    /// How many texts
    #[arg(short = 'n', long, default_value_t = 20)]
    pub lines: u32,
    /// For programs, not for people
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests;
