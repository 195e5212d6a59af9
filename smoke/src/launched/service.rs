//! What a service manager does for the launcher.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::processes::signal;
use harness::sandbox::Sandbox;
use harness::wait::{wait_for, wait_until};
use rustix::process::Signal;
use serde_json::Value;

use super::launcher;
use crate::case::SOON;
use crate::views::status;

/// How long a launcher that ended badly stays away: systemd's own default is 100 ms.
const RESTART_AFTER: Duration = Duration::from_millis(100);

/// How a launcher is started, any number of times.
#[derive(Debug)]
struct Recipe {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
    directory: PathBuf,
    words: PathBuf,
}

/// A launcher that is kept alive. Dropping it kills the launcher; what it had started has the
/// sandbox's mark, and ends with the sandbox.
#[derive(Debug)]
pub struct Service {
    state: Arc<State>,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    over: AtomicBool,
    /// The launcher that runs; 0 for none.
    pid: AtomicU32,
    starts: AtomicU32,
    last_end: Mutex<Option<ExitStatus>>,
}

impl Service {
    /// Starts the launcher and waits until its daemon answers.
    pub fn start(sandbox: &Sandbox) -> anyhow::Result<Self> {
        let service = Self::begin(sandbox)?;
        ensure!(
            wait_until(SOON, || status(sandbox).is_ok()),
            "see the daemon answer below its launcher: {}",
            service.words(sandbox)
        );
        Ok(service)
    }

    /// Starts the launcher and waits for nothing.
    pub fn begin(sandbox: &Sandbox) -> anyhow::Result<Self> {
        let program = launcher(sandbox);
        let command = sandbox.command_of(&program);
        let environment = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let words = sandbox.root().join("launcher.log");
        let recipe = Recipe { program, environment, directory: sandbox.root().into(), words };
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let keeper = thread::Builder::new()
            .name("service".to_owned())
            .spawn(move || keep_alive(&recipe, &shared))
            .context("start the thread of the service")?;
        Ok(Self { state, keeper: Some(keeper) })
    }

    /// The launcher that runs.
    pub fn launcher_pid(&self) -> Option<u32> {
        let pid = self.state.pid.load(Ordering::SeqCst);
        (pid != 0).then_some(pid)
    }

    /// How often a launcher was started.
    pub fn starts(&self) -> u32 {
        self.state.starts.load(Ordering::SeqCst)
    }

    /// Kills the launcher, and it alone; another one follows.
    pub fn kill_launcher(&self) -> anyhow::Result<()> {
        let pid = self.launcher_pid().context("find the launcher")?;
        signal(pid, Signal::KILL).context("kill the launcher")
    }

    /// Asks the launcher to end, with everything below it.
    pub fn stop(mut self, limit: Duration) -> anyhow::Result<()> {
        self.state.over.store(true, Ordering::SeqCst);
        if let Some(pid) = self.launcher_pid() {
            signal(pid, Signal::TERM).context("end the launcher")?;
        }
        ensure!(
            wait_until(limit, || self.keeper.as_ref().is_none_or(JoinHandle::is_finished)),
            "see the launcher end within {limit:?}"
        );
        self.join();
        let ended = *self.state.last_end.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = ended.context("learn how the launcher ended")?;
        ensure!(ended.success(), "see the launcher end well: {ended}");
        Ok(())
    }

    /// What the launchers have said.
    pub fn words(&self, sandbox: &Sandbox) -> String {
        std::fs::read_to_string(sandbox.root().join("launcher.log")).unwrap_or_default()
    }

    fn join(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            // It does nothing that panics.
            drop(keeper.join());
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        let state = &self.state;
        // One that is just being started is there a moment later.
        let _ended = wait_for(SOON, || {
            let pid = state.pid.load(Ordering::SeqCst);
            if pid != 0 {
                drop(signal(pid, Signal::KILL));
            }
            self.keeper.as_ref().is_none_or(JoinHandle::is_finished).then_some(())
        });
        self.join();
    }
}

/// Starts the launcher, and again whenever it ended badly, until the service is over.
fn keep_alive(recipe: &Recipe, state: &State) {
    while !state.over.load(Ordering::SeqCst) {
        let Ok(mut child) = recipe.start() else { return };
        state.pid.store(child.id(), Ordering::SeqCst);
        state.starts.fetch_add(1, Ordering::SeqCst);
        let ended = child.wait();
        state.pid.store(0, Ordering::SeqCst);
        let Ok(ended) = ended else { return };
        *state.last_end.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
        if ended.success() {
            return;
        }
        // The end of the service cuts it short.
        let _over = wait_until(RESTART_AFTER, || state.over.load(Ordering::SeqCst));
    }
}

impl Recipe {
    fn start(&self) -> std::io::Result<Child> {
        let words = OpenOptions::new().create(true).append(true).open(&self.words)?;
        Command::new(&self.program)
            .arg("launch")
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(words.try_clone()?)
            .stderr(words)
            .spawn()
    }
}

/// What `launcher status` says.
pub fn launcher_status(sandbox: &Sandbox) -> anyhow::Result<Value> {
    let said = sandbox.cli(&["launcher", "status", "--json"], SOON)?;
    ensure!(said.status.success(), "ask the launcher: {}: {}", said.status, said.stderr.trim());
    serde_json::from_str(&said.stdout).context("read what the launcher says")
}
