//! `start` where a launcher is installed: by the service manager, so that there is one launcher and the
//! manager knows it; by hand where no manager can be asked.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use assistant_core::limits::READY_MAX;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::cli::installed::Installed;
use crate::cli::print::Screen;
use crate::cli::words::Words;
use crate::cli::{Place, launcher};
use crate::config::paths::HOME_VARIABLE;
use crate::control::lock::Held;
use crate::exit::{Code, Failure};
use crate::launcher::protocol::{Answer, Request, Status};

/// How long a manager may take to start the launcher once it said yes: launchd leaves ten seconds
/// between two starts.
const BEGIN_MAX: Duration = Duration::from_secs(20);

/// Who started the launcher.
enum By {
    /// The manager.
    Manager(Installed),
    /// This process.
    Hand(Child),
}

pub(super) async fn start(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    let home = &place.home;
    launcher::refuse_second(place)?;
    let began = Instant::now();
    let mut words = Words::begin(&home.stderr_file()).context("open stderr.log")?;
    let mut by = match Installed::found(place).await {
        Some(installed) => {
            installed.begin().await.map_err(|error| installed.not_begun(&error))?;
            By::Manager(installed)
        }
        None => By::Hand(spawn(place, &words).context("start the launcher's process")?),
    };
    let status = match came_up(place, &mut by, began).await? {
        Came::Up(status) => status,
        Came::Ended(code) => {
            words.complain();
            return Ok(code);
        }
    };
    let Some(daemon) = status.daemon.filter(|daemon| daemon.ready) else {
        let mut message =
            "no daemon is ready: claude-assistant launcher status, logs/launcher.log".to_owned();
        if let By::Manager(installed) = &by {
            message = format!("{message}, {}", installed.looking());
        }
        return Err(Failure::new(Code::Failed, message).into());
    };
    let slot = status.slot.map_or_else(String::new, |slot| format!(", slot {slot}"));
    let generation = daemon.generation.unwrap_or_default();
    let ms = began.elapsed().as_millis();
    screen.line(&format!(
        "claude-assistant is up: pid {}, generation {generation}{slot}, ready after {ms} ms",
        daemon.pid
    ))?;
    Ok(Code::Done)
}

fn spawn(place: &Place, words: &Words) -> std::io::Result<Child> {
    Command::new(place.home.launcher_program())
        .args(["launch", "--detached"])
        .env(HOME_VARIABLE, place.home.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words.file()?)
        .spawn()
}

/// What came of a launcher that was started.
enum Came {
    Up(Box<Status>),
    Ended(Code),
}

/// Waits until its daemon is ready, or it has none to start, or it ends.
async fn came_up(place: &Place, by: &mut By, began: Instant) -> anyhow::Result<Came> {
    let patience = launcher::stop_max(place) + READY_MAX;
    let mut seen = false;
    loop {
        if let Some(code) = ended(by)? {
            return Ok(Came::Ended(code));
        }
        if let Ok(Answer::Status(status)) = launcher::ask(place, Request::Status).await {
            let ready = status.daemon.as_ref().is_some_and(|daemon| daemon.ready);
            if ready || status.state == "waiting" || patience < began.elapsed() {
                return Ok(Came::Up(status));
            }
        }
        seen |= launcher::look(place)? != Held::Free;
        let patience = if seen || matches!(by, By::Hand(_)) { patience } else { BEGIN_MAX };
        if patience < began.elapsed() {
            return Ok(Came::Up(Box::default()));
        }
        sleep(launcher::LOOK_INTERVAL).await;
    }
}

/// How the launcher ended that this process has started.
fn ended(by: &mut By) -> anyhow::Result<Option<Code>> {
    let By::Hand(child) = by else { return Ok(None) };
    let status = child.try_wait().context("wait for the launcher")?;
    Ok(status.map(|status| match status.code().map_or(Code::Failed, Code::of_status) {
        // It ended well, but it was to stay.
        Code::Done => Code::Failed,
        code => code,
    }))
}
