//! What a service manager is told about the process that it started, and what it wants to hear:
//! systemd's protocol.
//!
//! ```text
//! NOTIFY_SOCKET   where to say READY=1, STATUS=.., STOPPING=1, WATCHDOG=1: one datagram each
//! WATCHDOG_USEC   how long silence is taken for life; we say WATCHDOG=1 four times in it
//! ```
//!
//! Nothing here ever waits: a listener whose queue is full misses a word, and the next one says as
//! much.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Where the service manager listens.
pub(crate) const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";

/// How long it waits for a sign of life, in microseconds.
pub(crate) const WATCHDOG_VARIABLE: &str = "WATCHDOG_USEC";

/// That the daemon serves.
pub(crate) const READY: &str = "READY=1";

/// That it is about to end.
pub(crate) const STOPPING: &str = "STOPPING=1";

/// That it lives.
pub(crate) const WATCHDOG: &str = "WATCHDOG=1";

/// The way to whoever listens.
#[derive(Debug)]
pub(crate) struct Notifier {
    socket: UnixDatagram,
    listener: SocketAddr,
}

impl Notifier {
    /// To the listener at a path, as [`SOCKET_VARIABLE`] holds it. Abstract names (`@...`), which
    /// one system alone knows, are not spoken to: no service manager in use hands one out.
    ///
    /// # Errors
    /// When that is no path of a socket, or there is no socket to be had.
    pub(crate) fn to(path: &OsStr) -> io::Result<Self> {
        if path.as_bytes().first() != Some(&b'/') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an absolute path"));
        }
        let listener = SocketAddr::from_pathname(path)?;
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, listener })
    }

    /// Says one or more assignments, a line each.
    ///
    /// # Errors
    /// When nobody listens, or nobody takes what was said before.
    pub(crate) fn say(&self, words: &str) -> io::Result<()> {
        self.socket.send_to_addr(words.as_bytes(), &self.listener).map(|_| ())
    }
}

/// How much silence a value of [`WATCHDOG_VARIABLE`] takes for life; `None` for one that says no time.
pub(crate) fn silence(watchdog_usec: &OsStr) -> Option<Duration> {
    let silence = watchdog_usec.to_str()?.trim().parse().ok().map(Duration::from_micros)?;
    (!silence.is_zero()).then_some(silence)
}

#[cfg(test)]
mod tests;
