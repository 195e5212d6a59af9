//! The answering end of a socket: the daemon's control socket, and the launcher's. Each connection
//! is one request and one answer, in a task of its own with a deadline for every step, so that
//! nobody who connects can hold anything up. Who may ask is decided before a byte is read; what can
//! be asked is a type of whoever serves ([`Question`]).
//!
//! ```text
//! accept ─ too many ─────────────────────> busy
//!    └─ who is it? ─ not the owner ──────> not permitted
//!          └─ read a line ─ slow, long ──> too slow, too long
//!                └─ parse ─ no request ──> malformed, version
//!                      └─ ask the app ───> its answer
//! ```

use std::fmt;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::line::{self, NoLine};
use super::protocol::{Answer, Envelope, REQUEST_BYTES_MAX, Request, Response, VERSION};
use super::question::{Peer, Question};
use super::refusal::{Refusal, RefusalKind};
use super::{PathTooLong, check_path};
use crate::config::paths::FILE_MODE;
use crate::exit::{Code, Failure};

/// Connections at once: more than one person uses, and few enough that requests of the greatest
/// length fit into memory (8 × 6 MiB).
pub(crate) const CONNECTIONS_MAX: usize = 8;

/// Requests that wait for the app: one of each connection.
pub(crate) const REQUESTS_WAITING_MAX: usize = CONNECTIONS_MAX;

/// A request is written by a program in one go; whoever needs longer holds a place for nothing.
const READ_MAX: Duration = Duration::from_secs(5);

/// What a process of an agent may ask is a word, and no text.
const AGENT_REQUEST_BYTES_MAX: usize = 4096;

/// As long again for taking the answer.
const WRITE_MAX: Duration = Duration::from_secs(5);

/// The app's time for a request, beyond what the request itself asks to wait
/// ([`Request::waits`]). The longest one ends every agent in order.
pub(crate) const ANSWER_MAX: Duration = Duration::from_mins(2);

/// After the end was asked for, answers under way are still given for this long.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// The pause after the system refused to accept a connection (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A request with the place for its answer.
#[derive(Debug)]
pub(crate) struct Asked<Q = Request, A = Answer> {
    /// What is asked.
    pub request: Q,
    /// By whom.
    pub peer: Peer,
    /// Where the answer goes. Dropped without one, it says that whoever serves is stopping.
    pub answer: oneshot::Sender<Result<A, Refusal>>,
}

/// Who the process with this id is, if it may ask at all; if not, why. It may take milliseconds.
#[derive(Clone)]
pub(crate) struct PeerCheck(Arc<dyn Fn(u32) -> Result<Peer, &'static str> + Send + Sync>);

impl PeerCheck {
    /// A check by this function.
    pub(crate) fn new(
        check: impl Fn(u32) -> Result<Peer, &'static str> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(check))
    }

    /// Asks it.
    pub(super) fn admits(&self, pid: u32) -> Result<Peer, &'static str> {
        (self.0)(pid)
    }
}

impl fmt::Debug for PeerCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerCheck")
    }
}

/// The deadlines of a connection.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    read: Duration,
    answer: Duration,
    write: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { read: READ_MAX, answer: ANSWER_MAX, write: WRITE_MAX }
    }
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    /// Its path does not fit.
    #[error(transparent)]
    Path(#[from] PathTooLong),
    /// The system refused it.
    #[error("{}: cannot be made a socket: {source}", path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        let code = match &error {
            BindError::Path(_) => Code::Usage,
            BindError::Socket { source, .. } => Code::of_io(source, Code::Usage),
        };
        Self::new(code, error.to_string())
    }
}

/// The socket, ready to serve.
#[derive(Debug)]
pub(crate) struct Server {
    listener: UnixListener,
    path: PathBuf,
    check: PeerCheck,
    bounds: Bounds,
}

impl Server {
    /// Makes the socket, private to the owner. One that a predecessor left behind is replaced:
    /// the caller holds the home's lock. Needs a runtime.
    ///
    /// # Errors
    /// When the path is too long, or something else stands there.
    pub(crate) fn bind(path: &Path, check: PeerCheck) -> Result<Self, BindError> {
        check_path(path)?;
        let failed = |source| BindError::Socket { path: path.to_owned(), source };
        remove_stale(path).map_err(failed)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        let mode = std::fs::Permissions::from_mode(FILE_MODE);
        std::fs::set_permissions(path, mode).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), check, bounds: Bounds::default() })
    }

    /// Gives whoever serves another time for its answers than [`ANSWER_MAX`].
    pub(crate) fn answering_within(mut self, answer: Duration) -> Self {
        self.bounds.answer = answer;
        self
    }

    /// Serves until `cancel`, then finishes the answers under way and removes the socket.
    pub(crate) async fn serve<Q: Question, A: Serialize + Send + 'static>(
        self,
        requests: mpsc::Sender<Asked<Q, A>>,
        cancel: CancellationToken,
    ) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = cancel.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) if connections.len() < CONNECTIONS_MAX => {
                    let desk = Desk {
                        check: self.check.clone(),
                        requests: requests.clone(),
                        bounds: self.bounds,
                    };
                    connections.spawn(desk.converse(stream));
                }
                Ok((stream, _)) => turn_away(stream),
                Err(error) => {
                    tracing::warn!(%error, "control connection not accepted");
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                    }
                }
            }
        }
        drop(self.listener);
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "control socket was gone already");
        }
        let drained =
            timeout(DRAIN_MAX, async { while connections.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::warn!(connections = connections.len(), "control answers cut off");
            connections.shutdown().await;
        }
    }
}

/// What a connection needs.
#[derive(Debug)]
struct Desk<Q, A> {
    check: PeerCheck,
    requests: mpsc::Sender<Asked<Q, A>>,
    bounds: Bounds,
}

impl<Q: Question, A: Serialize> Desk<Q, A> {
    async fn converse(self, mut stream: UnixStream) {
        let outcome = match self.hear(&mut stream).await {
            Ok(Some((request, peer))) => self.ask(request, peer).await,
            Ok(None) => return,
            Err(refusal) => Err(refusal),
        };
        let response = match outcome {
            Ok(answer) => Response::Ok(answer),
            Err(refusal) => {
                tracing::debug!(kind = ?refusal.kind, "control request refused");
                Response::Error(refusal)
            }
        };
        let line = line::of(&response);
        let written = timeout(self.bounds.write, async {
            stream.write_all(&line).await?;
            stream.shutdown().await
        });
        if !matches!(written.await, Ok(Ok(()))) {
            tracing::debug!("control answer not taken");
        }
    }

    /// The request; `None` if the peer hung up without one.
    async fn hear(&self, stream: &mut UnixStream) -> Result<Option<(Q, Peer)>, Refusal> {
        let peer = self.admit(stream).await?;
        let bytes_max = match peer {
            Peer::Owner => REQUEST_BYTES_MAX,
            Peer::OfAgent(_) => AGENT_REQUEST_BYTES_MAX,
        };
        let line = match timeout(self.bounds.read, line::read(stream, bytes_max)).await {
            Ok(Ok(line)) => line,
            Ok(Err(NoLine::HungUp | NoLine::Io(_))) => return Ok(None),
            Ok(Err(error @ NoLine::TooLong(_))) => {
                return Err(Refusal::new(RefusalKind::TooLong, error.to_string()));
            }
            Ok(Err(error @ NoLine::Cut)) => {
                return Err(Refusal::new(RefusalKind::Malformed, error.to_string()));
            }
            Err(_) => {
                let message = format!("the request took longer than {:?}", self.bounds.read);
                return Err(Refusal::new(RefusalKind::TooSlow, message));
            }
        };
        let request: Q = parse(&line)?;
        if request.is_for(peer) {
            return Ok(Some((request, peer)));
        }
        Err(Refusal::new(RefusalKind::NotPermitted, "a process of an agent may not ask that"))
    }

    /// Lets the owner's own processes through, except those of an agent. Who it is has to be
    /// known: a peer that is gone, or of which the system says nothing, is refused.
    async fn admit(&self, stream: &UnixStream) -> Result<Peer, Refusal> {
        let refused = |why: &str| Refusal::new(RefusalKind::NotPermitted, why);
        let peer = stream.peer_cred().map_err(|_| refused("the system does not say who asks"))?;
        if peer.uid() != rustix::process::geteuid().as_raw() {
            return Err(refused("this socket belongs to another user"));
        }
        let pid = peer.pid().and_then(|pid| u32::try_from(pid).ok());
        let pid = pid.ok_or_else(|| refused("the system does not say which process asks"))?;
        let check = self.check.clone();
        match tokio::task::spawn_blocking(move || check.admits(pid)).await {
            Ok(verdict) => verdict.map_err(refused),
            Err(_) => Err(refused("who asks could not be found out")),
        }
    }

    async fn ask(&self, request: Q, peer: Peer) -> Result<A, Refusal> {
        let stopping = || Refusal::new(RefusalKind::Stopping, "the daemon is stopping");
        let (answer, answered) = oneshot::channel();
        let within = self.bounds.answer + request.waits();
        let asked = async {
            let sent = self.requests.send(Asked { request, peer, answer }).await;
            sent.map_err(|_| stopping())?;
            answered.await.map_err(|_| stopping())?
        };
        timeout(within, asked).await.unwrap_or_else(|_| {
            let message = format!("no answer within {within:?}; it may still happen");
            Err(Refusal::new(RefusalKind::Failed, message))
        })
    }
}

fn parse<Q: Question>(line: &[u8]) -> Result<Q, Refusal> {
    // What the parser says can quote the request, and with it a message: only its place is told.
    let malformed = |error: serde_json::Error| {
        let message = format!("the line is no request (column {})", error.column());
        Refusal::new(RefusalKind::Malformed, message)
    };
    let value: serde_json::Value = serde_json::from_slice(line).map_err(malformed)?;
    match value.get("v").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => {
            let message = format!("this daemon speaks version {VERSION}, not {version}");
            return Err(Refusal::new(RefusalKind::Version, message));
        }
        None => return Err(Refusal::new(RefusalKind::Malformed, "the request has no version")),
    }
    let envelope: Envelope<Q> = serde_json::from_value(value).map_err(|_| {
        Refusal::new(RefusalKind::Malformed, "the request has no known verb, or lacks a key of it")
    })?;
    envelope.request.check()?;
    Ok(envelope.request)
}

/// Answers `busy` without waiting: a fresh socket takes a short line at once, and a peer for which
/// that is not so gets no answer.
fn turn_away(stream: UnixStream) {
    let message = format!("{CONNECTIONS_MAX} connections are open already");
    let line = line::of(&Response::<Answer>::Error(Refusal::new(RefusalKind::Busy, message)));
    let written = stream.into_std().and_then(|mut stream| io::Write::write_all(&mut stream, &line));
    if written.is_err() {
        tracing::debug!("control connection turned away without an answer");
    }
}

/// Removes a socket that a predecessor left behind; the caller holds the lock that says so.
///
/// # Errors
/// When something else stands there.
pub(crate) fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else stands there")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
