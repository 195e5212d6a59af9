//! The whole program from outside: the real binaries, real files, a real disk. The agent is the
//! stand-in, so that what is measured is our own part.
//!
//! ```text
//! starts        READY, memory when idle, stop              a life of the daemon each
//! first_words   agent up, first reply, next reply          a conversation each
//! pickup        20 files, the agent awake
//! burst         500 files over five conversations
//! status        the command, with sessions to show
//! ```

use std::time::Duration;

use harness::sandbox::Sandbox;

use crate::daemon::{Daemon, Found, PEOPLE, Trouble};

/// Files of one pick-up.
pub const PICKUP: usize = 20;

/// Files of one burst.
pub const BURST: usize = 500;

/// Conversations that a burst is spread over.
const BURST_PEOPLE: [usize; 5] = [0, 1, 2, 3, 4];

/// One life of the daemon with nothing to do.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// From before the start to `READY` read.
    pub ready_after: Duration,
    /// Memory in use when idle, in bytes.
    pub rss_bytes: u64,
    /// From TERM to its end.
    pub stopped_after: Duration,
}

/// Starts the daemon, waits until it says that it is idle, and stops it.
///
/// # Errors
/// When it does not behave.
pub fn life(sandbox: &mut Sandbox) -> Result<Life, Trouble> {
    let daemon = Daemon::start(sandbox)?;
    let (ready_after, rss_bytes) = (daemon.ready_after, daemon.idle()?);
    Ok(Life { ready_after, rss_bytes, stopped_after: daemon.stop()? })
}

/// The first messages of one conversation.
#[derive(Debug, Clone, Copy)]
pub struct FirstWords {
    /// From the first message being routed to its agent being ready, in milliseconds: folders,
    /// prompt, process, greeting.
    pub connect_ms: f64,
    /// From the first file being there to the reply being there.
    pub first_reply: Duration,
    /// The same for the second message, whose agent is awake.
    pub next_reply: Duration,
}

/// Has somebody write twice who never wrote before.
///
/// # Errors
/// When there is no answer.
pub fn first_words(daemon: &mut Daemon<'_>, person: usize) -> Result<FirstWords, Trouble> {
    let before = daemon.rows()?;
    let first_reply = reply(daemon, person)?;
    let found = daemon.answered(before, 1)?;
    let unexpected = |what: &str| Trouble::Unexpected { what: what.to_owned() };
    let first = found.first().ok_or_else(|| unexpected("find the message"))?;
    let session = first.session.ok_or_else(|| unexpected("find the message's session"))?;
    let ready = daemon.agent_ready_at(session)?;
    let connect_ms = ready
        .zip(first.routed_at_ms)
        .map(|(ready, routed)| ready - routed)
        .ok_or_else(|| unexpected("find the agent's start in the log"))?;
    let before = daemon.rows()?;
    let next_reply = reply(daemon, person)?;
    daemon.answered(before, 1)?;
    Ok(FirstWords { connect_ms, first_reply, next_reply })
}

fn reply(daemon: &mut Daemon<'_>, person: usize) -> Result<Duration, Trouble> {
    let replies = daemon.replies();
    let dropped = daemon.drop_messages(1, &[person])?;
    daemon.replied(replies, dropped.instant)
}

/// From the first of [`PICKUP`] files being there to the last of them being routed, in
/// milliseconds. A row is routed after it was made durable, so this bounds the acceptance of all
/// from above. Waits for their answers afterwards.
///
/// # Errors
/// When one is not answered.
pub fn pickup(daemon: &mut Daemon<'_>) -> Result<f64, Trouble> {
    Ok(routed(daemon, PICKUP, &[0])?.0)
}

/// The same for [`BURST`] files, to several people's agents; and the longest time within it in
/// which none was routed.
///
/// # Errors
/// When one is not answered.
pub fn burst(daemon: &mut Daemon<'_>) -> Result<(f64, f64), Trouble> {
    routed(daemon, BURST, &BURST_PEOPLE)
}

fn routed(daemon: &mut Daemon<'_>, count: usize, people: &[usize]) -> Result<(f64, f64), Trouble> {
    let before = daemon.rows()?;
    let dropped = daemon.drop_messages(count, people)?;
    let found = daemon.answered(before, count)?;
    if found.len() != count {
        let what = format!("find {count} messages in the inbox: there are {}", found.len());
        return Err(Trouble::Unexpected { what });
    }
    Ok(Found::routing(&found, dropped))
}

/// People who have not written in any of the other scenarios.
pub fn strangers() -> std::ops::Range<usize> {
    BURST_PEOPLE.len()..PEOPLE
}
