//! A slot's own runner of cases, and what its report says.
//!
//! Nothing that is set for somebody else reaches it, and it is believed only if its report is of this
//! run.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use harness::environment;
use harness::gate::{GATE_VARIABLE, Gate};
use harness::report::{Report, Selection};
use harness::tier::Tier;
use jiff::Timestamp;

use super::Means;
use super::stuck::Down;
use super::trouble::{Result, Trouble};
use crate::running::{Ended, run as run_within};
use crate::tier::places::Places;
use crate::tier::{self, Api, Order};

/// Cases to be run.
pub(super) struct Cases {
    pub(super) order: Order,
    pub(super) runner: PathBuf,
    /// Where the runner stands.
    pub(super) directory: PathBuf,
    pub(super) quarantine: Option<PathBuf>,
    pub(super) api: Option<Api>,
    /// How long tier 4 looks whether anything goes wrong.
    pub(super) soak: Option<Duration>,
    /// The rows of sessions that tier 4 may find dead.
    pub(super) down: BTreeMap<i64, Down>,
    /// What the runs of tier 4 share that look at one daemon.
    pub(super) watched_from: Option<PathBuf>,
}

impl Cases {
    /// All of a tier.
    pub(super) fn whole(tier: Tier, runner: PathBuf) -> Self {
        let directory = runner.parent().map_or_else(PathBuf::new, PathBuf::from);
        Self {
            order: Order::whole(tier, Gate::Open),
            runner,
            directory,
            quarantine: None,
            api: None,
            soak: None,
            down: BTreeMap::new(),
            watched_from: None,
        }
    }

    /// Those of them with this in their id.
    pub(super) fn only(mut self, filter: &str) -> Self {
        self.order.selection = Selection { only: Some(filter.to_owned()), exact: false };
        self
    }

    fn command(&self, places: &Places) -> Command {
        let mut command = Command::new(&self.runner);
        command.current_dir(&self.directory);
        // Whoever started the restart may be a test, or a build server: `CI` closes every gate.
        tier::tell_nothing(&mut command, tier::set_here());
        command.env_remove("CI").env_remove("INSTA_UPDATE");
        command.env(environment::REPORT, places.report());
        command.env(environment::LOGS, places.logs());
        if self.order.gate == Gate::Closed {
            command.env(GATE_VARIABLE, "closed");
        }
        if let Some(quarantine) = &self.quarantine {
            command.env(environment::QUARANTINE, quarantine);
        }
        if let Some(api) = self.api {
            command.env(environment::API, api.word());
        }
        if let Some(home) = &self.order.home {
            command.env(environment::HOME, home);
        }
        if let Some(soak) = self.soak {
            command.env(environment::SOAK, soak.as_secs_f64().to_string());
        }
        let trying = self.down.iter().filter(|(_, down)| **down == Down::Trying);
        for (name, rows) in [
            (environment::DOWN_BEFORE, list(self.down.keys())),
            (environment::TRYING_BEFORE, list(trying.map(|(row, _)| row))),
        ] {
            if !rows.is_empty() {
                command.env(name, rows);
            }
        }
        if let Some(file) = &self.watched_from {
            command.env(environment::WATCHED_FROM, file);
        }
        if let Some(only) = &self.order.selection.only {
            command.args(["--", only]);
        }
        command
    }
}

/// With commas.
fn list<'a>(rows: impl Iterator<Item = &'a i64>) -> String {
    rows.map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// Runs them to their end. `name` is that of their directory beside the report of the restart: two
/// restarts at once, on two homes, write to different files.
pub(super) fn run(means: Means<'_>, cases: &Cases, name: &str) -> Result<Report> {
    let places = Places::at(means.runs.join(name));
    places.clear()?;
    let started_at = Timestamp::now();
    let command = cases.command(&places);
    match run_within(command, &places.output(), means.time.left(), means.time.interrupt())? {
        Ended::With(code) => {
            let status = ExitStatus::from_raw(code << 8);
            Ok(tier::read_back(&cases.order, &places, started_at, status))
        }
        Ended::TooLate => Err(Trouble::Late),
        Ended::Interrupted => Err(Trouble::Interrupted),
    }
}
