//! The home of the running daemon, as its command line and its files show it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::binaries::Programs;
use harness::command::{Finished, run_within};
use harness::environment;
use harness::report::End;
use serde_json::Value;

/// The daemon's own variable for its home.
const HOME_VARIABLE: &str = "CLAUDE_ASSISTANT_HOME";

/// How long a command may take. Those that are asked here wait for nothing but the daemon.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);

/// A home with a daemon in it.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    program: PathBuf,
    messages: PathBuf,
}

impl Home {
    /// The home that the environment names for the check, else the one that the command line would
    /// use; asked through the daemon's program of this build.
    pub fn of_environment() -> anyhow::Result<Self> {
        let programs = Programs::beside_this_executable().context("find the build directory")?;
        let named =
            environment::path(environment::HOME).or_else(|| environment::path(HOME_VARIABLE));
        let root = match (named, user_home()) {
            (Some(named), _) => expanded(&named),
            (None, Some(user)) => user.join(".claude-assistant"),
            (None, None) => anyhow::bail!("find the home: neither {HOME_VARIABLE} nor HOME is set"),
        };
        Self::at(root, programs.daemon()?)
    }

    /// The home at `root`, asked through `program`.
    pub fn at(root: PathBuf, program: PathBuf) -> anyhow::Result<Self> {
        ensure!(root.is_dir(), "find the home {}", root.display());
        let messages = messages_of(&root)?;
        Ok(Self { root, program, messages })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where test messages are dropped.
    pub fn messages(&self) -> &Path {
        &self.messages
    }

    /// Where replies to them appear.
    pub fn outbox(&self) -> PathBuf {
        self.messages.join("outbox")
    }

    /// The transcript of a session.
    pub fn transcript(&self, session: i64) -> PathBuf {
        self.root.join(format!("transcripts/{session}.jsonl"))
    }

    /// The start prompt of a session's agent.
    pub fn prompt(&self, session: i64) -> PathBuf {
        self.root.join(format!("prompts/{session}.md"))
    }

    /// Runs a command of the daemon's program.
    pub fn ask(&self, arguments: &[&str]) -> anyhow::Result<Finished> {
        let mut command = Command::new(&self.program);
        command.args(arguments).env(HOME_VARIABLE, &self.root);
        Ok(run_within(command, COMMAND_LIMIT)?)
    }

    /// What `status --json` says.
    pub fn status(&self) -> anyhow::Result<Value> {
        self.shown(&["status", "--json"])
    }

    /// What `sessions --json` says.
    pub fn registry(&self) -> anyhow::Result<Vec<Value>> {
        match self.shown(&["sessions", "--json"])? {
            Value::Array(records) => Ok(records),
            other => anyhow::bail!("read the list of sessions: it is {other}"),
        }
    }

    fn shown(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let said = self.ask(arguments)?;
        let command = arguments.join(" ");
        ensure!(said.status.success(), "ask {command}: {}: {}", said.status, said.stderr.trim());
        serde_json::from_str(&said.stdout).with_context(|| format!("read what {command} says"))
    }

    /// What stands at the far end of this daemon.
    pub fn ends(&self) -> anyhow::Result<Vec<End>> {
        let status = self.status()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let program = text(&status["agent"]["program"]);
        let is_real = !Path::new(&program).ends_with("fake-claude");
        let what = format!("{program} {}", text(&status["agent"]["version"]));
        let daemon = format!("{} at {}", text(&status["version"]), self.root.display());
        Ok(vec![
            End { integration: "daemon".to_owned(), real: true, what: daemon },
            End { integration: "agent".to_owned(), real: is_real, what: what.trim().to_owned() },
        ])
    }
}

/// The directory of test messages that the home's configuration names.
fn messages_of(root: &Path) -> anyhow::Result<PathBuf> {
    let path = root.join("config.toml");
    let config = match fs::read_to_string(&path) {
        Ok(text) => text.parse().with_context(|| format!("read {}", path.display()))?,
        Err(_) if !path.exists() => toml::Table::new(),
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    let test = config.get("test");
    let is_off = test.and_then(|test| test.get("enabled")) == Some(&toml::Value::Boolean(false));
    ensure!(!is_off, "find test messages: {} turns them off", path.display());
    let named = test.and_then(|test| test.get("dir")).and_then(toml::Value::as_str);
    Ok(expanded(Path::new(named.unwrap_or("~/.claude/test-messages"))))
}

fn expanded(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), user_home()) {
        (Ok(rest), Some(user)) => user.join(rest),
        _ => path.to_path_buf(),
    }
}

fn user_home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}
