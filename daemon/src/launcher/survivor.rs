//! A daemon that has the home and is not this launcher's, as an earlier launcher left it: it is asked to
//! end, waited for, and killed if it does not and is known. Never two daemons at once.
//!
//! It is looked for when the launcher begins, and again when a daemon of its own has ended because
//! the home was another's: that one began in the moment between, or was started by hand.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::config::Home;
use crate::control::lock::{self, Held, Holder};
use crate::control::protocol::Request;
use crate::control::{client, peer};
use crate::processes::{self, Found, descendants, end_all, walk};
use crate::slots::PROGRAM;

/// How often the lock is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// How long a killed process may take to be gone.
const KILL_MAX: Duration = Duration::from_secs(5);

/// How much later than its lock's time a process may seem to have begun: both are whole seconds, of two
/// clocks.
const SLACK_S: u64 = 2;

/// Ends it, and what descends from it. `patience` is for its end in order. A daemon of `ours` is none.
pub(super) async fn end(home: &Home, patience: Duration, ours: &peer::Daemon) -> io::Result<()> {
    let mut family = Vec::new();
    let ended = end_alone(home, patience, ours, &mut family).await;
    end_all(family, Duration::ZERO, KILL_MAX).await;
    ended
}

/// Ends it alone; `family` is what descended from it when it was killed.
async fn end_alone(
    home: &Home,
    patience: Duration,
    ours: &peer::Daemon,
    family: &mut Vec<Found>,
) -> io::Result<()> {
    let began = Instant::now();
    let mut asked = false;
    let mut unknown = false;
    let mut killed_at = None;
    loop {
        let holder = match lock::look(&home.lock())? {
            Held::Free => return Ok(()),
            Held::By(holder) if ours.pid() == Some(holder.pid) => return Ok(()),
            Held::BySomebody => None,
            Held::By(holder) => Some(holder),
        };
        let pid = holder.as_ref().map(|holder| holder.pid);
        if !asked {
            asked = true;
            info!(pid, "another daemon has the home");
            // Its input has ended with that launcher; one that was started by hand has to be asked.
            if let Err(error) = client::ask(&home.socket(), Request::Stop).await {
                info!(%error, "it was not asked to end");
            }
        }
        if patience < began.elapsed() && killed_at.is_none() {
            // Who hides among them is nobody's descendant any more behind its death.
            if let Some(holder) = holder
                && let Some(known) = walk(move || family_of(&holder)).await
            {
                warn!(pid, "it does not end and is killed");
                pid.map_or(Ok(()), kill)?;
                *family = known;
                killed_at = Some(Instant::now());
            } else if !unknown {
                // One that took the lock an instant ago says its name the next time.
                unknown = true;
                warn!(pid, "it does not end, and which process it is is not known");
            }
        }
        if KILL_MAX < killed_at.unwrap_or(began + patience).elapsed() {
            return Err(io::Error::other("it does not end"));
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// What descends from the process that has the holder's number, if that is the holder: a daemon, and the
/// one that took the lock. On a mount that is shared with a container the number may be one of there, and
/// somebody else's here.
fn family_of(holder: &Holder) -> Option<Vec<Found>> {
    let noted = processes::note(holder.pid)?;
    let is_daemon = processes::program_of(holder.pid).is_some_and(|name| name == PROGRAM);
    let took_the_lock = match &holder.since_boot {
        Some(_) => holder.since_boot == noted.since_boot,
        // As earlier versions write it, and this one where no system says it: who holds a lock began
        // before it was taken.
        None => holder.started_at.parse().is_ok_and(|since: jiff::Timestamp| {
            u64::try_from(since.as_second()).is_ok_and(|since| noted.started_s <= since + SLACK_S)
        }),
    };
    (is_daemon && took_the_lock).then(|| descendants(holder.pid))
}

fn kill(pid: u32) -> io::Result<()> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process(pid, Signal::KILL) {
        // It has ended meanwhile.
        Err(rustix::io::Errno::SRCH) => Ok(()),
        sent => Ok(sent?),
    }
}

#[cfg(test)]
mod tests;
