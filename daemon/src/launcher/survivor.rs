//! A daemon that has the home and is not this launcher's, as an earlier launcher left it: it is asked to
//! end, waited for, and killed if it does not. Never two daemons at once.
//!
//! It is looked for when the launcher begins, and again when a daemon of its own has ended because
//! the home was another's: that one began in the moment between, or was started by hand.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::config::Home;
use crate::control::lock::{self, Held};
use crate::control::protocol::Request;
use crate::control::{client, peer};
use crate::processes::{descendants, end_all, walk};

/// How often the lock is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// How long a killed process may take to be gone.
const KILL_MAX: Duration = Duration::from_secs(5);

/// Ends it, and what descends from it. `patience` is for its end in order. A daemon of `ours` is none.
pub(super) async fn end(home: &Home, patience: Duration, ours: &peer::Daemon) -> io::Result<()> {
    let began = Instant::now();
    let mut asked = false;
    let mut killed = false;
    let mut family = Vec::new();
    loop {
        let holder = match lock::look(&home.lock())? {
            Held::Free => break,
            Held::By(holder) if ours.pid() == Some(holder.pid) => break,
            Held::BySomebody => None,
            Held::By(holder) => Some(holder.pid),
        };
        if !asked {
            asked = true;
            info!(pid = holder, "another daemon has the home");
            // Its input has ended with that launcher; one that was started by hand has to be asked.
            if let Err(error) = client::ask(&home.socket(), Request::Stop).await {
                info!(%error, "it was not asked to end");
            }
        }
        if patience < began.elapsed() && !killed {
            killed = true;
            warn!(pid = holder, "it does not end and is killed");
            if let Some(pid) = holder {
                // Who hides among them is nobody's descendant any more behind its death.
                family = walk(move || descendants(pid)).await;
                kill(pid)?;
            }
        }
        if patience + KILL_MAX < began.elapsed() {
            return Err(io::Error::other("it does not end"));
        }
        sleep(LOOK_INTERVAL).await;
    }
    end_all(family, Duration::ZERO, KILL_MAX).await;
    Ok(())
}

/// The number is that of the process that held the lock a moment ago.
fn kill(pid: u32) -> io::Result<()> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process(pid, Signal::KILL) {
        // It has ended meanwhile.
        Err(rustix::io::Errno::SRCH) => Ok(()),
        sent => Ok(sent?),
    }
}
