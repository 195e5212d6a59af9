//! The configuration: `config.toml` of the home, checked, with defaults for whatever it leaves
//! out. Nothing is opened or started here; what was typed stands in [`args`].

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

pub(crate) mod args;
pub(crate) mod file;
pub(crate) mod paths;
mod raw;

use file::{FileError, Text};
pub(crate) use paths::Home;
use raw::Raw;

/// How long a stop may take in all. Long enough for a running turn to end and for every agent's
/// TERM and KILL; shorter than the patience of launchd and systemd (90 s).
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(45);

/// A stop that takes longer than this is a daemon that does not stop.
pub(crate) const SHUTDOWN_DEADLINE_MAX: Duration = Duration::from_hours(1);

/// How long a running turn may go on after a stop was asked for.
const TURN_GRACE: Duration = Duration::from_secs(15);

/// What carries out a restart that was asked for from inside, unless configured.
const RESTART_COMMAND: [&str; 3] = ["cargo", "xtask", "safe-restart"];

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// The program that answers.
    pub agent: Agent,
    /// The test-message source.
    pub test: TestSource,
    /// The command that knows what to remember of a contact: program and arguments.
    pub memory: Option<Vec<String>>,
    /// How the daemon ends.
    pub shutdown: Shutdown,
    /// How much is logged.
    pub log: Level,
    /// How it is restarted, and who is called when it cannot be.
    pub restart: Restart,
}

/// The program that answers, and how it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    /// A name to be looked up in `PATH`, or an absolute path.
    pub program: PathBuf,
    /// Its configuration folder (`CLAUDE_CONFIG_DIR`), when it is not its own default.
    pub config_dir: Option<PathBuf>,
    /// The model, when it is not the program's default.
    pub model: Option<String>,
    /// Where sessions work, when not in folders of their own below the home.
    pub working_dir: Option<PathBuf>,
    /// How many agents may be alive at once; `None`: by the machine's memory.
    pub agents_alive_max: Option<NonZeroU32>,
    /// Variables added to its environment.
    pub env: BTreeMap<String, String>,
}

/// The source that reads messages from JSON files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestSource {
    /// Whether it is read at all.
    pub enabled: bool,
    /// Where the files appear. A default folder may be missing still; a configured one is there.
    pub dir: PathBuf,
    /// Whether a test message has the rights of the number it names.
    pub trust: bool,
    /// Whether the folder is watched, besides being polled.
    pub watch: bool,
}

/// How the daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shutdown {
    /// For all of it.
    pub deadline: Duration,
    /// For a turn that runs; shorter than the deadline.
    pub turn_grace: Duration,
}

/// How it is restarted, and who is called when it cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restart {
    /// The project's folder, in which a restart that was asked for from inside is carried out.
    pub source_dir: Option<PathBuf>,
    /// The command that carries it out: program and arguments.
    pub command: Vec<String>,
    /// The command that calls a person: program and arguments; why comes behind them.
    pub alert_command: Option<Vec<String>>,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// What went wrong for good.
    Error,
    /// And what was mended.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And why.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// As the filter of the log spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Config {
    /// Reads the file; a missing one means all defaults. `user_home` is what `~/` stands for.
    ///
    /// # Errors
    /// The first thing wrong with the file, with its line and key.
    pub(crate) fn load(path: &Path, user_home: Option<&Path>) -> Result<Self, FileError> {
        match Text::read(path)? {
            Some(text) => Self::from_text(&text, user_home),
            None => Ok(Self::defaults(user_home)),
        }
    }

    /// What a missing file means.
    pub(crate) fn defaults(user_home: Option<&Path>) -> Self {
        Self::built(Raw::default(), user_home)
    }

    fn from_text(text: &Text, user_home: Option<&Path>) -> Result<Self, FileError> {
        text.refuse_top_level_lists()?;
        let raw: Raw = text.parse()?;
        raw.check(text, user_home)?;
        Ok(Self::built(raw, user_home))
    }

    /// Takes over a file that was checked.
    fn built(raw: Raw, user_home: Option<&Path>) -> Self {
        let path = |value: Option<Spanned<String>>| {
            value.map(|text| paths::expand(Path::new(text.get_ref()), user_home))
        };
        let seconds = |value: Option<Spanned<f64>>, default| {
            value.map_or(default, |seconds| Duration::from_secs_f64(*seconds.get_ref()))
        };
        let deadline = seconds(raw.shutdown.deadline_s, SHUTDOWN_DEADLINE);
        Self {
            agent: Agent {
                program: path(raw.agent.program).unwrap_or_else(|| PathBuf::from("claude")),
                config_dir: path(raw.agent.config_dir),
                model: raw.agent.model.map(Spanned::into_inner),
                working_dir: path(raw.agent.working_dir),
                agents_alive_max: raw
                    .agent
                    .agents_alive_max
                    .and_then(|max| NonZeroU32::new(max.into_inner())),
                env: raw
                    .agent
                    .env
                    .into_iter()
                    .map(|(name, value)| (name.into_inner(), value.into_inner()))
                    .collect(),
            },
            test: TestSource {
                enabled: raw.test.enabled.unwrap_or(true),
                dir: path(raw.test.dir).unwrap_or_else(|| {
                    paths::expand(Path::new("~/.claude/test-messages"), user_home)
                }),
                trust: raw.test.trust.unwrap_or(false),
                watch: raw.test.watch.unwrap_or(true),
            },
            memory: raw.memory.command.map(Spanned::into_inner),
            shutdown: Shutdown {
                deadline,
                turn_grace: seconds(raw.shutdown.turn_grace_s, TURN_GRACE.min(deadline / 3)),
            },
            log: raw.log.level.unwrap_or_default(),
            restart: Restart {
                source_dir: path(raw.restart.source_dir),
                command: raw.restart.command.map_or_else(
                    || RESTART_COMMAND.map(ToOwned::to_owned).to_vec(),
                    Spanned::into_inner,
                ),
                alert_command: raw.restart.alert_command.map(Spanned::into_inner),
            },
        }
    }
}

#[cfg(test)]
mod tests;
