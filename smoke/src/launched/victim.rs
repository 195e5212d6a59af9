//! What is killed in the middle of a restart, without warning: the command that restarts, the
//! launcher, the daemon, or all three at once.

use std::time::Duration;

use anyhow::{Context, ensure};
use harness::processes::{Seen, Snapshot, signal};
use harness::sandbox::Sandbox;
use harness::wait::wait_for;
use rustix::process::Signal;
use serde::Serialize;

use super::Service;
use crate::views::named;

/// What a launcher and a daemon are called: the system keeps fifteen letters of a name.
const NAME: &str = "claude-assistan";

/// Between two daemons there is none: so long the next one is waited for.
const APPEARS_MAX: Duration = Duration::from_secs(2);

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Victim {
    /// The command that restarts.
    Runner,
    /// The launcher, and it alone: its daemon notices.
    Launcher,
    /// The daemon, and it alone: its agents are left.
    Daemon,
    /// All three, in this order and in one moment.
    All,
}

impl Victim {
    /// Every victim.
    pub const ALL: [Self; 4] = [Self::Runner, Self::Launcher, Self::Daemon, Self::All];

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Runner => "runner",
            Self::Launcher => "launcher",
            Self::Daemon => "daemon",
            Self::All => "all",
        }
    }

    /// Whether the command that restarts is killed.
    pub const fn has_runner(self) -> bool {
        matches!(self, Self::Runner | Self::All)
    }

    /// Whether the daemon is.
    pub const fn has_daemon(self) -> bool {
        matches!(self, Self::Daemon | Self::All)
    }

    const fn has_launcher(self) -> bool {
        matches!(self, Self::Launcher | Self::All)
    }

    /// Kills. There is no runner any more once its end was seen: its number may be somebody else's
    /// by then. The daemon is the one that was seen before, or is looked for.
    pub fn strike(
        self,
        runner: Option<u32>,
        service: &Service,
        daemon: Option<u32>,
    ) -> anyhow::Result<()> {
        let launcher = service.launcher_pid();
        let mut doomed = Vec::new();
        if self.has_runner() {
            doomed.extend(runner);
        }
        if self.has_launcher() {
            doomed.push(launcher.context("find the launcher")?);
        }
        if self.has_daemon() {
            let daemon = daemon.or_else(|| {
                launcher.and_then(|launcher| wait_for(APPEARS_MAX, || daemon_of(launcher)))
            });
            doomed.push(daemon.context("find the daemon")?);
        }
        for pid in doomed {
            signal(pid, Signal::KILL).with_context(|| format!("kill {pid}"))?;
        }
        Ok(())
    }
}

/// The daemon below a launcher.
pub fn daemon_of(launcher: u32) -> Option<u32> {
    let children = Snapshot::take().descendants(launcher);
    children
        .iter()
        .find(|child| child.parent == Some(launcher) && is_ours(child))
        .map(|child| child.pid)
}

/// One launcher and one daemon run, and everything else is of this daemon: no process of the
/// program beside them, no agent or tool of a daemon that was killed, no check of a command that was.
pub(super) fn exactly_one(sandbox: &Sandbox, service: &Service) -> anyhow::Result<()> {
    let snapshot = Snapshot::take();
    let launcher = service.launcher_pid().context("find the launcher")?;
    let found: Vec<Seen> =
        snapshot.marked(&sandbox.mark()).into_iter().filter(|process| !process.zombie).collect();
    let daemons: Vec<u32> = found
        .iter()
        .filter(|process| process.parent == Some(launcher) && is_ours(process))
        .map(|process| process.pid)
        .collect();
    let [daemon] = daemons[..] else {
        anyhow::bail!("see one daemon below the launcher, and not {daemons:?}");
    };
    let below = snapshot.descendants(daemon);
    let others = found
        .iter()
        .filter(|process| process.pid != launcher && process.pid != daemon)
        .filter(|process| below.iter().all(|it| it.pid != process.pid));
    let others = named(others);
    ensure!(others.is_empty(), "see one launcher, one daemon and what it started, not {others:?}");
    Ok(())
}

fn is_ours(process: &Seen) -> bool {
    !process.zombie && process.name.starts_with(NAME)
}
