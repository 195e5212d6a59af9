//! `logs`: the end of the daemon's log, and with `-f` whatever is added, over rotations.

use std::time::Duration;

use anyhow::Context as _;

use super::Place;
use super::print::{PrintError, Screen, is_read};
use crate::config::args::Logs;
use crate::exit::Code;
use crate::telemetry::Follower;

/// How often a followed file is looked at: often enough to be called at once.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

pub(super) async fn logs(place: &Place, logs: &Logs, screen: &mut Screen) -> anyhow::Result<Code> {
    let path = place.home.log_file();
    let mut follower = Follower::open(&path, logs.lines).context("open the log")?;
    if !path.exists() {
        screen.line(&format!("no log yet at {}", path.display()))?;
    }
    if logs.follow {
        follow(&mut follower, |text| screen.text(text)).await
    } else {
        screen.text(&follower.read().context("read the log")?)?;
        Ok(Code::Done)
    }
}

/// Shows what is added to a file until Ctrl-C, which is how one stops watching, or until the reader
/// of our output has gone: a write would tell so too, but a quiet file has nothing to write.
pub(super) async fn follow(
    follower: &mut Follower,
    mut show: impl FnMut(&str) -> Result<(), PrintError>,
) -> anyhow::Result<Code> {
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    let stopped = tokio::signal::ctrl_c();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            stopped = &mut stopped => {
                stopped.context("wait for Ctrl-C")?;
                return Ok(Code::Done);
            }
            _ = looks.tick() => {
                let text = follower.read().context("read on")?;
                if !text.is_empty() {
                    show(&text)?;
                }
                if !is_read() {
                    return Ok(Code::Done);
                }
            }
        }
    }
}
