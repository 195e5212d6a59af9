//! The seam: what a contract needs of whatever plays the agent program.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Capability, Launch};

/// A future behind a pointer, for traits that have to be objects.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Starts peers for one contract. What they remember is kept from one to the next, and from nobody
/// else.
pub trait Starter {
    /// Whether peers of this kind can do that.
    fn can(&self, capability: Capability) -> bool;

    /// Starts a peer. A command line that the program refuses gives a peer that ends at once.
    fn start<'a>(&'a mut self, launch: &'a Launch) -> Pending<'a, anyhow::Result<Peer>>;
}

/// A running agent program, or what plays it.
pub struct Peer {
    /// Its stdout.
    pub reader: Box<dyn AsyncRead + Unpin + Send>,
    /// Its stdin.
    pub writer: Box<dyn AsyncWrite + Unpin + Send>,
    /// Its process.
    pub life: Box<dyn Life>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Peer").finish_non_exhaustive()
    }
}

/// The process behind the lines. Dropping it ends the process at once.
pub trait Life {
    /// Sends a signal.
    fn signal(&mut self, signal: Signal) -> io::Result<()>;

    /// Waits for the end.
    fn exit(&mut self) -> Pending<'_, io::Result<Exit>>;
}

/// The signals that contracts are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Exit {
    /// An end with an exit code.
    pub const fn code(code: i32) -> Self {
        Self { code: Some(code), signal: None }
    }

    /// An end by a signal.
    pub const fn signal(signal: i32) -> Self {
        Self { code: None, signal: Some(signal) }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(out, "exit code {code}"),
            (None, Some(signal)) => write!(out, "signal {signal}"),
            (None, None) => write!(out, "an unknown end"),
        }
    }
}
