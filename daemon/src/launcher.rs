//! The launcher: the main process that the system starts, with the daemon as its child. It keeps a
//! daemon running, restarts it into another slot when that is ordered, and goes back when that
//! fails. What it does when is decided in [`assistant_core::keeper`]; here it is carried out.
//!
//! ```text
//!  launchd, systemd
//!      └─ launcher ── run/launcher.sock <── restart's runner, the command line, the daemon
//!            │  ^
//!     starts,│  │ READY on its output, signs of life on run/notify.sock
//!      stops v  │
//!          daemon (slots/<name>/bin/claude-assistant run --launched)
//! ```
//!
//! The daemon ends when its input does, so none outlives its launcher for long. When it ends by
//! itself its agents and their tools are ended at once. Whatever a later launcher needs is in files.
//!
//! One task drives the keeper; beside it run the socket's server, the watch over the daemon's output
//! and its end, and the commands that were started for a person's or an agent's sake.

mod carrier;
mod child;
mod database;
mod driver;
mod files;
mod notify;
mod orders;
pub(crate) mod protocol;
mod report;
mod survivor;
mod view;

use std::time::Duration;

use anyhow::Context as _;
use assistant_core::keeper::Bounds;
use assistant_core::limits::READY_MAX;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::{Config, Home};
use crate::control::peer;
use crate::control::server::{REQUESTS_WAITING_MAX, Server};
use crate::exit::{Code, Failure};
use driver::Driver;

/// What a launcher runs with. The home is prepared, and the launcher's lock is held by the caller.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where everything is kept.
    pub(crate) home: Home,
    /// The configuration, as far as it can be read.
    pub(crate) config: Config,
    /// How long things may take.
    pub(crate) bounds: Bounds,
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
    let stop = settings.bounds.stop;
    let listener = notify::Listener::bind(&settings.home.notify_socket())
        .with_context(|| format!("listen on {}", settings.home.notify_socket().display()))?;
    let daemon = peer::Daemon::default();
    let server = Server::bind(&settings.home.launcher_socket(), peer::none_of(daemon.clone()))
        .map_err(Failure::from)?
        .answering_within(answer_max(stop));
    survivor::end(&settings.home, stop).await.context("end the daemon of an earlier launcher")?;

    let (requests, mut asked) = mpsc::channel(REQUESTS_WAITING_MAX);
    let cancel = CancellationToken::new();
    let mut serving = JoinSet::new();
    serving.spawn(server.serve(requests, cancel.clone()));
    info!(version = env!("CARGO_PKG_VERSION"), "launcher begins");
    let mut driver = Driver::begin(settings, daemon);
    driver.run(&mut signals, &mut asked, &listener).await;
    cancel.cancel();
    while serving.join_next().await.is_some() {}
    info!("launcher ends");
    Ok(Code::Done)
}
