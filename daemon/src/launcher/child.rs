//! The daemon as a child: started from its slot, watched until it is ready and until it has ended,
//! together with everything that it had started.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assistant_core::keeper::Cause;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::error;

use super::report::Report;
use super::{strays, survivor};
use crate::config::Home;
use crate::config::paths::HOME_VARIABLE;
use crate::control::protocol::Request;
use crate::control::{client, peer};
use crate::exit::Code;
use crate::notify::{SOCKET_VARIABLE, WATCHDOG_VARIABLE};
use crate::processes::adopted::{self, OwnChild};
use crate::processes::{HomeId, leftovers};
use crate::ready::Ready;
use crate::slots::SlotName;
use crate::telemetry;
use crate::voice::BEAT;

/// The longest line of its output that is looked at; READY has a hundred bytes.
const LINE_BYTES_MAX: usize = 4096;

/// The pause before it is asked again whether it answers.
const PING_PAUSE: Duration = Duration::from_millis(10);

/// What a daemon is started with.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub(super) home: &'a Home,
    pub(super) program: &'a Path,
    pub(super) slot: &'a SlotName,
    /// The file whose end ends its hold.
    pub(super) held_by: Option<&'a Path>,
    /// How much of its silence is taken for life.
    pub(super) heartbeat: Duration,
    /// How long a daemon may take to end that has the home and is not this one.
    pub(super) patience: Duration,
    /// Which daemon is this launcher's.
    pub(super) ours: &'a peer::Daemon,
}

/// The daemon that is there.
#[derive(Debug)]
pub(super) struct Child {
    /// Which of this launcher's daemons it is.
    pub(super) number: u64,
    pub(super) pid: u32,
    pub(super) began: Instant,
    pub(super) ready: Option<Ready>,
    pub(super) beat: Option<Instant>,
    /// It was waited for: its number may be another's.
    gone: Arc<AtomicBool>,
    /// Open as long as the daemon is to live without being told to end.
    _stdin: Option<ChildStdin>,
}

impl Child {
    /// Starts it, with its watch in `tasks`, which says what comes to `reports`.
    pub(super) fn start(
        number: u64,
        start: &Start<'_>,
        tasks: &mut JoinSet<()>,
        reports: &mpsc::Sender<Report>,
    ) -> io::Result<Self> {
        let (voice, theirs) = UnixStream::pair()?;
        voice.set_nonblocking(true)?;
        let voice = tokio::net::UnixStream::from_std(voice)?;
        let mut own = adopted::spawn(command(start)?.stdout(OwnedFd::from(theirs)))?;
        let pid = own.child.id().unwrap_or_default();
        let stdin = own.child.stdin.take();
        let gone = Arc::new(AtomicBool::new(false));
        let (heard, socket) = (reports.clone(), start.home.socket());
        let ended = Arc::clone(&gone);
        tasks.spawn(async move { listen(number, voice, &socket, &ended, &heard).await });
        let (home, ours, patience) = (start.home.clone(), start.ours.clone(), start.patience);
        let (reports, mark) = (reports.clone(), Arc::clone(&gone));
        tasks.spawn(async move {
            let code = wait(number, own, HomeId::of(home.root()), &mark, &reports).await;
            if code == Some(Code::Busy)
                && let Err(error) = survivor::end(&home, patience, &ours).await
            {
                error!(%error, "another daemon has the home");
            }
        });
        let began = Instant::now();
        Ok(Self { number, pid, began, ready: None, beat: None, gone, _stdin: stdin })
    }

    /// Asks it to end. Its input stays open: the end of that would count as a second request.
    pub(super) fn terminate(&self) {
        self.signal(|pid| kill_process(pid, Signal::TERM));
    }

    /// Ends it, and what is left in its group.
    pub(super) fn kill(&self) {
        self.signal(|pid| kill_process_group(pid, Signal::KILL));
    }

    fn signal(&self, send: impl FnOnce(Pid) -> rustix::io::Result<()>) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let Some(pid) = pid.filter(|_| !self.gone.load(Ordering::SeqCst)) else { return };
        if let Err(error) = send(pid) {
            tracing::debug!(%error, "daemon not signalled");
        }
    }
}

fn command(start: &Start<'_>) -> io::Result<Command> {
    let stderr = telemetry::open_stderr(&start.home.stderr_file())?;
    let mut command = Command::new(start.program);
    command.args(["run", "--launched", "--slot", start.slot.as_str()]);
    command.args(["--heartbeat", &start.heartbeat.as_millis().to_string()]);
    if let Some(file) = start.held_by {
        command.arg("--held-by").arg(file);
    }
    command
        .env(HOME_VARIABLE, start.home.root())
        // What the service manager wants to hear it hears from the launcher.
        .env_remove(SOCKET_VARIABLE)
        .env_remove(WATCHDOG_VARIABLE)
        .env_remove("WATCHDOG_PID")
        .current_dir(start.home.root())
        .stdin(Stdio::piped())
        .stderr(stderr)
        .process_group(0);
    Ok(command)
}

/// Reads its output: READY first, then its signs of life, and whatever else comes, so that it is never
/// held up.
async fn listen(
    number: u64,
    mut output: impl AsyncRead + Unpin,
    socket: &Path,
    gone: &AtomicBool,
    reports: &mpsc::Sender<Report>,
) {
    let (mut line, mut part) = (Vec::new(), [0; LINE_BYTES_MAX]);
    let mut said = false;
    while let Ok(bytes @ 1..) = output.read(&mut part).await {
        for &byte in &part[..bytes] {
            if byte != b'\n' {
                if line.len() < LINE_BYTES_MAX {
                    line.push(byte);
                }
                continue;
            }
            let ready = std::str::from_utf8(&line).ok().and_then(Ready::parse);
            if line == BEAT.as_bytes() {
                drop(reports.send(Report::Beat { number }).await);
            }
            line.clear();
            if let Some(ready) = ready.filter(|_| !said) {
                said = true;
                // It is ready when it answers. One that has ended never will.
                while client::ask(socket, Request::Ping).await.is_err() {
                    if gone.load(Ordering::SeqCst) {
                        return;
                    }
                    sleep(PING_PAUSE).await;
                }
                drop(reports.send(Report::Ready { number, ready }).await);
            }
        }
    }
}

/// Waits for its end, and ends what it leaves. Returns the code that it ended with.
async fn wait(
    number: u64,
    mut own: OwnChild,
    home_id: HomeId,
    gone: &AtomicBool,
    reports: &mpsc::Sender<Report>,
) -> Option<Code> {
    let status = own.child.wait().await;
    gone.store(true, Ordering::SeqCst);
    let code = status.as_ref().ok().and_then(ExitStatus::code).map(Code::of_status);
    // It may have found another daemon at home, which lives, and so do its agents. What is left where it
    // had the home itself, and no room to go on, is ended by the next one.
    if code != Some(Code::Busy) {
        leftovers::end(home_id, ..).await;
    }
    strays::end().await;
    let (how, cause) = match status {
        Ok(status) => (status.to_string(), cause(status)),
        Err(error) => (format!("its end is not known: {error}"), Cause::Own),
    };
    drop(reports.send(Report::Ended { number, how, cause }).await);
    code
}

/// What it speaks against that none could be started. Its program is what its manifest says; all but
/// one that the system does not know as a program is the system's own trouble.
pub(super) fn cause_of_no_start(error: &io::Error) -> Cause {
    let is_no_program = error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error());
    if is_no_program { Cause::Own } else { Cause::Outside }
}

/// Whether its end speaks against its slot: another build would be refused what this one was.
fn cause(status: ExitStatus) -> Cause {
    match status.code().map(Code::of_status) {
        Some(Code::Done) => Cause::Asked,
        Some(Code::Usage | Code::Busy | Code::Denied) => Cause::Outside,
        _ => Cause::Own,
    }
}

#[cfg(test)]
mod tests;
