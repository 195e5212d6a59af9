//! What a launched daemon says to its launcher: lines on its standard output, `READY` first
//! ([`crate::ready`]) and from then on a `BEAT` for each sign of life.
//!
//! ```text
//! daemon ── READY {..}, BEAT, BEAT, .. ──> a pair of sockets ──> launcher
//! ```
//!
//! Nobody else may be heard there, or what an agent runs could hide that its daemon hangs. So it is a
//! pair of sockets: the ends of a pipe can be opened anew by every process of the same user where
//! there is `/proc`. And no child of the daemon inherits its end, whatever it is started with.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

/// The sign of life.
pub(crate) const BEAT: &str = "BEAT";

/// Where nothing that is written is read.
const NOWHERE: &str = "/dev/null";

/// The way to the launcher. Never waits: what it does not take is lost, and the next word says as
/// much.
#[derive(Debug)]
pub(crate) struct Voice {
    socket: UnixStream,
}

impl Voice {
    /// Takes standard output, for this alone: what else is printed from here on goes nowhere.
    ///
    /// # Errors
    /// When it is no socket.
    pub(crate) fn of_stdout() -> io::Result<Self> {
        // The copy is closed on exec; the first one cannot be.
        let voice = Self::on(UnixStream::from(io::stdout().as_fd().try_clone_to_owned()?))?;
        rustix::stdio::dup2_stdout(OpenOptions::new().write(true).open(NOWHERE)?)?;
        Ok(voice)
    }

    /// Speaks into a socket.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn on(socket: UnixStream) -> io::Result<Self> {
        socket.local_addr()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// Says a line.
    ///
    /// # Errors
    /// When the launcher is gone, or has not taken what was said before.
    pub(crate) fn say(&self, line: &str) -> io::Result<()> {
        // In one piece: the system takes so few bytes as a whole or not at all.
        (&self.socket).write_all(format!("{line}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests;
