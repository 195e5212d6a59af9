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
use std::path::Path;

use anyhow::Context as _;

use super::installed::{Installed, Loaded, OrderError};
use super::print::Screen;
use super::{Place, launcher};
use crate::config::args::{Install, Uninstall};
use crate::config::{Config, Home};
use crate::control::lock::{self, Held};
use crate::durable;
use crate::exit::{Code, Failure};
use crate::service::{Begin, Init};
use crate::slots::Slots;

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
    screen.line(&format!("service   {}", installed.file().display()))?;
    let ran = match begin {
        Begin::Now => make_room(place, &installed, screen).await?,
        Begin::AtLogin => Ran::None,
    };
    let after = |error: OrderError| error.after_install(installed.file());
    let loaded = installed.load(begin, before).await.map_err(after)?;
    screen.line(match (begin, ran, loaded) {
        (Begin::Now, Ran::None, _) => "it is loaded, and runs",
        (Begin::Now, Ran::Own, Loaded::Untouched) => {
            "it is loaded; the launcher that ran before goes on as it was until it is started again"
        }
        (Begin::Now, Ran::Own, Loaded::Anew) => {
            "it is loaded anew: the launcher that ran before was ended, and another runs"
        }
        (Begin::AtLogin, ..) => "it begins at the next login",
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
    if !installed.file().exists() && !launcher.exists() {
        screen.line("nothing is installed")?;
        return Ok(Code::Done);
    }
    let goes_on = launcher_by_hand(&home, &installed).await?;
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
    if goes_on {
        screen.line("a launcher that the system did not start goes on: claude-assistant stop")?;
    }
    match nobody {
        None => Ok(Code::Done),
        Some(error) => Err(error.after_uninstall().into()),
    }
}

/// Which launcher goes on beside what is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    /// None.
    None,
    /// The manager's own, of an earlier `install`.
    Own,
}

/// Ends a launcher that was started by hand, in order: beside it the manager's would be refused. A
/// manager that cannot be asked, and would start none, is in the way of that.
async fn make_room(
    place: &Place,
    installed: &Installed,
    screen: &mut Screen,
) -> anyhow::Result<Ran> {
    let held = launcher_lock(&place.home)?;
    if held == Held::Free {
        return Ok(Ran::None);
    }
    let own = installed.launcher().await.map_err(|error| error.after_install(installed.file()))?;
    if let Held::By(holder) = held
        && own == Some(holder.pid)
    {
        return Ok(Ran::Own);
    }
    screen.line("a launcher runs that was started by hand: it is stopped first")?;
    launcher::stop(place, screen).await?;
    Ok(Ran::None)
}

/// Whether a launcher runs that the manager, as far as it can be asked, does not know as its own.
async fn launcher_by_hand(home: &Home, installed: &Installed) -> anyhow::Result<bool> {
    Ok(match launcher_lock(home)? {
        Held::Free => false,
        Held::BySomebody => true,
        Held::By(holder) => {
            !matches!(installed.launcher().await, Ok(Some(own)) if own == holder.pid)
        }
    })
}

fn launcher_lock(home: &Home) -> anyhow::Result<Held> {
    lock::look(&home.launcher_lock()).context("look at the launcher's lock")
}

fn load_config(place: &Place) -> Result<Config, Failure> {
    Ok(Config::load(&place.home.config_file(), place.user_home.as_deref())?)
}

/// One that runs already, and not below a launcher, would be in the launcher's way.
fn refuse_daemon_by_hand(home: &Home) -> anyhow::Result<()> {
    let held = lock::look(&home.lock()).context("look at the lock")?;
    if held == Held::Free || launcher_lock(home)? != Held::Free {
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
