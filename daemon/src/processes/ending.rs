//! Ends processes that are not ours to wait for.
//!
//! ```text
//! running ── TERM ──(term_grace)── KILL ──(kill_deadline)──► told as still alive
//!    └──────────────┴────────────────┴── gone
//! ```

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep_until};

use super::{Found, still_runs, walk};

/// How often it is looked whether they are gone. There is no event to wait for: they are not our
/// children.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ends every process in `found`: asks them with TERM, unless `term_grace` is zero, and after it
/// kills who is left. Returns who still runs when `kill_deadline` has passed behind that (they are
/// stuck in the kernel, or not ours to signal).
pub(crate) async fn end_all(
    mut found: Vec<Found>,
    term_grace: Duration,
    kill_deadline: Duration,
) -> Vec<Found> {
    for (signal, patience) in [(Signal::TERM, term_grace), (Signal::KILL, kill_deadline)] {
        if !patience.is_zero() {
            found = signal_all(found, signal, patience).await;
        }
    }
    found
}

/// Sends `signal` to all and waits until they are gone, at most for `patience`. Returns who is not.
async fn signal_all(mut found: Vec<Found>, signal: Signal, patience: Duration) -> Vec<Found> {
    let deadline = Instant::now() + patience;
    found = walk(move || {
        found.retain(|process| still_runs(*process) && send(*process, signal));
        found
    })
    .await;
    while !found.is_empty() && Instant::now() < deadline {
        sleep_until(deadline.min(Instant::now() + LOOK_EVERY)).await;
        found = walk(move || {
            found.retain(|process| still_runs(*process));
            found
        })
        .await;
    }
    found
}

/// Whether there is still a process that could have got it.
fn send(process: Found, signal: Signal) -> bool {
    let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else { return false };
    kill_process(pid, signal) != Err(rustix::io::Errno::SRCH)
}
