//! Programs that a run starts: each writes into a log, has a limit, and ends with its group.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use harness::wait::wait_for;
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// How long a group may take to end after TERM: nextest ends the tests that it runs first.
const TERM_MAX: Duration = Duration::from_secs(20);

/// Whether somebody wants the run to end. From its making on a Ctrl-C ends no program by itself,
/// so that everything can be put in order.
#[derive(Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to listen.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self(flag))
    }

    /// One that never comes.
    pub(crate) fn never() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    /// One that has come.
    #[cfg(test)]
    pub(crate) fn at_once() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// One that comes when somebody sets the flag.
    #[cfg(test)]
    pub(crate) const fn by(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Whether it came.
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, with this number; -1 if by a signal.
    With(i32),
    /// It was ended at its limit.
    TooLate,
    /// It was ended because the run is to end.
    Interrupted,
}

/// Runs a program in a group of its own, and everything that it says into `log`.
pub(crate) fn run(
    mut command: Command,
    log: &Path,
    limit: Duration,
    interrupt: &Interrupt,
) -> anyhow::Result<Ended> {
    let file = File::create(log).with_context(|| format!("make {}", log.display()))?;
    let again = file.try_clone().context("share the log")?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(again)
        .spawn()
        .with_context(|| format!("run {program}"))?;
    let ended = wait_for(limit, || {
        if interrupt.came() {
            return Some(Ok(Ended::Interrupted));
        }
        let status = child.try_wait().transpose()?;
        Some(status.map(|status| Ended::With(status.code().unwrap_or(-1))))
    });
    let ended = ended.transpose().with_context(|| format!("wait for {program}"))?;
    match ended.unwrap_or(Ended::TooLate) {
        by_itself @ Ended::With(_) => Ok(by_itself),
        asked => {
            end_group(&mut child).with_context(|| format!("end {program}"))?;
            Ok(asked)
        }
    }
}

fn end_group(child: &mut Child) -> std::io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let signal = |signal| {
        if let Some(group) = group {
            // It may have ended in this moment.
            let _gone = kill_process_group(group, signal);
        }
    };
    signal(Signal::TERM);
    let ended = wait_for(TERM_MAX, || child.try_wait().transpose());
    // Who started others may be gone before them.
    signal(Signal::KILL);
    if ended.is_none() {
        child.wait()?;
    }
    Ok(())
}

/// What a program has written into its log.
pub(crate) fn written(log: &Path) -> String {
    fs::read(log).map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into())
}

/// The executable of the test target `target` in cargo's JSON messages.
pub(crate) fn executable_of(messages: &str, target: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == target)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests;
