//! A daemon that an earlier launcher left: it is asked to end, waited for, and killed if it does not.
//! Never two daemons at once.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::config::Home;
use crate::control::client;
use crate::control::lock::{self, Held};
use crate::control::protocol::Request;
use crate::processes::{HomeId, leftovers};

/// How often the lock is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// How long a killed process may take to be gone.
const KILL_MAX: Duration = Duration::from_secs(5);

/// Ends it, and whatever it had started. `patience` is for its end in order.
pub(super) async fn end(home: &Home, patience: Duration) -> io::Result<()> {
    let began = Instant::now();
    let mut asked = false;
    let mut killed = false;
    loop {
        let holder = match lock::look(&home.lock())? {
            Held::Free => break,
            Held::BySomebody => None,
            Held::By(holder) => Some(holder.pid),
        };
        if !asked {
            asked = true;
            info!(pid = holder, "a daemon of an earlier launcher still runs");
            // Its input has ended with that launcher; one that was started by hand has to be asked.
            if let Err(error) = client::ask(&home.socket(), Request::Stop).await {
                info!(%error, "it was not asked to end");
            }
        }
        if patience < began.elapsed() && !killed {
            killed = true;
            warn!(pid = holder, "it does not end and is killed");
            // The number is that of the process that holds the lock at this moment.
            if let Some(pid) =
                holder.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw)
            {
                kill_process(pid, Signal::KILL)?;
            }
        }
        if patience + KILL_MAX < began.elapsed() {
            return Err(io::Error::other("it does not end"));
        }
        sleep(LOOK_INTERVAL).await;
    }
    leftovers::end(HomeId::of(home.root()), ..).await;
    Ok(())
}
