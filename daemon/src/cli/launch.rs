//! `launch`: the launcher itself, as what the system starts, or as the background process of `start`.

use std::time::Duration;

use anyhow::Context as _;
use assistant_core::keeper::Bounds;

use super::Place;
use super::run::detach;
use crate::config::Config;
use crate::config::args::Launch;
use crate::control::lock::Lock;
use crate::durable;
use crate::exit::{Code, Failure};
use crate::launcher::{self, Settings};
use crate::telemetry::{self, LOG_VARIABLE};

/// Threads for what blocks: walks over the process table, hashes of programs.
const BLOCKING_THREADS_MAX: usize = 4;

pub(super) fn launch(place: &Place, launch: &Launch) -> anyhow::Result<Code> {
    place.home.prepare().map_err(Failure::from)?;
    let home = &place.home.canonical().map_err(Failure::from)?;
    if launch.detached {
        detach(home.root())?;
    }
    let _lock = Lock::take(&home.launcher_lock(), home.root()).map_err(Failure::from)?;
    let loaded = Config::load(&home.config_file(), place.user_home.as_deref());
    let config =
        loaded.as_ref().map_or_else(|_| Config::defaults(place.user_home.as_deref()), Clone::clone);
    let filter = std::env::var(LOG_VARIABLE).ok().filter(|filter| !filter.is_empty());
    let _log = telemetry::start(&home.launcher_log(), config.log, filter.as_deref())
        .map_err(Failure::from)?;
    if let Err(error) = &loaded {
        // The daemon says so too, and is started again when that may be mended.
        tracing::error!(%error, "the configuration cannot be used");
    }
    durable::make_dir(&home.restart_dir()).context("make state/restart")?;
    let bounds = launch.bounds.as_deref().map(bounds).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()
        .context("start the runtime")?;
    let (home, user_home) = (home.clone(), place.user_home.clone());
    let ended = runtime.block_on(launcher::launch(Settings { home, user_home, config, bounds }));
    runtime.shutdown_background();
    if let Err(error) = &ended {
        tracing::error!(error = format!("{error:#}"), "ended");
    }
    ended
}

fn bounds(given: &[u64]) -> Result<Bounds, Failure> {
    match *given {
        [ready, heartbeat, stop, runner_gone] if 1 < runner_gone => Ok(Bounds {
            ready: Duration::from_millis(ready),
            heartbeat: Duration::from_millis(heartbeat),
            stop: Duration::from_millis(stop),
            runner_gone: Duration::from_millis(runner_gone),
        }),
        _ => Err(Failure::new(Code::Usage, "--bounds: four numbers are expected")),
    }
}
