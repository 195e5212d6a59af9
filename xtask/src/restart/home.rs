//! The home of a daemon, as a restart sees it: where its files lie, and its program's verbs.
//!
//! The launcher is asked through its own copy of the program, the daemon through that of the slot
//! that runs, a target through its own. Each verb runs in a group of its own, so that a Ctrl-C ends
//! the restart and not a half-heard question.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use harness::command::{Finished, RunError, run_unless};
use serde::de::DeserializeOwned;

use super::time::Time;
use super::trouble::{Result, Trouble};
use super::views::{Launcher, Status};
use crate::running::Interrupt;

/// The daemon's own variable for its home.
const HOME_VARIABLE: &str = "CLAUDE_ASSISTANT_HOME";

/// What the daemon's program is called.
pub(super) const PROGRAM: &str = "claude-assistant";

/// Where reports of restarts lie, below the home.
pub(super) const REPORTS: &str = "state/restart/reports";

/// How long a question may take that waits for nothing.
pub(super) const QUESTION_MAX: Duration = Duration::from_secs(20);

/// How the daemon's program ends where it was asked wrongly.
const USAGE: i32 = 64;

/// How it ends where that says nothing of it: asked or configured wrongly, in need of something that
/// somebody else has or that the machine lacks, and not allowed.
const NOT_ITS_OWN: [i32; 3] = [USAGE, 75, 77];

/// A home.
#[derive(Debug, Clone)]
pub(super) struct Home {
    root: PathBuf,
}

impl Home {
    /// The one that was named, else the one that the daemon's command line would use.
    pub(super) fn find(named: Option<&Path>) -> anyhow::Result<Self> {
        let user = user_home();
        let set = env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()).map(PathBuf::from);
        let root = match (named.map(Path::to_path_buf).or(set), user) {
            (Some(named), user) => of_user(&named, user).unwrap_or(named),
            (None, Some(user)) => user.join(".claude-assistant"),
            (None, None) => bail!("find the home: neither {HOME_VARIABLE} nor HOME is set"),
        };
        let root =
            root.canonicalize().with_context(|| format!("find the home {}", root.display()))?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below it.
    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn slots(&self) -> PathBuf {
        self.at("slots")
    }

    pub(super) fn database(&self) -> PathBuf {
        self.at("state/assistant.db")
    }

    /// What its owner has set.
    pub(super) fn config(&self) -> anyhow::Result<toml::Table> {
        let path = self.at("config.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        text.parse().with_context(|| format!("read {}", path.display()))
    }

    /// Where test messages are dropped, as far as it is known.
    pub(super) fn messages(&self) -> Option<PathBuf> {
        let config = self.config().unwrap_or_default();
        let named = config.get("test").and_then(|test| test.get("dir"));
        let named = named.and_then(toml::Value::as_str).unwrap_or("~/.claude/test-messages");
        of_user(Path::new(named), user_home())
    }

    /// The directory of the report of a restart.
    pub(super) fn report(&self, id: &str) -> PathBuf {
        self.at(REPORTS).join(id)
    }

    /// The launcher's own copy of the program.
    pub(super) fn launcher_program(&self) -> PathBuf {
        self.at("launcher").join(PROGRAM)
    }

    /// The program of the slot that is to run.
    pub(super) fn current_program(&self) -> PathBuf {
        self.slots().join("current/bin").join(PROGRAM)
    }

    /// The program of a slot.
    pub(super) fn program_of(&self, slot: &str) -> PathBuf {
        self.slots().join(slot).join("bin").join(PROGRAM)
    }

    /// A program on this home; nothing that is meant for tests reaches it.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env(HOME_VARIABLE, &self.root);
        command
    }

    /// Runs a verb to its end.
    pub(super) fn run(
        &self,
        program: &Path,
        verb: &[OsString],
        limit: Duration,
    ) -> Result<Finished> {
        self.run_heard(program, verb, limit, &Interrupt::never())
    }

    /// The same, which a wish to end ends.
    pub(super) fn run_heard(
        &self,
        program: &Path,
        verb: &[OsString],
        limit: Duration,
        interrupt: &Interrupt,
    ) -> Result<Finished> {
        let mut command = self.command(program);
        command.args(verb).process_group(0);
        run_unless(command, limit, || interrupt.came()).map_err(|error| match error {
            RunError::TooLong { .. } => Trouble::Unanswered { asked: name(verb), limit },
            RunError::CalledOff { .. } => Trouble::Interrupted,
            error @ RunError::Io { .. } => Trouble::refused(format!("failed to {error}")),
        })
    }

    /// Runs a verb that has to end well, and reads what it says.
    pub(super) fn ask<Answer: DeserializeOwned>(
        &self,
        program: &Path,
        verb: &[OsString],
        limit: Duration,
    ) -> Result<Answer> {
        let finished = self.run(program, verb, limit)?;
        if !finished.status.success() {
            return Err(refusal(verb, &finished));
        }
        read(verb, &finished)
    }

    /// Runs a verb that has to end well.
    pub(super) fn tell(&self, program: &Path, verb: &[OsString], limit: Duration) -> Result<()> {
        let finished = self.run(program, verb, limit)?;
        if finished.status.success() { Ok(()) } else { Err(refusal(verb, &finished)) }
    }

    /// What the daemon says of itself.
    pub(super) fn status(&self) -> Result<Status> {
        self.status_in(QUESTION_MAX)
    }

    /// The same, for no longer than is left.
    pub(super) fn status_within(&self, time: Time<'_>) -> Result<Status> {
        self.status_in(time.question())
    }

    fn status_in(&self, limit: Duration) -> Result<Status> {
        self.ask(&self.current_program(), &words(["status", "--json"]), limit)
    }

    /// What the launcher says of itself.
    pub(super) fn launcher(&self) -> Result<Launcher> {
        self.launcher_in(QUESTION_MAX)
    }

    /// The same, for no longer than is left.
    pub(super) fn launcher_within(&self, time: Time<'_>) -> Result<Launcher> {
        self.launcher_in(time.question())
    }

    fn launcher_in(&self, limit: Duration) -> Result<Launcher> {
        self.ask(&self.launcher_program(), &words(["launcher", "status", "--json"]), limit)
    }
}

fn user_home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// A path, below the home of the user where it says so; none where nobody knows that.
fn of_user(path: &Path, user: Option<PathBuf>) -> Option<PathBuf> {
    match path.strip_prefix("~") {
        Ok(rest) => Some(user?.join(rest)),
        Err(_) => Some(path.to_path_buf()),
    }
}

/// The words of a verb.
pub(super) fn words<Word: Into<OsString>>(words: impl IntoIterator<Item = Word>) -> Vec<OsString> {
    words.into_iter().map(Into::into).collect()
}

/// A verb that did not end well. That is an answer of whose program it is, unless somebody ended it,
/// or it says itself that something else was in its way.
pub(super) fn refusal(verb: &[OsString], finished: &Finished) -> Trouble {
    let why = said(verb, finished);
    match finished.status.code() {
        Some(code) if !NOT_ITS_OWN.contains(&code) => Trouble::of_target(why),
        _ => Trouble::refused(why),
    }
}

/// Whether it ended as it does where it has no such verb. Its code alone does not say that: it is the
/// same for a home that is configured wrongly.
pub(super) fn knows_not(verb: &[OsString], finished: &Finished) -> bool {
    let named = verb.first().map(|first| format!("subcommand '{}'", first.display()));
    let says =
        |line: &str| line.contains("unrecognized") && named.iter().any(|it| line.contains(it));
    finished.status.code() == Some(USAGE) && finished.stderr.lines().any(says)
}

/// What a verb said, read.
pub(super) fn read<Answer: DeserializeOwned>(
    verb: &[OsString],
    finished: &Finished,
) -> Result<Answer> {
    serde_json::from_str(&finished.stdout).map_err(|error| {
        Trouble::of_target(format!("failed to read what {} says: {error}", name(verb)))
    })
}

/// How a verb ended that did not end well, in a line.
pub(super) fn said(verb: &[OsString], finished: &Finished) -> String {
    let complaint = finished.stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
    let how =
        finished.status.code().map_or_else(|| finished.status.to_string(), |code| code.to_string());
    match complaint {
        Some(complaint) => format!("{} ended with {how}: {complaint}", name(verb)),
        None => format!("{} ended with {how}", name(verb)),
    }
}

/// The words of a verb up to its first flag.
fn name(verb: &[OsString]) -> String {
    let words = verb.iter().map(|word| word.to_string_lossy());
    words.take_while(|word| !word.starts_with('-')).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
