//! What falls to the launcher because whoever started it has died: tools of a dead daemon, which have to
//! end with it, and what the launcher's commands left, which is nobody's business.
//!
//! ```text
//!  launcher ─┬─ daemon ── agents ── tools           a tool that detaches itself falls to the daemon,
//!            │                                       and to the launcher when the daemon dies
//!            ├─ carry-out ── cargo ── compilers      stays below the command as long as that runs,
//!            │                                       and falls to the launcher when it ends
//!            └─ alert_command ── what it calls       what detaches itself falls to the launcher
//! ```
//!
//! Of the commands only carry-out is a subreaper. What detaches itself from `alert_command` is
//! among the strays while that command runs, and ends with a daemon that dies then; behind the command it
//! is left alone.
//!
//! While a daemon lives, or none does and the last one's are ended, nothing of a daemon is among the
//! launcher's children: what has fallen to it then was left by a command.

use crate::control::peer;
use crate::processes::{adopted, leftovers, runs, walk};

/// A daemon is dead: ends what it left.
pub(super) async fn end() {
    leftovers::end_strays().await;
}

/// A command has ended: what it left goes on. If the daemon dies in this moment, it ends with it.
pub(super) async fn leave_alone(daemon: peer::Daemon) {
    walk(move || adopted::leave_alone(|| daemon.pid().is_none_or(runs))).await;
}
