//! The memory summary of a contact: what a configured command prints, within its time.
//!
//! ```text
//! started ── its leader ends ──> its group is killed ──> what it printed, if it ended well
//!     └───── too slow, or nobody wants it any more ──> its group is killed
//! ```

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use assistant_core::limits::MEMORY_SUMMARY_BYTES_MAX;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

use crate::processes::adopted::{self, OwnChild};

/// A look-up that takes longer than this is left out of the prompt.
const MEMORY_LOOKUP_MAX: Duration = Duration::from_secs(10);

/// What to ask, of whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The program and its arguments.
    pub(crate) command: &'a [String],
    /// Its whole environment.
    pub(crate) environment: &'a BTreeMap<OsString, OsString>,
    /// Whom it is about. Said on its standard input, as a line of JSON: an argument would stand in
    /// the list of processes.
    pub(crate) contact: &'a str,
}

/// Asks the command for what is known of a contact. Absence, failure and slowness are no errors:
/// the prompt then has no summary. Of a long one, what a prompt has room for.
pub(crate) async fn summary(question: Question<'_>) -> Option<String> {
    within(MEMORY_LOOKUP_MAX, question).await
}

async fn within(limit: Duration, question: Question<'_>) -> Option<String> {
    let mut lookup = LookUp::start(question)?
        .inspect_err(|error| warn!(%error, "memory command not started"))
        .ok()?;
    match tokio::time::timeout(limit, lookup.outcome()).await {
        Ok(Ok((printed, status))) if status.success() => {
            let text = String::from_utf8_lossy(&printed).trim().to_owned();
            (!text.is_empty()).then_some(text)
        }
        Ok(Ok((_, status))) => {
            warn!(code = status.code(), "memory command failed");
            None
        }
        Ok(Err(error)) => {
            warn!(%error, "memory command not read");
            None
        }
        Err(_) => {
            warn!(limit_s = limit.as_secs(), "memory command too slow");
            None
        }
    }
}

/// A command that runs. It leads a group of its own, which ends with this value at the latest.
#[derive(Debug)]
struct LookUp {
    own: OwnChild,
    group: Pid,
    asked: Vec<u8>,
}

impl LookUp {
    /// `None` if no command is named.
    fn start(question: Question<'_>) -> Option<io::Result<Self>> {
        let (program, arguments) = question.command.split_first()?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(question.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        Some(Self::spawn(&mut command, question.contact))
    }

    fn spawn(command: &mut Command, contact: &str) -> io::Result<Self> {
        let own = adopted::spawn(command)?;
        let number = own.child.id().and_then(|pid| i32::try_from(pid).ok());
        let group = number.and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        let asked = format!("{}\n", json!({"contact": contact})).into_bytes();
        Ok(Self { own, group, asked })
    }

    /// What it printed, and how it ended.
    async fn outcome(&mut self) -> io::Result<(Vec<u8>, ExitStatus)> {
        let stdout = self.own.child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stdin = self.own.child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let asked = std::mem::take(&mut self.asked);
        let ((), printed, status) =
            tokio::try_join!(say(stdin, asked), printed(stdout), self.ended())?;
        Ok((printed, status))
    }

    /// Waits for its end, and ends what it left behind, which may hold its output open. Until then
    /// it is not reaped: its number is its group's, and must not be another's when that is killed.
    ///
    /// No thread waits for it: those are few, and commands that hang would take them from everything
    /// else.
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // Listened to before the first look: an end between the two is heard.
        let mut ends = signal(SignalKind::child())?;
        while waitid(WaitId::Pid(self.group), look)?.is_none() {
            ends.recv().await.ok_or(io::ErrorKind::BrokenPipe)?;
        }
        self.kill_group();
        self.own.child.wait().await
    }

    fn kill_group(&self) {
        // Nothing may be left of it.
        let _gone = kill_process_group(self.group, Signal::KILL);
    }
}

impl Drop for LookUp {
    fn drop(&mut self) {
        // Once it is reaped it has no number, and the one it had may be another's.
        if self.own.child.id().is_some() {
            self.kill_group();
        }
    }
}

/// A command that does not want to know whom it is about need not listen.
async fn say(mut stdin: ChildStdin, asked: Vec<u8>) -> io::Result<()> {
    let _unheard = stdin.write_all(&asked).await;
    Ok(())
}

/// As much as is used. The rest is taken too: a command that nobody reads from would not end.
async fn printed(mut stdout: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut used = (&mut stdout).take(MEMORY_SUMMARY_BYTES_MAX as u64);
    used.read_to_end(&mut kept).await?;
    tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await?;
    Ok(kept)
}

#[cfg(test)]
mod tests;
