//! A home of its own for one daemon: config, contacts, message directory, agent state, temp files.
//!
//! ```text
//! <temp>/home/       CLAUDE_ASSISTANT_HOME, with config.toml and contacts.toml
//!        messages/   the directory of test messages; replies appear in messages/outbox/
//!        agent/      the agent program's own state (unless the settings name another place)
//!        work/       where sessions work
//!        user/       HOME of everything that runs here
//!        tmp/        TMPDIR of everything that runs here
//!        daemon.log  what the daemon said on stderr
//! ```
//!
//! The environment is scrubbed: the daemon sees the sandbox and what the settings let through, and
//! nothing of the machine's user. Everything that runs here carries a mark, so that whatever it
//! left can be found and ended. Dropping a sandbox ends all of it and removes the directory.

mod draft;
mod running;
mod settings;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

pub use self::draft::Draft;
pub use self::running::Ready;
use self::running::Running;
pub use self::settings::{AGENT_ENV_MARK, Agent, AgentState, Contact, LOGIN_VARIABLES, Settings};
use crate::command::{Finished, RunError, run_within};
use crate::processes::{Seen, Snapshot, kill_marked};
use crate::wait::wait_until;

/// How long a daemon may take to say READY on a loaded machine before the check gives up. Far
/// over what is promised for it: a promise is measured elsewhere.
pub const READY_LIMIT: Duration = Duration::from_secs(30);

/// The variable that marks everything that runs in a sandbox. Not one of `CLAUDE_ASSISTANT_`: those
/// are the daemon's own, and its configuration may not set them.
pub const MARK_NAME: &str = "ASSISTANT_SANDBOX";

/// Why a sandbox could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file or directory of the sandbox.
    #[error("use {path}: {source}", path = .path.display())]
    File {
        /// What was to be read or written.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// The daemon could not be started, signalled or waited for.
    #[error("run the daemon: {0}")]
    Daemon(#[source] io::Error),
    /// The daemon did not say READY in time.
    #[error("start the daemon: no READY line ({ended}); it said:\n{stderr}")]
    NotReady {
        /// How it ended, or that it still ran.
        ended: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// A file in the outbox is no reply.
    #[error("read the reply {path}: {source}", path = .path.display())]
    Reply {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The sandbox's daemon is in the other state.
    #[error("find the daemon {0}")]
    WrongState(&'static str),
}

/// One reply as it lies in the outbox.
///
/// A file of the outbox is whole when it appears and never changes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reply {
    /// The outbox row; rows grow in the order of sending.
    pub row: u64,
    /// The chat, with its source: `test:+15555550123`.
    pub chat: String,
    /// The text that a person would read.
    pub text: String,
    /// Paths of attached files.
    #[serde(default)]
    pub attachments: Vec<serde_json::Value>,
}

/// A temporary home, and the daemon that runs in it.
#[derive(Debug)]
pub struct Sandbox {
    root: TempDir,
    daemon: PathBuf,
    mark_value: String,
    inherit: Vec<String>,
    written: u64,
    running: Option<Running>,
    /// Replies by file name: what was read once is not read again, however often somebody looks.
    known: RefCell<BTreeMap<OsString, Reply>>,
}

impl Sandbox {
    /// Makes a home with this config for the daemon binary `daemon`; starts nothing.
    pub fn new(daemon: PathBuf, settings: &Settings) -> Result<Self, SandboxError> {
        let root = tempfile::Builder::new()
            .prefix("claude-assistant-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|source| SandboxError::File { path: std::env::temp_dir(), source })?;
        let name = root.path().file_name().map(|name| name.to_string_lossy().into_owned());
        let sandbox = Self {
            mark_value: format!("{}-{}", std::process::id(), name.unwrap_or_default()),
            root,
            daemon,
            inherit: settings.inherit.clone(),
            written: 0,
            running: None,
            known: RefCell::default(),
        };
        for directory in ["home", "messages", "agent", "work", "user", "tmp"] {
            let path = sandbox.root().join(directory);
            fs::DirBuilder::new().mode(0o700).create(&path).map_err(on(&path))?;
        }
        sandbox.write_config(settings)?;
        Ok(sandbox)
    }

    /// Writes `config.toml` and `contacts.toml` anew; a running daemon keeps what it read.
    pub fn write_config(&self, settings: &Settings) -> Result<(), SandboxError> {
        let config = settings.config_toml(self.root(), &self.mark_value);
        write_private(&self.home().join("config.toml"), config.as_bytes())?;
        write_private(&self.home().join("contacts.toml"), settings.contacts_toml().as_bytes())
    }

    /// The directory that holds all of it.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The daemon's home.
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// Where test messages are dropped.
    pub fn messages_dir(&self) -> PathBuf {
        self.root().join("messages")
    }

    /// Where replies appear.
    pub fn outbox_dir(&self) -> PathBuf {
        self.messages_dir().join("outbox")
    }

    /// Where temporary files of everything in here go.
    pub fn temp_dir(&self) -> PathBuf {
        self.root().join("tmp")
    }

    /// The environment entry that everything in here carries.
    pub fn mark(&self) -> String {
        format!("{MARK_NAME}={}", self.mark_value)
    }

    /// A command in this home: the daemon's binary with `arguments` and the scrubbed environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_of(&self.daemon);
        command.args(arguments);
        command
    }

    /// Any program with the scrubbed environment of this home.
    pub fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.root());
        command.env("CLAUDE_ASSISTANT_HOME", self.home());
        command.env("HOME", self.root().join("user"));
        command.env("TMPDIR", self.temp_dir());
        command.env("LANG", "C.UTF-8").env("RUST_BACKTRACE", "1");
        command.env(MARK_NAME, &self.mark_value);
        for name in self.inherit.iter().map(String::as_str).chain(["PATH"]) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs one command of the daemon's binary to its end.
    pub fn cli(&self, arguments: &[&str], limit: Duration) -> Result<Finished, RunError> {
        run_within(self.command(arguments), limit)
    }

    /// Starts the daemon in the foreground of a process group of its own, and waits for READY.
    pub fn start(&mut self) -> Result<Ready, SandboxError> {
        if self.running.is_some() {
            return Err(SandboxError::WrongState("stopped before it is started"));
        }
        let running = Running::start(self.command(&["run"]), &self.daemon_log())?;
        let ready = running.ready().clone();
        self.running = Some(running);
        Ok(ready)
    }

    /// The process id of the running daemon.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(Running::pid)
    }

    /// Whether the daemon was started and has not ended since.
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(Running::is_alive)
    }

    /// Asks the daemon to end (TERM) and waits; `None` if it had to be killed after `limit`.
    pub fn stop(&mut self, limit: Duration) -> Result<Option<ExitStatus>, SandboxError> {
        let Some(running) = self.running.take() else {
            return Err(SandboxError::WrongState("running before it is stopped"));
        };
        running.stop(limit).map_err(SandboxError::Daemon)
    }

    /// Waits for the daemon to end by itself; `None` if it still runs after `limit`.
    pub fn wait_end(&mut self, limit: Duration) -> Result<Option<ExitStatus>, SandboxError> {
        let Some(running) = self.running.as_mut() else {
            return Err(SandboxError::WrongState("running before its end is waited for"));
        };
        let status = running.wait_end(limit).map_err(SandboxError::Daemon)?;
        if status.is_some() {
            self.running = None;
        }
        Ok(status)
    }

    /// Kills the daemon, and it alone, without warning; it is reaped when this returns.
    pub fn kill9(&mut self) -> Result<(), SandboxError> {
        let Some(running) = self.running.take() else {
            return Err(SandboxError::WrongState("running before it is killed"));
        };
        running.kill().map_err(SandboxError::Daemon)
    }

    /// Drops a test message for the daemon to find. Returns the file's name. Names grow, so that
    /// messages are taken up in the order of the calls.
    pub fn drop_message(&mut self, from: &str, text: &str) -> Result<String, SandboxError> {
        self.draft_message(from, text)?.appear()?;
        Ok(self.last_name())
    }

    /// Writes a test message that appears when it is told to. For who wants the moment of its
    /// appearing without the time that writing takes, or several messages in one moment.
    pub fn draft_message(&mut self, from: &str, text: &str) -> Result<Draft, SandboxError> {
        self.written += 1;
        let message = serde_json::json!({ "from": from, "text": text }).to_string();
        Draft::write(&self.messages_dir(), &self.last_name(), message.as_bytes())
    }

    /// Puts `bytes` into the message directory as `NAME.json`, whole at the moment it appears.
    pub fn drop_file(&self, name: &str, bytes: &[u8]) -> Result<(), SandboxError> {
        Draft::write(&self.messages_dir(), name, bytes)?.appear()
    }

    /// All replies so far, in the order of their rows.
    pub fn replies(&self) -> Result<Vec<Reply>, SandboxError> {
        let directory = self.outbox_dir();
        let listing = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.map_err(on(&directory))?,
        };
        let mut known = self.known.borrow_mut();
        for entry in listing {
            let entry = entry.map_err(on(&directory))?;
            let path = entry.path();
            let is_reply = path.extension().is_some_and(|extension| extension == "json");
            if is_reply && !known.contains_key(&entry.file_name()) {
                let bytes = fs::read(&path).map_err(on(&path))?;
                let reply = serde_json::from_slice(&bytes)
                    .map_err(|source| SandboxError::Reply { path: path.clone(), source })?;
                known.insert(entry.file_name(), reply);
            }
        }
        let mut replies: Vec<Reply> = known.values().cloned().collect();
        replies.sort_by_key(|reply| reply.row);
        Ok(replies)
    }

    /// Waits until `wanted` says yes to the replies so far; the replies either way.
    pub fn wait_replies(
        &self,
        limit: Duration,
        wanted: impl Fn(&[Reply]) -> bool,
    ) -> Result<Vec<Reply>, SandboxError> {
        let mut latest = self.replies()?;
        let mut broken = None;
        let _in_time = wait_until(limit, || match self.replies() {
            Ok(replies) => {
                latest = replies;
                wanted(&latest)
            }
            Err(error) => {
                broken = Some(error);
                true
            }
        });
        broken.map_or(Ok(latest), Err)
    }

    /// Everything that carries the sandbox's mark, the daemon itself apart.
    pub fn leftovers(&self) -> Vec<Seen> {
        let daemon = self.pid();
        let mut marked = Snapshot::take().marked(&self.mark());
        marked.retain(|process| Some(process.pid) != daemon);
        marked
    }

    /// What the daemon has said on stderr, over all its starts.
    pub fn daemon_stderr(&self) -> String {
        running::tail(&self.daemon_log(), usize::MAX)
    }

    /// Ends everything that runs in here, and leaves the directory on disk. Returns its path.
    pub fn keep(mut self) -> PathBuf {
        self.end_all();
        self.root.disable_cleanup(true);
        self.root().to_path_buf()
    }

    /// The name of the message written last.
    fn last_name(&self) -> String {
        format!("{:08}", self.written)
    }

    fn daemon_log(&self) -> PathBuf {
        self.root().join("daemon.log")
    }

    fn end_all(&mut self) {
        if let Some(running) = self.running.take() {
            // Nothing can be reported from here; what survived is killed by its mark below.
            drop(running.kill());
        }
        kill_marked(&self.mark());
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end_all();
    }
}

/// Writes a file that only its owner may read, replacing what was there.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), SandboxError> {
    use std::io::Write;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(on(path))?;
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(on(path))?;
    file.write_all(bytes).map_err(on(path))
}

fn on(path: &Path) -> impl FnOnce(io::Error) -> SandboxError {
    let path = path.to_path_buf();
    move |source| SandboxError::File { path, source }
}

#[cfg(test)]
mod tests;
