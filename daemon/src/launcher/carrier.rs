//! Commands that the launcher starts for somebody: the gated restart that was asked for from inside,
//! and the one that calls a person.
//!
//! ```text
//! asked ── written down ──> running ── the command ends ──> done ── the daemon is told
//!              └── the launcher ends, and nobody holds run/restart.lock any more ──> done
//! ```
//!
//! The command runs in a session of its own: neither the end of this launcher nor that of the daemon
//! reaches it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use assistant_core::storm;
use assistant_core::time::WallMs;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::report::Report;
use crate::clock::wall_now;
use crate::config::paths::{FILE_MODE, HOME_VARIABLE};
use crate::config::{Home, Restart};
use crate::control::client;
use crate::control::protocol::{self, Refusal, RefusalKind};
use crate::notify::{SOCKET_VARIABLE, WATCHDOG_VARIABLE};
use crate::processes::adopted;
use crate::slots::request::{self, Initiator, RequestState, Requests, RestartRequest};

/// How long the command may take that calls a person.
const ALERT_MAX: Duration = Duration::from_mins(1);

/// The commands, and the requests they are for.
#[derive(Debug)]
pub(super) struct Carrier {
    requests: Requests,
    reports: PathBuf,
    config: Restart,
    /// Those whose command this launcher waits for.
    running: Vec<String>,
}

impl Carrier {
    pub(super) fn of(home: &Home, config: Restart) -> Self {
        let reports = home.restart_reports_dir();
        Self { requests: Requests::of(home), reports, config, running: Vec::new() }
    }

    /// Writes a request down, unless its initiator has asked too often. Returns its id.
    pub(super) fn ask(&self, initiator: Initiator) -> Result<String, Refusal> {
        let failed = |error: &dyn std::fmt::Display| {
            Refusal::new(RefusalKind::Failed, format!("failed to {error}"))
        };
        if self.config.source_dir.is_none() {
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
        home: &Home,
        id: &str,
        tasks: &mut JoinSet<()>,
        reports: &mpsc::Sender<Report>,
    ) -> Result<(), String> {
        let started = self.command(home, id).and_then(|mut command| adopted::spawn(&mut command));
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
        self.change(id, |request| request.state = RequestState::Running);
        let (id, reports) = (id.to_owned(), reports.clone());
        tasks.spawn(async move {
            let exit_code = own.child.wait().await.ok().and_then(|status| status.code());
            drop(reports.send(Report::Carried { id, exit_code }).await);
        });
        Ok(())
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

    /// Requests whose command an earlier launcher waited for, while nobody carries anything out.
    /// Whether there was one.
    pub(super) fn settle_orphans(&mut self) -> bool {
        let all = self.all().unwrap_or_default();
        let orphans: Vec<String> = all
            .into_iter()
            .filter(|it| it.state != RequestState::Done && !self.running.contains(&it.id))
            .map(|it| it.id)
            .collect();
        for id in &orphans {
            warn!(id, "a gated restart lost its launcher");
            self.finish(id, None, "the launcher ended while it ran");
        }
        !orphans.is_empty()
    }

    /// Tells the daemon of what is done, if somebody is to be told.
    pub(super) fn tell(&self, home: &Home, tasks: &mut JoinSet<()>) {
        let untold = |it: &RestartRequest| it.state == RequestState::Done && !it.told;
        if !self.all().unwrap_or_default().iter().any(untold) {
            return;
        }
        let socket = home.socket();
        tasks.spawn(async move {
            if let Err(error) = client::ask(&socket, protocol::Request::RestartResults).await {
                // The next daemon looks for itself.
                info!(%error, "the daemon was not told of a restart");
            }
        });
    }

    /// Calls a person.
    pub(super) fn alert(&self, why: &str, tasks: &mut JoinSet<()>) {
        error!(why, "a person is needed");
        let Some((program, arguments)) =
            self.config.alert_command.as_ref().and_then(|command| command.split_first())
        else {
            return;
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(why).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null()).process_group(0).kill_on_drop(true);
        tasks.spawn(async move {
            let called = async { adopted::spawn(&mut command)?.child.wait().await };
            match timeout(ALERT_MAX, called).await {
                Ok(Ok(status)) if status.success() => info!("a person was called"),
                Ok(Ok(status)) => error!(code = status.code(), "nobody was called"),
                Ok(Err(error)) => error!(%error, "nobody was called"),
                Err(_) => error!("the command that calls a person does not end"),
            }
        });
    }

    fn command(&self, home: &Home, id: &str) -> io::Result<Command> {
        let mut log = OpenOptions::new();
        let log = log.append(true).create(true).mode(FILE_MODE).open(home.restart_log(id))?;
        // By its place: the file that this process was started from may have been replaced since.
        let mut command = Command::new(own_program(home)?);
        command
            .args(["launcher", "carry-out", "--"])
            .args(&self.config.command)
            .args(["--request", id])
            .current_dir(self.config.source_dir.as_deref().unwrap_or(home.root()))
            .env(HOME_VARIABLE, home.root())
            .env_remove(SOCKET_VARIABLE)
            .env_remove(WATCHDOG_VARIABLE)
            .env_remove("WATCHDOG_PID")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn finish(&self, id: &str, exit_code: Option<i32>, otherwise: &str) {
        // Nobody may have seen its end, and the report tells of it.
        let verdict = request::verdict(&self.reports, id);
        let exit_code = exit_code.or(verdict.as_ref().and_then(|verdict| verdict.exit_code));
        let says = verdict.map_or_else(|| otherwise.to_owned(), |verdict| verdict.says);
        self.change(id, |request| {
            request.state = RequestState::Done;
            request.exit_code = exit_code;
            request.says = Some(says);
        });
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut RestartRequest)) {
        let all = self.all().unwrap_or_default();
        let Some(mut request) = all.into_iter().find(|it| it.id == id) else {
            error!(id, "the file of a request is gone");
            return;
        };
        change(&mut request);
        if let Err(error) = self.requests.write(&request) {
            error!(%error, id, "a request was not written down");
        }
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
