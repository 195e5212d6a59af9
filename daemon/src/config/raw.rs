//! `config.toml` as it is written: every key optional, each value with its place, and the checks
//! that its type alone does not make.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::file::{FileError, Text};
use super::{Level, SHUTDOWN_DEADLINE, SHUTDOWN_DEADLINE_MAX, paths};

/// Variables that the daemon sets for an agent itself, so the configuration may not.
const RESERVED_VARIABLES: [&str; 3] = ["CLAUDECODE", "CLAUDE_CONFIG_DIR", "CLAUDE_ASSISTANT_"];

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) agent: RawAgent,
    pub(super) test: RawTest,
    pub(super) memory: RawMemory,
    pub(super) shutdown: RawShutdown,
    pub(super) log: RawLog,
    pub(super) restart: RawRestart,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAgent {
    pub(super) program: Option<Spanned<String>>,
    pub(super) config_dir: Option<Spanned<String>>,
    pub(super) model: Option<Spanned<String>>,
    pub(super) working_dir: Option<Spanned<String>>,
    pub(super) agents_alive_max: Option<Spanned<u32>>,
    pub(super) env: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTest {
    pub(super) enabled: Option<bool>,
    pub(super) dir: Option<Spanned<String>>,
    pub(super) trust: Option<bool>,
    pub(super) watch: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawMemory {
    pub(super) command: Option<Spanned<Vec<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawShutdown {
    pub(super) deadline_s: Option<Spanned<f64>>,
    pub(super) turn_grace_s: Option<Spanned<f64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLog {
    pub(super) level: Option<Level>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRestart {
    pub(super) source_dir: Option<Spanned<String>>,
    pub(super) command: Option<Spanned<Vec<String>>>,
    pub(super) alert_command: Option<Spanned<Vec<String>>>,
}

impl Raw {
    /// What the types alone do not say.
    pub(super) fn check(&self, text: &Text, user_home: Option<&Path>) -> Result<(), FileError> {
        self.agent.check(text, user_home)?;
        if let Some(dir) = &self.test.dir {
            check_dir(text, dir, user_home)?;
        }
        if let Some(dir) = &self.restart.source_dir {
            check_dir(text, dir, user_home)?;
        }
        let commands = [&self.memory.command, &self.restart.command, &self.restart.alert_command];
        for command in commands.into_iter().flatten() {
            if command.get_ref().first().is_none_or(String::is_empty) {
                return Err(text.wrong(&command.span(), "bad value: a program must come first"));
            }
        }
        self.shutdown.check(text)
    }
}

impl RawAgent {
    fn check(&self, text: &Text, user_home: Option<&Path>) -> Result<(), FileError> {
        if let Some(program) = &self.program {
            let path = paths::expand(Path::new(program.get_ref()), user_home);
            let named = path.components().count() == 1 && !program.get_ref().contains('/');
            if !named && !path.is_absolute() {
                let what = "bad value: expected a name to look up in PATH, or an absolute path";
                return Err(text.wrong(&program.span(), what));
            }
        }
        for dir in [&self.config_dir, &self.working_dir].into_iter().flatten() {
            check_dir(text, dir, user_home)?;
        }
        if let Some(model) = &self.model
            && (model.get_ref().is_empty() || model.get_ref().starts_with('-'))
        {
            return Err(text.wrong(&model.span(), "bad value: expected the name of a model"));
        }
        if let Some(max) = &self.agents_alive_max
            && *max.get_ref() == 0
        {
            return Err(text.wrong(&max.span(), "bad value: expected 1 or more"));
        }
        self.env.iter().try_for_each(|(name, value)| check_variable(text, name, value))
    }
}

impl RawShutdown {
    fn check(&self, text: &Text) -> Result<(), FileError> {
        if let Some(deadline) = &self.deadline_s
            && !(0.1..=SHUTDOWN_DEADLINE_MAX.as_secs_f64()).contains(deadline.get_ref())
        {
            let max = SHUTDOWN_DEADLINE_MAX.as_secs();
            let what = format!("bad value: expected 0.1 to {max} seconds");
            return Err(text.wrong(&deadline.span(), what));
        }
        let deadline = self
            .deadline_s
            .as_ref()
            .map_or(SHUTDOWN_DEADLINE.as_secs_f64(), |deadline| *deadline.get_ref());
        if let Some(grace) = &self.turn_grace_s
            && !(0.0..deadline).contains(grace.get_ref())
        {
            let what = format!(
                "bad value: expected 0 or more, and less than the deadline of {deadline} seconds"
            );
            return Err(text.wrong(&grace.span(), what));
        }
        Ok(())
    }
}

fn check_dir(
    text: &Text,
    dir: &Spanned<String>,
    user_home: Option<&Path>,
) -> Result<(), FileError> {
    let path = paths::expand(Path::new(dir.get_ref()), user_home);
    let what = if !path.is_absolute() {
        "bad value: expected an absolute path, or one that begins with ~/"
    } else if !path.exists() {
        "directory does not exist"
    } else if !path.is_dir() {
        "not a directory"
    } else {
        return Ok(());
    };
    Err(text.wrong(&dir.span(), what))
}

fn check_variable(
    text: &Text,
    name: &Spanned<String>,
    value: &Spanned<String>,
) -> Result<(), FileError> {
    let reserved = RESERVED_VARIABLES.iter().any(|reserved| {
        name.get_ref() == reserved
            || (reserved.ends_with('_') && name.get_ref().starts_with(reserved))
    });
    if reserved {
        return Err(text.wrong(&name.span(), "bad value: the daemon sets this variable itself"));
    }
    if name.get_ref().is_empty() || name.get_ref().contains(['=', '\0']) {
        return Err(text.wrong(&name.span(), "bad value: not the name of a variable"));
    }
    if value.get_ref().contains('\0') {
        return Err(text.wrong(&value.span(), "bad value: holds a NUL character"));
    }
    Ok(())
}
