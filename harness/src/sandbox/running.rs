//! A daemon that runs in the foreground as our child.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::Deserialize;

use super::{READY_LIMIT, SandboxError, on};
use crate::command::end_within;
use crate::processes::signal;
use crate::wait::wait_for;

/// What the daemon says once, on stdout, when it is up.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Ready {
    /// Its process id.
    pub pid: u32,
    /// How many daemons have run in this home, this one included.
    pub generation: u64,
    /// From the start of the process to this line, as the daemon measured it.
    pub ready_ms: f64,
    /// From before the spawn to the arrival of this line, as we measured it. Exact: a thread is
    /// blocked on the pipe, and takes the time before it does anything with the line.
    #[serde(skip)]
    pub seen_after: Duration,
}

/// A child that said READY.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    ready: Ready,
    stdout: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts `command` in a process group of its own, so that a Ctrl-C in the terminal of the
    /// check does not reach it, and waits for its READY line.
    pub(super) fn start(mut command: Command, log: &Path) -> Result<Self, SandboxError> {
        let stderr =
            OpenOptions::new().create(true).append(true).mode(0o600).open(log).map_err(on(log))?;
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let spawned = Instant::now();
        let mut child = command.spawn().map_err(SandboxError::Daemon)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(SandboxError::Daemon(io::Error::other("no pipe on its stdout")));
        };
        let (ready_line, ready) = sync_channel(1);
        let reader = thread::spawn(move || drain(stdout, spawned, &ready_line));
        match ready.recv_timeout(READY_LIMIT) {
            Ok(ready) => Ok(Self { child, ready, stdout: Some(reader) }),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(not_ready(child, log))
            }
        }
    }

    pub(super) fn ready(&self) -> &Ready {
        &self.ready
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// TERM, then KILL after `limit`; `None` when it came to that.
    pub(super) fn stop(mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        signal(self.child.id(), Signal::TERM)?;
        let status = end_within(&mut self.child, limit)?;
        self.join();
        Ok(status)
    }

    /// Waits for it to end by itself.
    pub(super) fn wait_end(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let status = wait_for(limit, || self.child.try_wait().transpose()).transpose()?;
        if status.is_some() {
            self.join();
        }
        Ok(status)
    }

    /// KILL, and reaps it.
    pub(super) fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.join();
        Ok(())
    }

    fn join(&mut self) {
        if let Some(reader) = self.stdout.take() {
            // The reader cannot panic, and an orphan that still holds the pipe must not hold us.
            if reader.is_finished() {
                drop(reader.join());
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_alive() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Reads the daemon's stdout to its end, so that it never blocks on a full pipe, and passes the
/// READY line on.
fn drain(stdout: ChildStdout, spawned: Instant, ready_line: &SyncSender<Ready>) {
    for line in BufReader::new(stdout).lines() {
        let seen_after = spawned.elapsed();
        let Ok(line) = line else { return };
        let ready = line.strip_prefix("READY ").and_then(|json| serde_json::from_str(json).ok());
        if let Some(ready) = ready {
            // A second READY finds nobody waiting.
            drop(ready_line.try_send(Ready { seen_after, ..ready }));
        }
    }
}

fn not_ready(mut child: Child, log: &Path) -> SandboxError {
    /// Its stdout is closed already: what ends by itself has this long to be reaped with its code.
    const END_LIMIT: Duration = Duration::from_secs(5);
    /// The end of stderr that is worth showing.
    const STDERR_BYTES: usize = 4096;
    let ended = match end_within(&mut child, END_LIMIT) {
        Ok(Some(status)) => status.to_string(),
        Ok(None) => "it still ran and was killed".to_owned(),
        Err(error) => error.to_string(),
    };
    SandboxError::NotReady { ended, stderr: tail(log, STDERR_BYTES) }
}

/// The last `bytes_max` bytes of a file, from the start of a character; empty if it is unreadable.
pub(super) fn tail(path: &Path, bytes_max: usize) -> String {
    let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let skipped = length.saturating_sub(u64::try_from(bytes_max).unwrap_or(u64::MAX));
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(skipped))?;
        file.read_to_end(&mut bytes)
    });
    if read.is_err() {
        return String::new();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
