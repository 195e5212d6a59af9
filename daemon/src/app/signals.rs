//! What ends the daemon from outside: signals, and the end of the launcher that started it.

use std::future::pending;
use std::io;
use std::os::fd::AsFd as _;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens from its making on, so that none is missed.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    /// Whose other end the launcher holds, until it is gone.
    launcher: Option<pipe::Receiver>,
}

impl Signals {
    /// Begins to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            launcher: None,
        })
    }

    /// Takes the end of standard input, a pipe, for one more signal.
    ///
    /// # Errors
    /// When it is no pipe.
    pub(super) fn end_with_stdin(&mut self) -> io::Result<()> {
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        self.launcher = Some(pipe::Receiver::from_owned_fd(stdin)?);
        Ok(())
    }

    /// The same with any pipe.
    #[cfg(test)]
    pub(super) fn end_with(&mut self, pipe: pipe::Receiver) {
        self.launcher = Some(pipe);
    }

    /// The next one. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            () = end_of(self.launcher.as_mut()) => self.launcher = None,
        }
    }
}

/// Waits until nobody holds the other end of a pipe; for ever without one. Cancel-safe, for what is
/// said meanwhile means nothing.
async fn end_of(pipe: Option<&mut pipe::Receiver>) {
    let Some(pipe) = pipe else { return pending().await };
    let mut block = [0; 64];
    while let Ok(1..) = pipe.read(&mut block).await {}
}
