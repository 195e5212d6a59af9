//! What `install` has left for the service manager of the system: its file, and what is asked of the
//! manager about it. `start`, `stop` and `restart` ask it too, so that it never starts a second launcher
//! beside one that it does not know.
//!
//! ```text
//! file ── loaded ── begun ──> the launcher runs ── ended ── unloaded ── file removed
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, sleep};

mod orders;

use super::Place;
use crate::config::{Config, Home};
use crate::durable;
use crate::exit::{Code, Failure};
use crate::service::{self, Begin, Init, Service};
pub(super) use orders::OrderError;
use orders::{ask, order, read};

/// How long launchd may take to be done with a job that it was told to forget, beyond the job's stop:
/// it answers before it is.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

/// How often it is asked meanwhile.
const ASK_INTERVAL: Duration = Duration::from_millis(250);

/// What is to be installed, or is, and where.
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

/// What a launcher is by now that the manager had started before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loaded {
    /// As it was.
    Untouched,
    /// Ended, and another was started.
    Anew,
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

    /// What is installed for the home, where a manager has a file of it and can be asked.
    pub(super) async fn found(place: &Place) -> Option<Self> {
        let home = place.home.canonical().ok()?;
        // It says nothing but how long a stop takes.
        let user_home = place.user_home.as_deref();
        let config = Config::load(&home.config_file(), user_home)
            .unwrap_or_else(|_| Config::defaults(user_home));
        for init in Init::ALL {
            let installed = Self::of(place, &home, &config, init).ok()?;
            if installed.file.exists() && installed.reach().await.is_ok() {
                return Some(installed);
            }
        }
        None
    }

    /// Where its service file belongs.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// What a person types to see how it is.
    pub(super) fn looking(&self) -> String {
        orders::typed(self.init, &self.service.looking(self.init))
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
    pub(super) fn write(&self) -> io::Result<FileState> {
        let before = self.state()?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        durable::replace(&self.file, self.service.text(self.init).as_bytes())?;
        Ok(before)
    }

    /// Has the manager take it up.
    pub(super) async fn load(&self, begin: Begin, before: FileState) -> Result<Loaded, OrderError> {
        let mut loaded = Loaded::Untouched;
        if self.init == Init::Launchd && begin == Begin::Now && self.is_loaded().await? {
            // launchd keeps what it read until it is told to forget it.
            if before == FileState::Same {
                self.begin().await?;
                return Ok(loaded);
            }
            self.unload().await?;
            loaded = Loaded::Anew;
        }
        for words in self.service.loading(self.init, &self.file, begin) {
            self.order(&words, orders::COMMAND_MAX).await?;
        }
        Ok(loaded)
    }

    /// Has the manager start the launcher, unless its own runs.
    pub(super) async fn begin(&self) -> Result<(), OrderError> {
        if self.init == Init::Launchd && !self.is_loaded().await? {
            for words in self.service.loading(self.init, &self.file, Begin::Now) {
                self.order(&words, orders::COMMAND_MAX).await?;
            }
            return Ok(());
        }
        if self.launcher().await?.is_some() {
            return Ok(());
        }
        let limit = self.service.stop_max() + orders::COMMAND_MAX;
        self.order(&self.service.starting(self.init), limit).await
    }

    /// What to do where the launcher was not started.
    pub(super) fn not_begun(&self, error: &OrderError) -> Failure {
        let advice = format!("{} and logs/launcher.log say more", self.looking());
        Failure::new(Code::Failed, format!("failed to {error}\n  {advice}"))
    }

    /// Has the manager start it no more before the next login, or `start`: one whose launcher ended badly
    /// is about to.
    pub(super) async fn cease(&self) -> Result<(), OrderError> {
        match self.init {
            Init::Systemd => {
                let limit = self.service.stop_max() + orders::COMMAND_MAX;
                self.order(&self.service.ceasing(), limit).await
            }
            Init::Launchd if self.is_loaded().await? => self.unload().await,
            Init::Launchd => Ok(()),
        }
    }

    /// The process of the launcher that the manager has started.
    pub(super) async fn launcher(&self) -> Result<Option<u32>, OrderError> {
        self.reach().await?;
        let said = read(self.init, &self.service.asking_pid(self.init)).await?;
        Ok(service::pid_in(self.init, &said))
    }

    /// Ends it, and has the manager forget it.
    pub(super) async fn forget(&self) -> anyhow::Result<()> {
        let is_there = self.file.exists();
        // A system that would not know of it has nothing to end.
        if self.init == Init::Systemd && is_there || self.is_loaded().await? {
            self.unload().await?;
        }
        self.remove_file()?;
        if let Some(words) = Service::forgetting(self.init).filter(|_| is_there) {
            self.order(&words, orders::COMMAND_MAX).await?;
        }
        Ok(())
    }

    /// Removes the file, if it is there.
    pub(super) fn remove_file(&self) -> anyhow::Result<()> {
        if self.file.exists() {
            durable::remove(&self.file).context("remove the service file")?;
        }
        Ok(())
    }

    /// Whether the manager can be asked at all: there is none in a container, and none without a login.
    async fn reach(&self) -> Result<(), OrderError> {
        order(self.init, &Service::reaching(self.init), orders::COMMAND_MAX).await
    }

    async fn is_loaded(&self) -> Result<bool, OrderError> {
        ask(self.init, &self.service.asking(self.init)).await
    }

    async fn unload(&self) -> Result<(), OrderError> {
        let limit = self.service.stop_max() + orders::COMMAND_MAX;
        for words in self.service.unloading(self.init) {
            match order(self.init, &words, limit).await {
                Err(error) if service::goes_on(self.init, error.code()) => {}
                other => other?,
            }
        }
        if self.init == Init::Launchd {
            self.wait_until_unloaded().await?;
        }
        Ok(())
    }

    async fn wait_until_unloaded(&self) -> Result<(), OrderError> {
        let (began, limit) = (Instant::now(), self.service.stop_max() + SETTLED_WITHIN);
        while self.is_loaded().await? {
            if limit < began.elapsed() {
                return Err(OrderError::Stays { init: self.init, limit });
            }
            sleep(ASK_INTERVAL).await;
        }
        Ok(())
    }

    /// Orders it, and again while the manager is not done with what was there before.
    async fn order(&self, words: &[String], limit: Duration) -> Result<(), OrderError> {
        let began = Instant::now();
        loop {
            match order(self.init, words, limit).await {
                Err(error)
                    if service::may_pass(self.init, error.code())
                        && began.elapsed() < SETTLED_WITHIN => {}
                other => return other,
            }
            sleep(ASK_INTERVAL).await;
        }
    }
}
