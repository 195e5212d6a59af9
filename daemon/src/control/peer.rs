//! Who may use the control socket: the owner's processes, and in one single matter those that an agent
//! of this daemon started. An agent reads what strangers write, so what it runs must not give orders
//! in the owner's name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::question::Peer;
use super::server::PeerCheck;
use crate::processes;

/// Knows whoever descends from this process as an agent's, and refuses who carries an agent's mark
/// without descending from here: of which session it is would be its own word alone. A process that is
/// gone by the time it is looked at is refused too, because nothing is known of it.
pub(crate) fn owner_or_agent() -> PeerCheck {
    let daemon = std::process::id();
    PeerCheck::new(move |peer| {
        if peer == daemon {
            return Ok(Peer::Owner);
        }
        if processes::descends_from(peer, daemon) {
            return Ok(Peer::OfAgent(peer));
        }
        unmarked(peer)
    })
}

/// The daemon that a launcher runs, as far as its socket has to know: 0 while there is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Daemon(Arc<AtomicU32>);

impl Daemon {
    /// Says which process it is.
    pub(crate) fn is(&self, pid: Option<u32>) {
        self.0.store(pid.unwrap_or_default(), Ordering::SeqCst);
    }
}

/// For a launcher: refuses whoever carries an agent's mark or descends from its daemon, but neither
/// the daemon itself nor what the launcher started beside it.
pub(crate) fn none_of(daemon: Daemon) -> PeerCheck {
    PeerCheck::new(move |peer| {
        let daemon = daemon.0.load(Ordering::SeqCst);
        if daemon != 0 && peer == daemon {
            return Ok(Peer::Owner);
        }
        if daemon != 0 && processes::descends_from(peer, daemon) {
            return Err("a process of an agent may not ask");
        }
        unmarked(peer)
    })
}

/// Who descends from nobody of ours: the owner, unless it carries a mark.
fn unmarked(peer: u32) -> Result<Peer, &'static str> {
    if processes::carries_mark(peer) {
        return Err("a process that carries an agent's mark may not ask");
    }
    if is_there(peer) { Ok(Peer::Owner) } else { Err("who asked is gone") }
}

fn is_there(pid: u32) -> bool {
    i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[cfg(test)]
mod tests;
