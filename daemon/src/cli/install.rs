//! `install` and `uninstall`: has the system start the launcher at every login, or no more.
//!
//! ```text
//!  own executable ──copied──> launcher/claude-assistant
//!        └── if there is no slot yet ──> slots/<name>, good and current
//!  service file written ──> systemctl --user | launchctl
//! ```
//!
//! A second `install` replaces the launcher and mends the file. Slots and data stay whatever happens.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

mod orders;

use super::Place;
use super::print::Screen;
use crate::config::args::{Install, Uninstall};
use crate::config::{Config, Home};
use crate::control::lock::{self, Held};
use crate::durable;
use crate::exit::{Code, Failure};
use crate::service::{self, Begin, Init, Service};
use crate::slots::Slots;
use orders::{OrderError, ask, order};

/// What is to be installed, and where.
#[derive(Debug)]
pub(super) struct Installed {
    init: Init,
    service: Service,
    file: PathBuf,
}

/// How a service file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileState {
    /// There is none.
    Missing,
    /// It says what would be written.
    Same,
    /// It says something else.
    Differs,
}

impl Installed {
    /// What would be installed for a home, given by its one true path.
    pub(super) fn of(
        place: &Place,
        home: &Home,
        config: &Config,
        init: Init,
    ) -> Result<Self, Failure> {
        let user_home = place.user_home.as_deref().ok_or_else(|| {
            let message = "HOME does not say where a service file belongs";
            Failure::new(Code::Usage, message)
        })?;
        let set =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let config_home = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let file = service::file_of(init, home, user_home, config_home.as_deref());
        let service = Service::of(home, user_home, config, set("PATH").as_deref())?;
        Ok(Self { init, service, file })
    }

    /// Where its service file belongs.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// How the file is that stands there.
    pub(super) fn state(&self) -> io::Result<FileState> {
        match fs::read_to_string(&self.file) {
            Ok(text) if service::is_same(&text, &self.service.text(self.init)) => {
                Ok(FileState::Same)
            }
            Ok(_) => Ok(FileState::Differs),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FileState::Missing),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(FileState::Differs),
            Err(error) => Err(error),
        }
    }

    /// Writes the file; how the one was that stood there.
    fn write(&self) -> io::Result<FileState> {
        let before = self.state()?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        durable::replace(&self.file, self.service.text(self.init).as_bytes())?;
        Ok(before)
    }

    /// Has the system take it up.
    async fn load(&self, begin: Begin, before: FileState) -> Result<(), OrderError> {
        if self.init == Init::Launchd && begin == Begin::Now && self.is_loaded().await? {
            // launchd keeps what it read until it is told to forget it.
            if before == FileState::Same {
                return Ok(());
            }
            self.unload().await?;
        }
        for words in self.service.loading(self.init, &self.file, begin) {
            order(self.init, &words, orders::COMMAND_MAX).await?;
        }
        Ok(())
    }

    async fn unload(&self) -> Result<(), OrderError> {
        for words in self.service.unloading(self.init) {
            order(self.init, &words, self.service.stop_max() + orders::COMMAND_MAX).await?;
        }
        Ok(())
    }

    async fn is_loaded(&self) -> Result<bool, OrderError> {
        ask(self.init, &self.service.asking(self.init)).await
    }

    /// Ends it, and has the system forget it.
    async fn forget(&self) -> anyhow::Result<()> {
        let is_there = self.file.exists();
        // A system that would not know of it has nothing to end.
        if self.init == Init::Systemd && is_there || self.is_loaded().await? {
            self.unload().await?;
        }
        self.remove_file()?;
        if let Some(words) = Service::forgetting(self.init).filter(|_| is_there) {
            order(self.init, &words, orders::COMMAND_MAX).await?;
        }
        Ok(())
    }

    fn remove_file(&self) -> anyhow::Result<()> {
        if self.file.exists() {
            durable::remove(&self.file).context("remove the service file")?;
        }
        Ok(())
    }
}

pub(super) async fn install(
    place: &Place,
    asked: &Install,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let begin = if asked.no_start { Begin::AtLogin } else { Begin::Now };
    if begin == Begin::Now {
        refuse_daemon_by_hand(&place.home)?;
    }
    // Read before anything is made.
    let config = load_config(place)?;
    place.home.prepare().map_err(Failure::from)?;
    let home = place.home.canonical().map_err(Failure::from)?;
    let installed = Installed::of(place, &home, &config, asked.manager)?;
    let own = std::env::current_exe().context("find the own executable")?;
    durable::make_dir(&home.launcher_dir())
        .and_then(|()| durable::copy_program(&own, &home.launcher_program()))
        .context("install the launcher")?;
    screen.line(&format!("launcher  {}", home.launcher_program().display()))?;
    screen.line(&format!("slot      {}", slot(&home, &own, asked.commit.as_deref())?))?;
    let before = installed.write().context("write the service file")?;
    screen.line(&format!("service   {}", installed.file.display()))?;
    installed.load(begin, before).await.map_err(|error| error.after_install(&installed.file))?;
    screen.line(match begin {
        Begin::Now => {
            "it is loaded; a launcher that ran before goes on as it was until its restart"
        }
        Begin::AtLogin => "it begins at the next login",
    })?;
    if asked.manager == Init::Systemd {
        screen.line("it ends when you log out, unless: loginctl enable-linger")?;
    }
    Ok(Code::Done)
}

pub(super) async fn uninstall(
    place: &Place,
    asked: &Uninstall,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let Ok(home) = place.home.canonical() else {
        screen.line("nothing is installed")?;
        return Ok(Code::Done);
    };
    // A configuration that is broken keeps nobody from it; it says nothing but how long a stop takes.
    let config = load_config(place).or_else(|_| Config::load(Path::new(""), None))?;
    let installed = Installed::of(place, &home, &config, asked.manager)?;
    let launcher = home.launcher_program();
    if !installed.file.exists() && !launcher.exists() {
        screen.line("nothing is installed")?;
        return Ok(Code::Done);
    }
    let forgotten = installed.forget().await;
    let nobody = forgotten.as_ref().err().and_then(OrderError::missing_in);
    if nobody.is_none() {
        forgotten?;
    }
    installed.remove_file()?;
    if launcher.exists() {
        durable::remove(&launcher).context("remove the launcher")?;
    }
    // What somebody else put there is not ours to remove.
    drop(fs::remove_dir(home.launcher_dir()));
    screen.line("uninstalled; slots and data stay")?;
    match nobody {
        None => Ok(Code::Done),
        Some(error) => Err(error.after_uninstall().into()),
    }
}

fn load_config(place: &Place) -> Result<Config, Failure> {
    Ok(Config::load(&place.home.config_file(), place.user_home.as_deref())?)
}

/// One that runs already, and not below a launcher, would be in the launcher's way.
fn refuse_daemon_by_hand(home: &Home) -> anyhow::Result<()> {
    let held = lock::look(&home.lock()).context("look at the lock")?;
    let launched = lock::look(&home.launcher_lock()).context("look at the launcher's lock")?;
    if held == Held::Free || launched != Held::Free {
        return Ok(());
    }
    let message = "a daemon runs that was started by hand (claude-assistant stop, then install)";
    Err(Failure::new(Code::Busy, message).into())
}

/// The slot that the launcher will run: the current one, or one made of this program.
fn slot(home: &Home, own: &Path, commit: Option<&str>) -> Result<String, Failure> {
    let slots = Slots::of(home);
    if let Some(current) = slots.current()? {
        return Ok(format!("{current}, as it was"));
    }
    let made = slots.install(own, commit)?;
    slots.set_current(&made)?;
    Ok(made.to_string())
}
