//! `restart`: `stop` if a daemon runs, then `start`.

use anyhow::Context as _;

use super::print::Screen;
use super::{Place, launcher, start, stop};
use crate::control::lock::{self, Held};
use crate::exit::Code;

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
