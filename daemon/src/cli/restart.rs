//! `restart`: `stop` if a daemon runs, then `start`; with `--safe` a gated one, which the launcher
//! carries out.

use anyhow::Context as _;

use super::print::Screen;
use super::{Place, launcher, start, stop};
use crate::control::lock::{self, Held};
use crate::control::protocol::{Answer, Request};
use crate::exit::{Code, Failure};

pub(super) async fn restart(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    if launcher::runs(place)? {
        return launcher::restart(place, screen).await;
    }
    // Whether one runs is a question of the lock: one that hangs does not answer, and runs.
    match lock::look(&place.home.lock()).context("look at the lock")? {
        Held::Free => screen.line("no daemon was running")?,
        Held::BySomebody | Held::By(_) => drop(stop::stop(place, screen).await?),
    }
    start::start(place, screen).await
}

/// Asks for a gated restart and returns.
pub(super) async fn safely(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    let Answer::RestartAsked { id } = place.ask(Request::SafeRestart).await? else {
        return Err(Failure::new(Code::Failed, "the daemon's answer is no id").into());
    };
    screen.line(&format!("restart {id} is asked for; its report will be below that id"))?;
    Ok(Code::Done)
}
