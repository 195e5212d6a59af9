//! `attach`: watches a session's transcript.

use anyhow::Context as _;
use jiff::tz::TimeZone;

use super::print::Screen;
use super::{Place, logs, lookup};
use crate::config::args::Attach;
use crate::exit::{Code, Failure};
use crate::store::SessionRecord;
use crate::telemetry::Follower;
use crate::transcript::pretty;

pub(super) async fn attach(
    place: &Place,
    attach: &Attach,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let session = meant(place, attach.session.as_deref())?;
    let (row, name) = (session.row.0, &session.facts.name);
    screen.line(&format!("session {row} ({name}); Ctrl-C ends watching, not the session"))?;
    let zone = TimeZone::system();
    let mut follower =
        Follower::open(&place.home.transcript(row), attach.lines).context("open the transcript")?;
    logs::follow(&mut follower, |text| {
        text.lines().try_for_each(|line| screen.line(&pretty(line, &zone)))
    })
    .await
}

/// The session that is meant; of none, the one whose last message is the latest.
fn meant(place: &Place, typed: Option<&str>) -> Result<SessionRecord, Failure> {
    let sessions = match lookup::view(place)? {
        Some(view) => view.sessions().map_err(Failure::from)?,
        None => Vec::new(),
    };
    match typed {
        Some(typed) => lookup::session(&sessions, typed).cloned(),
        None => sessions
            .into_iter()
            .max_by_key(|session| session.last_message_at)
            .ok_or_else(|| Failure::new(Code::Failed, "there is no session yet")),
    }
}
