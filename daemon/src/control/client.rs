//! The command line's end of the control socket.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};

use super::line::{self, NoLine};
use super::protocol::{
    ANSWER_BYTES_MAX, Answer, Envelope, Refusal, RefusalKind, Request, Response, VERSION,
};
use super::question::Question as _;
use super::server::ANSWER_MAX;
use super::{PathTooLong, check_path};
use crate::exit::{Code, Failure};

/// How long a busy daemon is asked again. Its places are free as soon as answers are taken.
const BUSY_MAX: Duration = Duration::from_secs(5);

/// The first pause before asking again; each one is longer by as much.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// For what the daemon answers at once, from memory and one read of its database. Longer than a
/// busy machine takes; short enough for somebody who looks why nothing goes on.
const PROMPT_MAX: Duration = Duration::from_secs(3);

/// For what the daemon carries out before it answers: a little more than it gives itself.
const WORK_MAX: Duration = ANSWER_MAX.saturating_add(Duration::from_secs(10));

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// Nobody listens.
    #[error("no daemon is running")]
    NotRunning,
    /// The socket's path does not fit.
    #[error(transparent)]
    Path(#[from] PathTooLong),
    /// The socket cannot be used.
    #[error("{}: {source}", path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The daemon hung up, or said something else than an answer.
    #[error("the daemon gave no answer: {0}")]
    NoAnswer(String),
    /// The daemon says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let code = match &error {
            AskError::NotRunning | AskError::NoAnswer(_) => Code::Unreachable,
            AskError::Path(_) => Code::Usage,
            AskError::Socket { source, .. } => Code::of_io(source, Code::Unreachable),
            AskError::Refused(refusal) => refusal.kind.code(),
        };
        Self::new(code, error.to_string())
    }
}

/// Asks the daemon, again and again as long as it is only too busy.
///
/// # Errors
/// When there is no daemon, no answer, or the answer is no.
pub(crate) async fn ask(socket: &Path, request: Request) -> Result<Answer, AskError> {
    check_path(socket)?;
    let patience = patience(&request);
    let line = line::of(&Envelope { v: VERSION, request });
    let begun = Instant::now();
    let mut pause = BUSY_PAUSE + Duration::from_millis(u64::from(std::process::id() % 10));
    loop {
        let asked = timeout(patience, ask_once(socket, &line)).await;
        let too_late = || format!("none within {} s", patience.as_secs());
        match asked.unwrap_or_else(|_| Err(AskError::NoAnswer(too_late()))) {
            Err(AskError::Refused(refusal))
                if refusal.kind == RefusalKind::Busy && begun.elapsed() + pause < BUSY_MAX => {}
            outcome => return outcome,
        }
        sleep(pause).await;
        pause += BUSY_PAUSE;
    }
}

/// How long the answer to a request is waited for.
fn patience(request: &Request) -> Duration {
    match request {
        Request::Ping
        | Request::Status
        | Request::Stop
        | Request::Hold { .. }
        | Request::Release { .. }
        | Request::RestartResults => PROMPT_MAX,
        Request::Drain { .. } => WORK_MAX + request.waits(),
        Request::KillSession { .. }
        | Request::KillSessions
        | Request::RestartSession { .. }
        | Request::RestartSessions
        | Request::SafeRestart
        | Request::Inject { .. }
        | Request::Send { .. } => WORK_MAX,
    }
}

/// Asks whoever serves on a socket, once.
///
/// # Errors
/// When nobody serves there, or there is no answer in time, or the answer is no.
pub(crate) async fn ask_of<Q: Serialize, A: DeserializeOwned>(
    socket: &Path,
    request: Q,
    patience: Duration,
) -> Result<A, AskError> {
    check_path(socket)?;
    let line = line::of(&Envelope { v: VERSION, request });
    let asked = timeout(patience, ask_once(socket, &line)).await;
    asked.unwrap_or_else(|_| {
        Err(AskError::NoAnswer(format!("none within {} s", patience.as_secs())))
    })
}

async fn ask_once<A: DeserializeOwned>(socket: &Path, line: &[u8]) -> Result<A, AskError> {
    let mut stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(source) => return Err(unreachable(socket, source)),
    };
    // A daemon that refuses to listen answers without reading: its answer is what counts, so a
    // failed write is told only if there is none.
    let written = stream.write_all(line).await;
    let answer = match line::read(&mut stream, ANSWER_BYTES_MAX).await {
        Ok(answer) => answer,
        Err(NoLine::HungUp) if written.is_ok() => {
            return Err(AskError::NoAnswer("it hung up".to_owned()));
        }
        Err(error) => {
            return Err(AskError::NoAnswer(
                written.err().unwrap_or_else(|| error.into()).to_string(),
            ));
        }
    };
    match serde_json::from_slice(&answer) {
        Ok(Response::Ok(answer)) => Ok(answer),
        Ok(Response::Error(refusal)) => Err(AskError::Refused(refusal)),
        Err(_) => Err(AskError::NoAnswer("what it says is no answer".to_owned())),
    }
}

impl From<NoLine> for io::Error {
    fn from(error: NoLine) -> Self {
        match error {
            NoLine::Io(error) => error,
            other => Self::other(other),
        }
    }
}

fn unreachable(socket: &Path, source: io::Error) -> AskError {
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning,
        // The queue of those who wait to be accepted is full.
        io::ErrorKind::WouldBlock => {
            AskError::Refused(Refusal::new(RefusalKind::Busy, "too many connections wait"))
        }
        _ => AskError::Socket { path: socket.to_owned(), source },
    }
}

#[cfg(test)]
mod tests;
