//! The launcher: the main process that the system starts, with the daemon as its child. It keeps a
//! daemon running, restarts it into another slot when that is ordered, and goes back when that
//! fails. What it does when is decided in [`assistant_core::keeper`]; here it is carried out.
//!
//! ```text
//!  launchd, systemd
//!      └─ launcher ── run/launcher.sock <── restart's runner, the command line, the daemon
//!            │  ^
//!     starts,│  │ READY and signs of life on its output
//!      stops v  │
//!          daemon (slots/<name>/bin/claude-assistant run --launched)
//! ```
//!
//! The daemon ends when its input does, so none outlives its launcher for long. When it ends by
//! itself its agents and their tools are ended at once, however they hide ([`strays`]). Whatever a later launcher needs is in files.
//!
//! One task drives the keeper; beside it run the socket's server, the watch over the daemon's output
//! and its end, and the commands that were started for a person's or an agent's sake.

mod carrier;
mod child;
mod configured;
mod database;
mod driver;
mod files;
mod orders;
pub(crate) mod protocol;
mod report;
mod strays;
mod survivor;
mod view;
mod writes;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use assistant_core::keeper::Bounds;
use assistant_core::limits::{READY_MAX, STOP_MARGIN};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::config::{Config, Home, SHUTDOWN_DEADLINE_MAX};
use crate::control::peer;
use crate::control::server::{REQUESTS_WAITING_MAX, Server};
use crate::exit::{Code, Failure};
use crate::processes::{self, HomeId, adopted, leftovers};
pub(crate) use carrier::GO;
use driver::Driver;

/// What a launcher runs with. The home is prepared, and the launcher's lock is held by the caller.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where everything is kept.
    pub(crate) home: Home,
    /// What `~/` stands for in the configuration.
    pub(crate) user_home: Option<PathBuf>,
    /// The configuration, as far as it can be read; it is read again when something of it counts.
    pub(crate) config: Config,
    /// How long things may take, if that is not for the configuration to say.
    pub(crate) bounds: Option<Bounds>,
}

/// How long the answer to the longest order may take: a switch that fails, and the way back.
pub(crate) fn answer_max(stop: Duration) -> Duration {
    2 * (stop + READY_MAX) + database::LOOK_MAX + Duration::from_secs(10)
}

/// Runs until a signal or a `stop`.
///
/// # Errors
/// When it cannot begin.
pub(crate) async fn launch(settings: Settings) -> anyhow::Result<Code> {
    let mut signals = crate::app::signals::Signals::listen().context("listen to signals")?;
    let bounds =
        settings.bounds.unwrap_or_else(|| Bounds::with_shutdown(settings.config.shutdown.deadline));
    if let Err(error) = processes::become_subreaper() {
        info!(%error, "what a dead daemon leaves is known by its mark alone");
    }
    let daemon = peer::Daemon::default();
    let server = Server::bind(&settings.home.launcher_socket(), peer::none_of(daemon.clone()))
        .map_err(Failure::from)?
        // Whatever the configuration will say by then; who asks has a limit of its own.
        .answering_within(answer_max(SHUTDOWN_DEADLINE_MAX + STOP_MARGIN));
    survivor::end(&settings.home, bounds.stop, &daemon)
        .await
        .context("end the daemon of an earlier launcher")?;
    leftovers::end(HomeId::of(settings.home.root()), ..).await;

    let (requests, mut asked) = mpsc::channel(REQUESTS_WAITING_MAX);
    let cancel = CancellationToken::new();
    let mut serving = JoinSet::new();
    serving.spawn(server.serve(requests, cancel.clone()));
    serving.spawn(reap(cancel.clone()));
    info!(version = env!("CARGO_PKG_VERSION"), "launcher begins");
    let mut driver = Driver::begin(settings, daemon);
    driver.run(&mut signals, &mut asked).await;
    cancel.cancel();
    while serving.join_next().await.is_some() {}
    info!("launcher ends");
    Ok(Code::Done)
}

async fn reap(cancel: CancellationToken) {
    if let Err(error) = adopted::reap_adopted(cancel).await {
        error!(%error, "what fell to the launcher is not reaped");
    }
}
