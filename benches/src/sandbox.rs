//! A home of its own for the real daemon, with the stand-in of the agent program, and the daemon in
//! it as someone outside sees it: its `READY`, its database, its log, the files it takes and writes.
//!
//! ```text
//! <folder>/home      config.toml, contacts.toml, state/, logs/ ...
//! <folder>/messages  *.json in, outbox/*.json out
//! <folder>/agent     what the stand-in remembers
//! ```

mod daemon;
mod found;

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tempfile::TempDir;

pub use daemon::{Daemon, Idle};
pub use found::{Found, Rows};

use crate::programs::Programs;

/// People who write, all of them admins: so many conversations can there be.
pub const PEOPLE: usize = 40;

/// Nothing here takes this long; after it, it is said what was waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// What went wrong around a measurement.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A file, or a process.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The database of the daemon.
    #[error("read the daemon's database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The daemon did not behave.
    #[error("{what}")]
    Unexpected {
        /// How.
        what: String,
    },
    /// It did not happen.
    #[error("see {what} within {} s", PATIENCE.as_secs())]
    TooLong {
        /// What was waited for.
        what: &'static str,
    },
}

/// A home, removed with this.
#[derive(Debug)]
pub struct Sandbox {
    programs: Programs,
    /// A short path: a socket stands below it.
    dir: TempDir,
}

impl Sandbox {
    /// Makes a home in which [`PEOPLE`] are known.
    ///
    /// # Errors
    /// When there is no disk to make it on.
    pub fn new(programs: &Programs) -> Result<Self, Trouble> {
        let dir = tempfile::Builder::new()
            .prefix("assistant-bench-")
            .tempdir()
            .map_err(system("make a folder"))?;
        let sandbox = Self { programs: programs.clone(), dir };
        for folder in [sandbox.home(), sandbox.messages(), sandbox.agent_dir()] {
            std::fs::DirBuilder::new()
                .mode(0o700)
                .create(folder)
                .map_err(system("make the home"))?;
        }
        let config = format!(
            "[agent]\nprogram = {}\nconfig_dir = {}\n\n[test]\ndir = {}\ntrust = true\n",
            quoted(&programs.agent),
            quoted(&sandbox.agent_dir()),
            quoted(&sandbox.messages()),
        );
        let contact = |nth| {
            let handle = handle(nth);
            format!("[[contact]]\nname = \"{nth}\"\ntier = \"admin\"\nhandles = [\"{handle}\"]\n")
        };
        let contacts: String = (0..PEOPLE).map(contact).collect();
        for (name, text) in [("config.toml", config), ("contacts.toml", contacts)] {
            std::fs::write(sandbox.home().join(name), text).map_err(system("write the home"))?;
        }
        Ok(sandbox)
    }

    /// `claude-assistant` on this home, with nothing of the caller's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.programs.daemon);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.dir.path())
            .env("CLAUDE_ASSISTANT_HOME", self.home())
            .current_dir(self.dir.path());
        command
    }

    /// Puts messages into the directory, whole at once as a careful program would: `text` from each
    /// of `people` in turn, `count` in all. Returns the moment before the first was there.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn drop_messages(&self, count: usize, people: &[usize]) -> Result<Moment, Trouble> {
        let names: Vec<(PathBuf, PathBuf)> = (0..count)
            .map(|nth| {
                let name = format!("{nth:05}.json");
                (self.messages().join(format!(".{name}")), self.messages().join(name))
            })
            .collect();
        for ((draft, _), person) in names.iter().zip(people.iter().cycle()) {
            let message = json!({"from": handle(*person), "text": crate::framing::SHORT});
            std::fs::write(draft, message.to_string()).map_err(system("write a message"))?;
        }
        let moment = Moment::now();
        for (draft, name) in names {
            std::fs::rename(draft, name).map_err(system("drop a message"))?;
        }
        Ok(moment)
    }

    /// The folder of this sandbox, for what else is to be written to the same disk.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Where replies appear.
    pub fn outbox(&self) -> PathBuf {
        self.messages().join("outbox")
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn messages(&self) -> PathBuf {
        self.dir.path().join("messages")
    }

    fn agent_dir(&self) -> PathBuf {
        self.dir.path().join("agent")
    }
}

/// One moment on both clocks: the one that measures, and the one that is written down.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For measuring in this process.
    pub instant: Instant,
    /// Milliseconds since the Unix epoch, for comparing with what the daemon wrote.
    pub wall_ms: f64,
}

impl Moment {
    fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instant: Instant::now(), wall_ms: since.as_secs_f64() * 1000.0 }
    }
}

/// How the person with this number writes from.
pub fn handle(person: usize) -> String {
    format!("+1555555{person:04}")
}

/// Looks again and again until there is something, every `pause`.
fn wait_for<T>(
    what: &'static str,
    pause: Duration,
    mut look: impl FnMut() -> Result<Option<T>, Trouble>,
) -> Result<T, Trouble> {
    let began = Instant::now();
    loop {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        if PATIENCE < began.elapsed() {
            return Err(Trouble::TooLong { what });
        }
        std::thread::park_timeout(pause);
    }
}

fn system(what: &'static str) -> impl Fn(io::Error) -> Trouble {
    move |source| Trouble::System { what, source }
}

/// A path as TOML writes it, which for a path of ours is as JSON does.
fn quoted(path: &Path) -> String {
    json!(path.to_string_lossy()).to_string()
}
