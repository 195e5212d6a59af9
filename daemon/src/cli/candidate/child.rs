//! The candidate's process: a `run` of this very program in the throw-away home, the leader of a
//! process group, with its standard input as the rope that it ends by if we are gone.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::Wrong;
use super::ground::Ground;
use crate::cli::print::one_line;
use crate::config::paths::{FILE_MODE, HOME_VARIABLE};
use crate::processes::{self, Found, MARK_NAME};
use crate::ready::Ready;
use crate::telemetry::LOG_VARIABLE;

/// How long killed processes may take to be gone.
const KILL_MAX: Duration = Duration::from_secs(2);

/// Looks for what the agents have started. What still starts others after that does so faster than it
/// can be killed.
const LOOKS_MAX: usize = 5;

/// Variables that are about the process that runs the candidate, not about the candidate.
const NOT_PASSED: [&str; 5] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "CLAUDE_CONFIG_DIR", LOG_VARIABLE, MARK_NAME];

/// A candidate that was started.
#[derive(Debug)]
pub(super) struct Candidate {
    child: tokio::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
    pid: Pid,
    /// Held as long as it is to run: waiting for its end would close it, and so be the cause of it.
    _rope: ChildStdin,
}

impl Candidate {
    /// Starts it.
    pub(super) fn start(ground: &Ground) -> Result<Self, Wrong> {
        let root = ground.home().root();
        let words = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(FILE_MODE)
            .open(ground.home().stderr_file())
            .map_err(Wrong::Start)?;
        let mut command = Command::new(std::env::current_exe().map_err(Wrong::Start)?);
        command.args(["run", "--launched", "--held-by"]).arg(ground.hold());
        for name in NOT_PASSED {
            command.env_remove(name);
        }
        command
            .env(HOME_VARIABLE, root)
            .env("HOME", ground.folder("user"))
            .env("TMPDIR", ground.folder("tmp"))
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(words)
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(Wrong::Start)?;
        let number = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        let pipes = (child.stdout.take(), child.stdin.take());
        let (Some(pid), (Some(stdout), Some(rope))) = (number, pipes) else {
            return Err(Wrong::Start(io::ErrorKind::NotFound.into()));
        };
        Ok(Self { child, lines: BufReader::new(stdout).lines(), pid, _rope: rope })
    }

    /// Waits until it says that it serves.
    pub(super) async fn ready(&mut self, ground: &Ground) -> Result<Ready, Wrong> {
        while let Some(line) = self.lines.next_line().await.map_err(Wrong::Start)? {
            if let Some(ready) = Ready::parse(&line) {
                return Ok(ready);
            }
        }
        let status = self.child.wait().await.map_err(Wrong::Start)?;
        Err(ended(status, ground))
    }

    /// Waits until it ends, which it is not to do. What it says meanwhile is nobody's.
    pub(super) async fn end_by_itself(&mut self, ground: &Ground) -> Wrong {
        match self.child.wait().await {
            Ok(status) => ended(status, ground),
            Err(error) => Wrong::Start(error),
        }
    }

    /// Asks it to end, and waits until it has.
    pub(super) async fn stop(&mut self) -> Result<(), Wrong> {
        kill_process(self.pid, Signal::TERM).map_err(|error| Wrong::Start(error.into()))?;
        let status = self.child.wait().await.map_err(Wrong::Start)?;
        if status.success() { Ok(()) } else { Err(Wrong::BadEnd { status }) }
    }

    /// Kills it and all of its process group, unless it has ended.
    pub(super) async fn kill(&mut self) {
        // One that was reaped has no number any more: another may have it.
        if self.child.id().is_some() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            // What does not end by KILL is stuck in the kernel: no waiting helps.
            drop(timeout(KILL_MAX, self.child.wait()).await);
        }
    }

    /// What it has started and is still there.
    pub(super) async fn family(&self) -> Vec<Found> {
        match self.child.id() {
            Some(pid) => processes::walk(move || processes::descendants(pid)).await,
            None => Vec::new(),
        }
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if self.child.id().is_some() {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
    }
}

/// Kills `family` and everything that an agent of this home has started; how many there were.
pub(super) async fn end_family(ground: &Ground, family: Vec<Found>) -> usize {
    let mut ended = family.len();
    processes::end_all(family, Duration::ZERO, KILL_MAX).await;
    let home = ground.id();
    for _ in 0..LOOKS_MAX {
        let marked = processes::walk(move || processes::marked(home, &..)).await;
        if marked.is_empty() {
            break;
        }
        ended += marked.len();
        let found = marked.into_iter().map(|marked| marked.process).collect();
        processes::end_all(found, Duration::ZERO, KILL_MAX).await;
    }
    ended
}

/// That it ended, with the last thing that it said.
fn ended(status: ExitStatus, ground: &Ground) -> Wrong {
    let words = std::fs::read(ground.home().stderr_file()).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let said = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Wrong::Ended { status, said: one_line(said) }
}
