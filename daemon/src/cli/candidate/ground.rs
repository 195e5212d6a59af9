//! The throw-away home in which a candidate runs: private, short enough for a socket, and gone when
//! its value is.
//!
//! ```text
//!  assistant-candidate-<pid>/ a home: config.toml, contacts.toml, state/, logs/, run/, ...
//!      messages/  outbox/     its test directory
//!      agent/  user/  tmp/    what would else be the person's: agent state, HOME, TMPDIR
//!      hold                   while it is there, people's messages stay in the inbox
//!      held                   locked by the candidate: one that nobody holds is removed
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::config::paths::{DIR_MODE, FILE_MODE};
use crate::config::{Config, Home};
use crate::control::check_path;
use crate::processes::HomeId;
use crate::throwaway::{self, CANDIDATE};

/// Where a home goes if neither the real one nor the folder for temporary files is short enough.
const SHORTEST: &str = "/tmp";

/// Folders of the ground that a home does not have by itself.
const FOLDERS: [&str; 4] = ["messages", "agent", "user", "tmp"];

/// A throw-away home.
#[derive(Debug)]
pub(super) struct Ground {
    home: Home,
    /// Locked as long as this process uses the home.
    _held: File,
}

impl Ground {
    /// Makes the home below `run/` of the real one, or where temporary files go if that path is too
    /// long for a socket or not there.
    pub(super) fn make(real: &Home) -> io::Result<Self> {
        let bases = [real.run_dir(), std::env::temp_dir(), PathBuf::from(SHORTEST)];
        let mut refused = io::Error::from(io::ErrorKind::NotFound);
        for base in bases {
            match Self::below(&base) {
                Ok(ground) => return Ok(ground),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn below(base: &Path) -> io::Result<Self> {
        // What its daemon leaves running is found by the one true path.
        let base = fs::canonicalize(base)?;
        throwaway::remove_candidates(&base);
        let home = Home::at(base.join(format!("{CANDIDATE}{}", std::process::id())));
        check_path(&home.socket()).map_err(io::Error::other)?;
        DirBuilder::new().mode(DIR_MODE).create(home.root())?;
        let ground = Self { _held: throwaway::hold(home.root())?, home };
        ground.home.prepare().map_err(io::Error::other)?;
        for folder in FOLDERS {
            DirBuilder::new().mode(DIR_MODE).create(ground.folder(folder))?;
        }
        write(&ground.hold(), b"")?;
        Ok(ground)
    }

    /// The home itself.
    pub(super) fn home(&self) -> &Home {
        &self.home
    }

    /// By which everything that its agents start is found.
    pub(super) fn id(&self) -> HomeId {
        HomeId::of(self.home.root())
    }

    /// Its test directory.
    pub(super) fn messages(&self) -> PathBuf {
        self.folder("messages")
    }

    /// The file whose being there holds delivery.
    pub(super) fn hold(&self) -> PathBuf {
        self.home.root().join("hold")
    }

    /// One of [`FOLDERS`].
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.home.root().join(name)
    }

    /// Writes what the daemon reads: the real configuration as far as it concerns nobody outside, and
    /// the real contacts.
    pub(super) fn furnish(&self, config: Config, agent: &Path, real: &Home) -> io::Result<()> {
        let text = toml::to_string(&self.config(config, agent)).map_err(io::Error::other)?;
        write(&self.home.config_file(), text.as_bytes())?;
        match fs::read(real.contacts_file()) {
            Ok(contacts) => write(&self.home.contacts_file(), &contacts),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Every setting is named here, so that a new one is not taken over unseen: what reads or reaches
    /// something outside of this folder is left out.
    fn config(&self, config: Config, agent: &Path) -> Table {
        let Config { agent: real, test, memory: _, shutdown, restart: _, log } = config;
        let mut program = Table::new();
        put(&mut program, "program", path(agent));
        put(&mut program, "config_dir", path(&self.folder("agent")));
        if let Some(model) = real.model {
            put(&mut program, "model", model);
        }
        if let Some(max) = real.agents_alive_max {
            put(&mut program, "agents_alive_max", i64::from(max.get()));
        }
        let env: Table = real.env.into_iter().map(|(name, value)| (name, value.into())).collect();
        put(&mut program, "env", env);
        let mut source = Table::new();
        put(&mut source, "enabled", true);
        put(&mut source, "dir", path(&self.messages()));
        put(&mut source, "watch", test.watch);
        let mut end = Table::new();
        put(&mut end, "deadline_s", shutdown.deadline.as_secs_f64());
        put(&mut end, "turn_grace_s", shutdown.turn_grace.as_secs_f64());
        let mut logged = Table::new();
        put(&mut logged, "level", log.as_str());
        let tables = [("agent", program), ("test", source), ("shutdown", end), ("log", logged)];
        tables.into_iter().map(|(name, table)| (name.to_owned(), Value::Table(table))).collect()
    }

    /// Puts a message into the test directory, whole at the moment it appears.
    pub(super) fn drop_message(&self, name: &str, message: &[u8]) -> io::Result<()> {
        let draft = self.folder("tmp").join(name);
        write(&draft, message)?;
        fs::rename(draft, self.messages().join(format!("{name}.json")))
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // What cannot be removed is tried again by the next candidate.
        drop(fs::remove_dir_all(self.home.root()));
    }
}

fn put(table: &mut Table, name: &str, value: impl Into<Value>) {
    table.insert(name.to_owned(), value.into());
}

/// A path as configurations spell it. One that is not UTF-8 would not have been read from one.
fn path(path: &Path) -> String {
    path.display().to_string()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File =
        OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests;
