//! `restart`: `stop` if a daemon runs, then `start`.

use super::print::Screen;
use super::{Place, start, stop};
use crate::exit::{Code, Failure};

pub(super) async fn restart(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    match stop::stop(place, screen).await {
        Ok(_) => {}
        Err(error) if !runs(&error) => screen.line("no daemon was running")?,
        Err(error) => return Err(error),
    }
    start::start(place, screen).await
}

fn runs(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_none_or(|failure| failure.code != Code::Unreachable)
}
