//! The memory summary of a contact: what a configured command prints, within its time.
//!
//! ```text
//! started ── its leader ends ──> its group is killed ──> what it printed, if it ended well
//!     └───── too slow, or nobody wants it any more ──> its group is killed
//! ```

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use assistant_core::limits::MEMORY_SUMMARY_BYTES_MAX;
use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tracing::warn;

use crate::processes::adopted::{self, OwnChild};
use crate::processes::walk;

/// A look-up that takes longer than this is left out of the prompt.
const MEMORY_LOOKUP_MAX: Duration = Duration::from_secs(10);

/// Asks the command for what is known of `contact`, which it gets as its last argument. Absence,
/// failure and slowness are no errors: the prompt then has no summary. Of a long one, what a prompt
/// has room for.
pub(crate) async fn summary(command: &[String], contact: &str) -> Option<String> {
    within(MEMORY_LOOKUP_MAX, command, contact).await
}

async fn within(limit: Duration, command: &[String], contact: &str) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let mut lookup = LookUp::start(program, arguments, contact)
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
}

impl LookUp {
    fn start(program: &str, arguments: &[String], contact: &str) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg(contact)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        let own = adopted::spawn(&mut command)?;
        let number = own.child.id().and_then(|pid| i32::try_from(pid).ok());
        let group = number.and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { own, group })
    }

    /// What it printed, and how it ended.
    async fn outcome(&mut self) -> io::Result<(Vec<u8>, ExitStatus)> {
        let stdout = self.own.child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        tokio::try_join!(printed(stdout), self.ended())
    }

    /// Waits for its end, and ends what it left behind, which may hold its output open. Until then
    /// it is not reaped: its number is its group's, and must not be another's when that is killed.
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        let leader = self.group;
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        walk(move || retry_on_intr(|| waitid(WaitId::Pid(leader), ended))).await?;
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
