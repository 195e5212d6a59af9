//! The orders that are one request and one line: `hold`, `release`, `kill-session`,
//! `kill-sessions`, `restart-session`, `restart-sessions`.

use super::Place;
use super::print::Screen;
use crate::config::args;
use crate::control::protocol::{Answer, HeldBy, Request};
use crate::exit::Code;

pub(super) async fn hold(
    place: &Place,
    hold: &args::Hold,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let request = Request::Hold { by: holder(hold.restart), lease_s: hold.lease };
    order(place, request, screen, "messages are held").await
}

pub(super) async fn release(
    place: &Place,
    release: &args::Release,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let by = holder(release.restart);
    let done = match by {
        HeldBy::Owner => "messages are delivered",
        // The owner may hold them still.
        _ => "the restart holds messages no more",
    };
    order(place, Request::Release { by }, screen, done).await
}

fn holder(restart: bool) -> HeldBy {
    if restart { HeldBy::Restart } else { HeldBy::Owner }
}

pub(super) async fn kill_session(
    place: &Place,
    session: String,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    order(place, Request::KillSession { session }, screen, "ended").await
}

pub(super) async fn kill_sessions(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    order(place, Request::KillSessions, screen, "ended").await
}

pub(super) async fn restart_session(
    place: &Place,
    session: String,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    order(place, Request::RestartSession { session }, screen, "restarted").await
}

pub(super) async fn restart_sessions(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    order(place, Request::RestartSessions, screen, "restarted").await
}

async fn order(
    place: &Place,
    request: Request,
    screen: &mut Screen,
    done: &str,
) -> anyhow::Result<Code> {
    match place.ask(request).await? {
        Answer::Sessions { count: 1 } => screen.line(&format!("1 session {done}"))?,
        Answer::Sessions { count } => screen.line(&format!("{count} sessions {done}"))?,
        _ => screen.line(done)?,
    }
    Ok(Code::Done)
}
