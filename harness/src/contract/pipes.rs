//! A program over real pipes, each contract in a directory of its own.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::peer::{Exit, Life, Peer, Pending, Signal, Starter};
use super::{Capability, Launch, Manners};

/// Starts a program with nothing in its environment but what is said here.
#[derive(Debug)]
pub struct Pipes {
    program: PathBuf,
    environment: Vec<(String, OsString)>,
    strictness: Option<String>,
    home: TempDir,
}

impl Pipes {
    /// Starts `program`.
    pub fn new(program: &Path) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new()
            .prefix("contract-")
            .tempdir()
            .context("create a directory for the program")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut starter = Self {
            program: program.to_path_buf(),
            environment: vec![("PATH".to_owned(), path)],
            strictness: None,
            home,
        };
        starter.set("HOME", starter.home.path().to_path_buf());
        starter.set("TMPDIR", starter.home.path().to_path_buf());
        starter.set("CLAUDE_CONFIG_DIR", starter.home.path().join("config"));
        let work = starter.home.path().join("work");
        std::fs::create_dir(&work).context("create the working directory")?;
        Ok(starter)
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Puts this mark (`NAME=value`) on the program and on whatever it starts, so that they are found
    /// and ended with the case that they belong to.
    pub fn marked(self, mark: &str) -> anyhow::Result<Self> {
        let (name, value) = mark.split_once('=').context("read a mark: it has no value")?;
        Ok(self.with(name, value))
    }

    /// Sets this variable to 1 where the contract says nothing that a good host would not say.
    #[must_use]
    pub fn strict_by(mut self, name: &str) -> Self {
        self.strictness = Some(name.to_owned());
        self
    }

    /// Keeps the program from every network but that of `api`, and from its own errands.
    #[must_use]
    pub fn with_api(self, api: &str) -> Self {
        self.with("ANTHROPIC_BASE_URL", api)
            .with("ANTHROPIC_API_KEY", "not-a-key")
            .with("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .with("DISABLE_TELEMETRY", "1")
            .with("DISABLE_ERROR_REPORTING", "1")
            .with("DISABLE_AUTOUPDATER", "1")
    }

    /// The directory that the program was given; it stands in what the program says.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    fn command(&self, launch: &Launch) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(launch.arguments())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(launch.environment())
            .current_dir(self.home.path().join("work"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        if let Some(name) = &self.strictness
            && launch.manners == Manners::Proper
        {
            command.env(name, "1");
        }
        command
    }

    fn spawn(&self, launch: &Launch) -> anyhow::Result<Peer> {
        let mut command = self.command(launch);
        let mut child =
            command.spawn().with_context(|| format!("run {}", self.program.display()))?;
        let reader = child.stdout.take().context("have a pipe from the program")?;
        let writer = child.stdin.take().context("have a pipe to the program")?;
        Ok(Peer {
            reader: Box::new(reader),
            writer: Box::new(writer),
            life: Box::new(Process(child)),
        })
    }
}

impl Starter for Pipes {
    fn can(&self, _: Capability) -> bool {
        true
    }

    fn start<'a>(&'a mut self, launch: &'a Launch) -> Pending<'a, anyhow::Result<Peer>> {
        Box::pin(async move { self.spawn(launch) })
    }
}

struct Process(Child);

impl Life for Process {
    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if signal == Signal::Kill {
            return self.0.start_kill();
        }
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        let id = id.and_then(rustix::process::Pid::from_raw);
        let id = id.ok_or_else(|| io::Error::other("the program has ended"))?;
        Ok(rustix::process::kill_process(id, rustix::process::Signal::TERM)?)
    }

    fn exit(&mut self) -> Pending<'_, io::Result<Exit>> {
        Box::pin(async move {
            let status = self.0.wait().await?;
            Ok(Exit { code: status.code(), signal: status.signal() })
        })
    }
}

#[cfg(test)]
mod tests;
