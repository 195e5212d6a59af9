//! How the system starts the launcher at a person's login and keeps it alive: the text of a service
//! file for systemd and one for launchd, where it belongs, and the commands that load it.
//!
//! ```text
//!  systemd  ~/.config/systemd/user/<name>.service    systemctl --user ...
//!  launchd  ~/Library/LaunchAgents/<name>.plist      launchctl ... gui/<uid>
//! ```
//!
//! All of it is text made of values, for either system on any system. Files and processes are
//! `install`'s.

mod launchd;
mod systemd;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use crate::config::{Config, Home};
use crate::exit::{Code, Failure};
use crate::processes::HomeId;

/// How the program and the service of a person's only assistant are called.
const NAME: &str = "claude-assistant";

/// What the launcher may take to stop beyond the daemon's deadline: for a daemon that has to be killed,
/// for what it left, and for the launcher itself.
const STOP_MARGIN: Duration = Duration::from_secs(15);

/// Where programs are looked for if the person's own `PATH` is not known.
const PATH_UNKNOWN: &str = "/usr/local/bin:/usr/bin:/bin";

const OF_THIS_SYSTEM: Init = if cfg!(target_os = "macos") { Init::Launchd } else { Init::Systemd };

/// What starts programs on a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Init {
    /// On Linux.
    Systemd,
    /// On macOS.
    Launchd,
}

impl Init {
    /// All there are; that of this system may be another one than what was named to `install`.
    pub(crate) const ALL: [Self; 2] = [Self::Systemd, Self::Launchd];

    /// That of the system this is built for.
    pub(crate) const OF_THIS_SYSTEM: Self = OF_THIS_SYSTEM;

    /// Its command.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Systemd => "systemctl",
            Self::Launchd => "launchctl",
        }
    }
}

/// Whether what is installed begins at once or at the next login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Now.
    Now,
    /// At the next login.
    AtLogin,
}

/// What a service file is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    /// Its name, the same for the same home.
    name: String,
    /// The launcher.
    program: String,
    home: String,
    /// The programs' `PATH`.
    path: String,
    /// Where the launcher's standard error goes.
    words: String,
    /// How long a stop may take.
    stop_max: Duration,
}

/// A path that cannot stand in a service file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a service file: {}: not UTF-8, or holds a control character", path.display())]
pub(crate) struct Unfit {
    path: PathBuf,
}

impl From<Unfit> for Failure {
    fn from(error: Unfit) -> Self {
        Self::to(Code::Usage, &error)
    }
}

impl Service {
    /// The service of a home, given by its one true path. `path` is the `PATH` of whoever installs it.
    ///
    /// # Errors
    /// When one of the paths cannot stand in a service file.
    pub(crate) fn of(
        home: &Home,
        user_home: &Path,
        config: &Config,
        path: Option<&Path>,
    ) -> Result<Self, Unfit> {
        Ok(Self {
            name: name_of(home, user_home),
            program: text_of(&home.launcher_program())?,
            home: text_of(home.root())?,
            path: text_of(path.unwrap_or(Path::new(PATH_UNKNOWN)))?,
            words: text_of(&home.stderr_file())?,
            stop_max: config.shutdown.deadline + STOP_MARGIN,
        })
    }

    /// The text of its file.
    pub(crate) fn text(&self, init: Init) -> String {
        match init {
            Init::Systemd => systemd::unit(self),
            Init::Launchd => launchd::plist(self),
        }
    }

    /// How long a command may take that stops it.
    pub(crate) fn stop_max(&self) -> Duration {
        self.stop_max
    }

    /// The arguments of the commands that have it begin, one after the other.
    pub(crate) fn loading(&self, init: Init, file: &Path, begin: Begin) -> Vec<Vec<String>> {
        match init {
            Init::Systemd => systemd::loading(&self.name, begin),
            Init::Launchd => launchd::loading(file, begin),
        }
    }

    /// The arguments of the commands that end it, one after the other.
    pub(crate) fn unloading(&self, init: Init) -> Vec<Vec<String>> {
        match init {
            Init::Systemd => systemd::unloading(&self.name),
            Init::Launchd => launchd::unloading(&self.name),
        }
    }

    /// The arguments of a command that succeeds if it is loaded.
    pub(crate) fn asking(&self, init: Init) -> Vec<String> {
        match init {
            Init::Systemd => systemd::asking(&self.name),
            Init::Launchd => launchd::asking(&self.name),
        }
    }

    /// The arguments of the command that starts what is loaded.
    pub(crate) fn starting(&self, init: Init) -> Vec<String> {
        match init {
            Init::Systemd => systemd::starting(&self.name),
            Init::Launchd => launchd::starting(&self.name),
        }
    }

    /// The arguments of systemd's command that ends what runs, or is about to, and no more than that.
    pub(crate) fn ceasing(&self) -> Vec<String> {
        systemd::ceasing(&self.name)
    }

    /// The arguments of a command that tells the process that runs: [`pid_in`] reads it.
    pub(crate) fn asking_pid(&self, init: Init) -> Vec<String> {
        match init {
            Init::Systemd => systemd::asking_pid(&self.name),
            Init::Launchd => launchd::asking(&self.name),
        }
    }

    /// The arguments of the command by which a person sees how it is.
    pub(crate) fn looking(&self, init: Init) -> Vec<String> {
        match init {
            Init::Systemd => systemd::looking(&self.name),
            Init::Launchd => launchd::asking(&self.name),
        }
    }

    /// The arguments of a command that succeeds if there is anybody to be asked.
    pub(crate) fn reaching(init: Init) -> Vec<String> {
        match init {
            Init::Systemd => systemd::reaching(),
            Init::Launchd => launchd::reaching(),
        }
    }

    /// The arguments of the command that is to follow once the file is gone, if one is.
    pub(crate) fn forgetting(init: Init) -> Option<Vec<String>> {
        match init {
            Init::Systemd => Some(systemd::reloading()),
            Init::Launchd => None,
        }
    }
}

/// The process that a command tells of: systemd `MainPID=7`, launchd a line `pid = 7` among others.
pub(crate) fn pid_in(init: Init, told: &str) -> Option<u32> {
    let before = match init {
        Init::Systemd => "MainPID=",
        Init::Launchd => "pid = ",
    };
    let pid = told.lines().find_map(|line| line.trim().strip_prefix(before))?.parse().ok()?;
    // Systemd's word for none.
    (pid != 0).then_some(pid)
}

/// Whether a command that ended with this had it begun, and is not done.
pub(crate) fn goes_on(init: Init, code: Option<i32>) -> bool {
    init == Init::Launchd && code == Some(launchd::IN_PROGRESS)
}

/// Whether a command that ended with this may succeed a moment later, because what was ended before has
/// not gone yet.
pub(crate) fn may_pass(init: Init, code: Option<i32>) -> bool {
    init == Init::Launchd && code.is_some_and(|code| launchd::NOT_YET.contains(&code))
}

/// Where the service file of a home belongs. `config_home` is `XDG_CONFIG_HOME`, where that is set.
pub(crate) fn file_of(
    init: Init,
    home: &Home,
    user_home: &Path,
    config_home: Option<&Path>,
) -> PathBuf {
    let name = name_of(home, user_home);
    match init {
        Init::Systemd => config_home
            .map_or_else(|| user_home.join(".config"), Path::to_owned)
            .join(format!("systemd/user/{name}.service")),
        Init::Launchd => user_home.join(format!("Library/LaunchAgents/{name}.plist")),
    }
}

/// The words of a command outside of the cgroup of any service: systemd ends what is in that of a
/// service that ends. It stays the process that it is begun as. The name is the scope's, without its
/// ending; systemd finds one where there is none.
pub(crate) fn in_scope(name: Option<&str>, command: &[OsString]) -> Vec<OsString> {
    systemd::in_scope(name, command)
}

/// Whether two texts say the same but for the `PATH`, which is that of whoever wrote each.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    without_path(one).eq(without_path(other))
}

fn without_path(text: &str) -> impl Iterator<Item = &str> {
    let mut below_key = false;
    text.lines().filter(move |line| {
        let is_path = below_key || systemd::is_path(line);
        below_key = launchd::is_path_key(line);
        !is_path
    })
}

/// A second home beside the usual one has a service of its own.
fn name_of(home: &Home, user_home: &Path) -> String {
    if home.root() == user_home.join(".claude-assistant") {
        NAME.to_owned()
    } else {
        format!("{NAME}-{}", HomeId::of(home.root()))
    }
}

fn text_of(path: &Path) -> Result<String, Unfit> {
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err(Unfit { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
