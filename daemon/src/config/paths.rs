//! The home of one assistant: the folder that holds everything it keeps, with a typed path for
//! each thing in it. Whoever may read the home reads people's messages, so all of it is private
//! to the owner: folders 0700, files 0600.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::exit::{Code, Failure};

/// The variable that names another home than `~/.claude-assistant`.
pub(crate) const HOME_VARIABLE: &str = "CLAUDE_ASSISTANT_HOME";

/// The mode of every folder of the home.
pub(crate) const DIR_MODE: u32 = 0o700;

/// The mode of every file of the home, and of its socket.
pub(crate) const FILE_MODE: u32 = 0o600;

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// Neither variable says where it is.
    #[error("neither CLAUDE_ASSISTANT_HOME nor HOME says where the assistant's home is")]
    Nowhere,
    /// Its folder belongs to somebody else, who could read or replace everything in it.
    #[error("{}: belongs to another user (uid {uid})", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// A folder of it could not be made or made private.
    #[error("{}: cannot be made a private folder: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let code = match &error {
            HomeError::Foreign { .. } => Code::Denied,
            HomeError::Nowhere => Code::Usage,
            HomeError::Folder { source, .. } => Code::of_io(source, Code::Usage),
        };
        Self::new(code, error.to_string())
    }
}

/// The folder of one assistant. Naming a path in it touches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// Finds the home from the two variables' values: [`HOME_VARIABLE`], else `HOME`.
    ///
    /// # Errors
    /// [`HomeError::Nowhere`] when neither is set to something.
    pub(crate) fn locate(
        named: Option<OsString>,
        user_home: Option<OsString>,
    ) -> Result<Self, HomeError> {
        let set = |value: Option<OsString>| value.filter(|text| !text.is_empty());
        let root = match (set(named), set(user_home)) {
            (Some(named), user) => expand(Path::new(&named), user.as_deref().map(Path::new)),
            (None, Some(user)) => Path::new(&user).join(".claude-assistant"),
            (None, None) => return Err(HomeError::Nowhere),
        };
        let root = std::path::absolute(&root).map_err(|_| HomeError::Nowhere)?;
        Ok(Self { root })
    }

    /// The home at a folder.
    pub(crate) fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The same home by its one true path. Two names of a folder (a link to it) are one home: what
    /// its daemons leave running is found by a hash of this path.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn canonical(&self) -> Result<Self, HomeError> {
        let root = fs::canonicalize(&self.root)
            .map_err(|source| HomeError::Folder { path: self.root.clone(), source })?;
        Ok(Self { root })
    }

    /// Makes every folder of the home that is missing, and takes from folders and from the two
    /// configuration files whatever rights others have on them.
    ///
    /// # Errors
    /// When a folder belongs to somebody else, or cannot be made private.
    pub(crate) fn prepare(&self) -> Result<(), HomeError> {
        private_dir(&self.root)?;
        for dir in [
            self.state_dir(),
            self.work_root(),
            self.logs_dir(),
            self.transcripts_dir(),
            self.run_dir(),
            self.prompts_dir(),
        ] {
            private_dir(&dir)?;
        }
        for file in [self.config_file(), self.contacts_file()] {
            private_file(&file)
                .map_err(|source| HomeError::Folder { path: file.clone(), source })?;
        }
        Ok(())
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// `config.toml`.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// `contacts.toml`.
    pub(crate) fn contacts_file(&self) -> PathBuf {
        self.root.join("contacts.toml")
    }

    /// `state/`: what must survive.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.root.join("state")
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.state_dir().join("assistant.db")
    }

    /// The folder of the sessions' working directories.
    pub(crate) fn work_root(&self) -> PathBuf {
        self.state_dir().join("work")
    }

    /// `logs/`.
    pub(crate) fn logs_dir(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The daemon's log; rotated ones stand beside it as `.1`, `.2`, ...
    pub(crate) fn log_file(&self) -> PathBuf {
        self.logs_dir().join("daemon.log")
    }

    /// The launcher's log.
    pub(crate) fn launcher_log(&self) -> PathBuf {
        self.logs_dir().join("launcher.log")
    }

    /// What a detached daemon writes to its standard error, outside the log: next to nothing.
    pub(crate) fn stderr_file(&self) -> PathBuf {
        self.logs_dir().join("stderr.log")
    }

    /// `transcripts/`.
    pub(crate) fn transcripts_dir(&self) -> PathBuf {
        self.root.join("transcripts")
    }

    /// The transcript of the session with this row number.
    pub(crate) fn transcript(&self, session: i64) -> PathBuf {
        self.transcripts_dir().join(format!("{session}.jsonl"))
    }

    /// `run/`: what is true only while a daemon runs.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.root.join("run")
    }

    /// The control socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.run_dir().join("control.sock")
    }

    /// The lock that a daemon holds as long as it lives.
    pub(crate) fn lock(&self) -> PathBuf {
        self.run_dir().join("lock")
    }

    /// The daemon's process id, for people and service files; nothing is decided by it.
    pub(crate) fn pid_file(&self) -> PathBuf {
        self.run_dir().join("daemon.pid")
    }

    /// `launcher/`: the program that starts the daemon; only `install` writes there.
    pub(crate) fn launcher_dir(&self) -> PathBuf {
        self.root.join("launcher")
    }

    /// The launcher's own copy of the program.
    pub(crate) fn launcher_program(&self) -> PathBuf {
        self.launcher_dir().join("claude-assistant")
    }

    /// The lock that a launcher holds as long as it lives.
    pub(crate) fn launcher_lock(&self) -> PathBuf {
        self.run_dir().join("launcher.lock")
    }

    /// The launcher's socket.
    pub(crate) fn launcher_socket(&self) -> PathBuf {
        self.run_dir().join("launcher.sock")
    }

    /// The lock of whoever carries out a gated restart.
    pub(crate) fn restart_lock(&self) -> PathBuf {
        self.run_dir().join("restart.lock")
    }

    /// `slots/`: the builds that can be run.
    pub(crate) fn slots_dir(&self) -> PathBuf {
        self.root.join("slots")
    }

    /// `state/restart/`: what a restart has to remember.
    pub(crate) fn restart_dir(&self) -> PathBuf {
        self.state_dir().join("restart")
    }

    /// A restart that is under way.
    pub(crate) fn pending_file(&self) -> PathBuf {
        self.restart_dir().join("pending.json")
    }

    /// What the launcher remembers of crashes.
    pub(crate) fn keeper_file(&self) -> PathBuf {
        self.restart_dir().join("keeper.json")
    }

    /// The restarts that were asked for from inside.
    pub(crate) fn requests_dir(&self) -> PathBuf {
        self.restart_dir().join("requests")
    }

    /// What gated restarts came to.
    pub(crate) fn restart_reports_dir(&self) -> PathBuf {
        self.restart_dir().join("reports")
    }

    /// What the command of a restart that was asked for from inside wrote.
    pub(crate) fn restart_log(&self, id: &str) -> PathBuf {
        self.logs_dir().join(format!("restart-{id}.log"))
    }

    /// `backups/`: copies of the database.
    pub(crate) fn backups_dir(&self) -> PathBuf {
        self.root.join("backups")
    }

    /// `prompts/`: the system prompts of running agents.
    pub(crate) fn prompts_dir(&self) -> PathBuf {
        self.root.join("prompts")
    }

    /// The system prompt of the session with this row number.
    pub(crate) fn prompt(&self, session: i64) -> PathBuf {
        self.prompts_dir().join(format!("{session}.md"))
    }
}

/// Replaces a leading `~` by the user's home folder, where that is known.
pub(crate) fn expand(path: &Path, user_home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), user_home) {
        (Ok(rest), Some(user_home)) => user_home.join(rest),
        _ => path.to_owned(),
    }
}

/// Makes a folder of mode 0700 with all its parents, or takes others' rights from an existing one.
///
/// # Errors
/// When it belongs to somebody else, is no folder, or cannot be made private.
pub(crate) fn private_dir(path: &Path) -> Result<(), HomeError> {
    let failed = |source| HomeError::Folder { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(path).map_err(failed)?;
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(HomeError::Foreign { path: path.to_owned(), uid: metadata.uid() });
    }
    if metadata.mode() & 0o777 == DIR_MODE {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(DIR_MODE)).map_err(failed)
}

/// Takes others' rights from a file, if it exists.
fn private_file(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.mode() & 0o077 != 0 => {
            let mode = metadata.mode() & 0o700;
            fs::set_permissions(path, Permissions::from_mode(mode))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
