//! `stop`: asks the daemon to end, and waits until its lock is free, which the system sees to when
//! the process is gone. Nothing is killed: what does not end is named.

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, sleep};

use super::installed::Installed;
use super::print::{Screen, complain};
use super::{Place, launcher};
use crate::config::Config;
use crate::control::lock::{self, Held};
use crate::control::protocol::Request;
use crate::exit::{Code, Failure};
use crate::processes;

/// How often the lock is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// What a daemon may take beyond its own deadline, to write its last lines.
const MARGIN: Duration = Duration::from_secs(5);

/// The daemon's own deadline, where its configuration cannot be read any more.
const DEADLINE_UNKNOWN: Duration = Duration::from_mins(1);

pub(super) async fn stop(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    if launcher::runs(place)? {
        return launcher::stop(place, screen).await;
    }
    // One that ended badly is about to be started again.
    if let Some(installed) = Installed::found(place).await
        && let Err(error) = installed.cease().await
    {
        complain(&format!("failed to {error}"));
    }
    let held = look(place)?;
    if let Err(failure) = place.ask(Request::Stop).await {
        return Err(match (failure.code, held) {
            (Code::Unreachable, Held::By(holder)) => Failure::new(
                Code::Unreachable,
                format!("the daemon (pid {}) does not answer: {failure}", holder.pid),
            ),
            _ => failure,
        }
        .into());
    }
    let pid = match held {
        Held::By(holder) => Some(holder.pid),
        Held::Free | Held::BySomebody => None,
    };
    let begun = Instant::now();
    let patience = deadline(place) + MARGIN;
    while is_held_by(place, pid)? {
        if patience < begun.elapsed() {
            return Err(still_running(pid, patience).into());
        }
        sleep(LOOK_INTERVAL).await;
    }
    let ms = begun.elapsed().as_millis();
    screen.line(&format!("claude-assistant has ended, after {ms} ms"))?;
    Ok(Code::Done)
}

fn look(place: &Place) -> anyhow::Result<Held> {
    lock::look(&place.home.lock()).context("look at the lock")
}

/// Whether the daemon that was asked still has the lock; another may have taken it since.
fn is_held_by(place: &Place, asked: Option<u32>) -> anyhow::Result<bool> {
    Ok(match (look(place)?, asked) {
        (Held::Free, _) => false,
        (Held::By(holder), Some(asked)) => holder.pid == asked,
        (Held::By(_) | Held::BySomebody, _) => true,
    })
}

fn deadline(place: &Place) -> Duration {
    Config::load(&place.home.config_file(), place.user_home.as_deref())
        .map_or(DEADLINE_UNKNOWN, |config| config.shutdown.deadline)
}

fn still_running(pid: Option<u32>, patience: Duration) -> Failure {
    let mut message = format!("still running {} s after it was asked to end", patience.as_secs());
    if let Some(pid) = pid {
        let children: Vec<String> =
            processes::descendants(pid).iter().map(|found| found.pid.to_string()).collect();
        message = format!("{message}: pid {pid}");
        if !children.is_empty() {
            message = format!("{message}, and its children {}", children.join(", "));
        }
    }
    Failure::new(Code::Failed, message)
}
