//! Commands that the launcher starts for somebody: the gated restart that was asked for from inside,
//! and the one that calls a person.
//!
//! ```text
//! asked ── the command's process written down ──> running ── it ends ──> done ── the daemon is told
//!                └── the launcher ends, and then the command ──> done, by the next launcher
//! ```
//!
//! The command runs apart: in a session of its own and, below systemd, in a scope of its own, because
//! systemd ends whatever is in the cgroup of a service that ends. So neither the end of this launcher
//! nor that of the daemon reaches it. It does nothing before its process is written down, or a later
//! launcher would take one that lives for one that is gone.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use assistant_core::storm;
use assistant_core::time::WallMs;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::report::Report;
use super::strays;
use crate::clock::wall_now;
use crate::config::paths::{FILE_MODE, HOME_VARIABLE};
use crate::config::{Home, Restart};
use crate::control::protocol::{self, Refusal, RefusalKind};
use crate::control::{client, peer};
use crate::notify::{SOCKET_VARIABLE, WATCHDOG_VARIABLE};
use crate::processes::{self, adopted};
use crate::slots::request::{self, Initiator, RequestState, Requests, RestartRequest};
use crate::telemetry;

/// How long the command may take that calls a person.
const ALERT_MAX: Duration = Duration::from_mins(1);

/// Logs of commands that are kept, this one among them: as many as reports are. Their names sort by
/// age.
const LOGS_KEPT: usize = 20;

/// What has the command begin, on its standard input.
pub(crate) const GO: &str = "go";

/// What is above the launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Above {
    /// Systemd, with a cgroup around the launcher and all that it starts.
    Systemd,
    /// A person, or what leaves a process with a session of its own alone.
    Others,
}

/// The commands, and the requests they are for.
#[derive(Debug)]
pub(super) struct Carrier {
    requests: Requests,
    home: Home,
    above: Above,
    /// Those whose command this launcher waits for.
    running: Vec<String>,
    daemon: peer::Daemon,
}

impl Carrier {
    pub(super) fn of(home: &Home, above: Above, daemon: peer::Daemon) -> Self {
        let (requests, home) = (Requests::of(home), home.clone());
        Self { requests, home, above, running: Vec::new(), daemon }
    }

    /// Writes a request down, unless its initiator has asked too often. Returns its id.
    pub(super) fn ask(&self, initiator: Initiator, config: &Restart) -> Result<String, Refusal> {
        let failed = |error: &dyn std::fmt::Display| {
            Refusal::new(RefusalKind::Failed, format!("failed to {error}"))
        };
        if config.source_dir.is_none() {
            let message = "restart.source_dir is not configured: nothing is there to build";
            return Err(Refusal::new(RefusalKind::Failed, message));
        }
        let all = self.all().map_err(|error| failed(&error))?;
        let asked = all.iter().filter(|it| it.initiator == initiator).filter_map(asked_at);
        storm::may_ask(wall_now(), asked)
            .map_err(|error| Refusal::new(RefusalKind::Busy, error.to_string()))?;
        let request = RestartRequest {
            id: request::new_id(),
            initiator,
            asked_at: crate::slots::now(),
            state: RequestState::Asked,
            command: None,
            exit_code: None,
            says: None,
            told: false,
        };
        self.requests.write(&request).map_err(|error| failed(&error))?;
        Ok(request.id)
    }

    /// Starts the command for a request.
    pub(super) fn begin(
        &mut self,
        id: &str,
        config: &Restart,
        tasks: &mut JoinSet<()>,
        reports: &mpsc::Sender<Report>,
    ) -> Result<(), String> {
        let started = self.command(id, config).and_then(|mut command| adopted::spawn(&mut command));
        let mut own = match started {
            Ok(own) => own,
            Err(error) => {
                let why = format!("the restart's command cannot be started: {error}");
                self.finish(id, None, &why);
                return Err(why);
            }
        };
        info!(id, pid = own.child.id(), "gated restart begins");
        self.running.push(id.to_owned());
        let process = own.child.id().and_then(processes::note);
        let written = self.change(id, |request| {
            request.state = RequestState::Running;
            request.command = process;
        });
        let stdin = own.child.stdin.take();
        // One that is not told to go ends, and that is heard of like any other end.
        let told = stdin.filter(|_| written.is_ok());
        let (id, reports, daemon) = (id.to_owned(), reports.clone(), self.daemon.clone());
        tasks.spawn(async move {
            if let Some(stdin) = told {
                go(stdin).await;
            }
            let exit_code = own.child.wait().await.ok().and_then(|status| status.code());
            drop(own);
            strays::leave_alone(daemon).await;
            drop(reports.send(Report::Carried { id, exit_code }).await);
        });
        written
    }

    /// The command of a request has ended.
    pub(super) fn carried(&mut self, id: &str, exit_code: Option<i32>) {
        self.running.retain(|running| running != id);
        info!(id, exit_code, "gated restart ended");
        let says = exit_code.map_or_else(
            || "its command was ended by a signal".to_owned(),
            |code| format!("its command ended with {code}"),
        );
        self.finish(id, exit_code, &says);
    }

    /// Requests whose command an earlier launcher waited for, and that is gone, while nobody carries
    /// anything out. Whether there was one.
    pub(super) async fn settle_orphans(&mut self) -> bool {
        let mut orphans = self.all().unwrap_or_default();
        orphans.retain(|it| it.state != RequestState::Done && !self.running.contains(&it.id));
        if orphans.is_empty() {
            return false;
        }
        let orphans = processes::walk(move || {
            orphans.retain(|it| !it.command.as_ref().is_some_and(processes::noted_still_runs));
            orphans
        })
        .await;
        for RestartRequest { id, .. } in &orphans {
            warn!(id, "a gated restart lost its launcher");
            self.finish(id, None, "the launcher ended while it ran");
        }
        !orphans.is_empty()
    }

    /// Tells the daemon of what is done, if somebody is to be told.
    pub(super) fn tell(&self, tasks: &mut JoinSet<()>) {
        let untold = |it: &RestartRequest| it.state == RequestState::Done && !it.told;
        if !self.all().unwrap_or_default().iter().any(untold) {
            return;
        }
        let socket = self.home.socket();
        tasks.spawn(async move {
            if let Err(error) = client::ask(&socket, protocol::Request::RestartResults).await {
                // The next daemon looks for itself.
                info!(%error, "the daemon was not told of a restart");
            }
        });
    }

    /// Calls a person.
    pub(super) fn alert(&self, config: &Restart, why: &str, tasks: &mut JoinSet<()>) {
        error!(why, "a person is needed");
        let Some((program, arguments)) =
            config.alert_command.as_ref().and_then(|command| command.split_first())
        else {
            return;
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(why).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null()).process_group(0).kill_on_drop(true);
        let daemon = self.daemon.clone();
        tasks.spawn(async move {
            let called = async { adopted::spawn(&mut command)?.child.wait().await };
            match timeout(ALERT_MAX, called).await {
                Ok(Ok(status)) if status.success() => info!("a person was called"),
                Ok(Ok(status)) => error!(code = status.code(), "nobody was called"),
                Ok(Err(error)) => error!(%error, "nobody was called"),
                Err(_) => error!("the command that calls a person does not end"),
            }
            strays::leave_alone(daemon).await;
        });
    }

    fn command(&self, id: &str, config: &Restart) -> io::Result<Command> {
        let home = &self.home;
        let mut log = OpenOptions::new();
        let log = log.append(true).create(true).mode(FILE_MODE).open(home.restart_log(id))?;
        let id_in = |name: &str| name.strip_prefix("restart-r")?.strip_suffix(".log").map(drop);
        if let Err(error) =
            telemetry::keep_last(&home.logs_dir(), LOGS_KEPT, |name| id_in(name).is_some())
        {
            warn!(%error, "logs of earlier restarts are not removed");
        }
        // By its place: the file that this process was started from may have been replaced since.
        let mut command = Command::new(own_program(home)?);
        command
            .args(arguments(id, self.above, &config.command))
            .current_dir(config.source_dir.as_deref().unwrap_or(home.root()))
            .env(HOME_VARIABLE, home.root())
            .env_remove(SOCKET_VARIABLE)
            .env_remove(WATCHDOG_VARIABLE)
            .env_remove("WATCHDOG_PID")
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn finish(&self, id: &str, exit_code: Option<i32>, otherwise: &str) {
        // Nobody may have seen its end, and the report tells of it.
        let verdict = request::verdict(&self.home.restart_reports_dir(), id);
        let exit_code = exit_code.or(verdict.as_ref().and_then(|verdict| verdict.exit_code));
        let says = verdict.map_or_else(|| otherwise.to_owned(), |verdict| verdict.says);
        let changed = self.change(id, |request| {
            request.state = RequestState::Done;
            request.exit_code = exit_code;
            request.says = Some(says);
        });
        if let Err(why) = changed {
            error!(why, id, "what became of a restart was not written down");
        }
    }

    /// Changes what is written of a request; if that fails, why.
    fn change(&self, id: &str, change: impl FnOnce(&mut RestartRequest)) -> Result<(), String> {
        let all = self.all().map_err(|error| format!("failed to list requests: {error}"))?;
        let found = all.into_iter().find(|it| it.id == id);
        let mut request = found.ok_or("the file of a request is gone")?;
        change(&mut request);
        self.requests.write(&request).map_err(|error| format!("failed to {error}"))
    }

    /// Those that can be read.
    fn all(&self) -> io::Result<Vec<RestartRequest>> {
        let (requests, unreadable) = self.requests.all()?;
        for problem in unreadable {
            warn!(error = %problem, "a request is passed over");
        }
        Ok(requests)
    }
}

/// The words with which the launcher's program becomes the command of a request.
fn arguments(id: &str, above: Above, command: &[String]) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["launcher", "carry-out", "--when-told"].map(Into::into).into();
    if above == Above::Systemd {
        words.extend(["--scope".into(), format!("claude-assistant-restart-{id}").into()]);
    }
    words.push("--".into());
    words.extend(command.iter().map(Into::into));
    words.extend(["--request".into(), id.into()]);
    words
}

/// Its process is written down, and it may begin.
async fn go(mut stdin: ChildStdin) {
    if let Err(error) = stdin.write_all(format!("{GO}\n").as_bytes()).await {
        warn!(%error, "the command of a restart was not told to begin");
    }
}

fn asked_at(request: &RestartRequest) -> Option<WallMs> {
    let at: jiff::Timestamp = request.asked_at.parse().ok()?;
    Some(WallMs(at.as_millisecond()))
}

/// The launcher's own program.
fn own_program(home: &Home) -> io::Result<PathBuf> {
    let installed = home.launcher_program();
    if installed.is_file() { Ok(installed) } else { std::env::current_exe() }
}

#[cfg(test)]
mod tests;
