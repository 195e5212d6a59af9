//! `start`: the daemon in the background. Returns when it is ready; if it does not come up, shows
//! what it said and ends with its exit code.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::print::{Screen, complain};
use super::{Place, launcher};
use crate::config::Config;
use crate::config::paths::HOME_VARIABLE;
use crate::contacts::Contacts;
use crate::control::lock::{self, Held, LockError};
use crate::exit::{Code, Failure};
use crate::ready::Ready;
use crate::telemetry::{self, Follower};

/// How long a daemon may take to be ready. It takes a tenth of a second, and longer only to check
/// a database after a crash.
const READY_MAX: Duration = Duration::from_secs(30);

/// Lines of the log that are shown if it does not come up.
const LINES_SHOWN: usize = 20;

/// What every complaint begins with.
const PREFIX: &str = "claude-assistant: ";

pub(super) async fn start(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    let home = &place.home;
    check(place)?;
    home.prepare().map_err(Failure::from)?;
    refuse_second(place)?;
    if home.launcher_program().exists() {
        return launcher::start(place, screen).await;
    }
    let began = Instant::now();
    let mut words = Words::begin(&home.stderr_file()).context("open stderr.log")?;
    // From its end: what earlier daemons logged is not about this one.
    let mut log = Follower::open(&home.log_file(), 0).context("open the log")?;
    let mut child = spawn(place, &words).context("start the daemon's process")?;
    match timeout(READY_MAX, ready(&mut child)).await {
        Ok(Ok(Came::Ready(ready))) => {
            let ms = began.elapsed().as_millis();
            let Ready { pid, generation, .. } = ready;
            screen.line(&format!(
                "claude-assistant is up: pid {pid}, generation {generation}, ready after {ms} ms"
            ))?;
            Ok(Code::Done)
        }
        Ok(Ok(Came::Ended(status))) => Ok(explain(status, &mut words, &mut log)),
        Ok(Err(error)) => Err(error).context("wait for the daemon"),
        Err(_) => {
            let pid = child.id().unwrap_or_default();
            complain(&format!("not ready within {} s; pid {pid} still tries", READY_MAX.as_secs()));
            show_log(&mut log, "");
            Ok(Code::Failed)
        }
    }
}

/// Finds what is wrong with the files before a process is started for them.
fn check(place: &Place) -> Result<(), Failure> {
    Config::load(&place.home.config_file(), place.user_home.as_deref())?;
    Contacts::open(&place.home.contacts_file())?;
    Ok(())
}

/// The daemon would say so itself; asked first, it need not be started for it.
fn refuse_second(place: &Place) -> anyhow::Result<()> {
    let holder = match lock::look(&place.home.lock()).context("look at the lock")? {
        Held::Free => return Ok(()),
        Held::BySomebody => None,
        Held::By(holder) => Some(holder),
    };
    let home = place.home.root().to_owned();
    Err(Failure::from(LockError::Held { holder, home }).into())
}

fn spawn(place: &Place, words: &Words) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["run", "--detached"])
        .env(HOME_VARIABLE, place.home.root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(words.file.try_clone()?)
        .spawn()
}

/// What came first.
enum Came {
    Ready(Ready),
    Ended(ExitStatus),
}

async fn ready(child: &mut Child) -> std::io::Result<Came> {
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(ready) = Ready::parse(&line) {
                return Ok(Came::Ready(ready));
            }
        }
    }
    // Its output has ended, and so will it.
    child.wait().await.map(Came::Ended)
}

/// Says why the daemon did not come up. Its own words come last, where they are read first.
fn explain(status: ExitStatus, words: &mut Words, log: &mut Follower) -> Code {
    let said = words.since().unwrap_or_default();
    let code = status.code().map_or(Code::Failed, Code::of_status);
    if code != Code::Busy {
        show_log(log, &said);
    }
    complain(&format!("did not come up: {status}"));
    words.complain();
    match code {
        // It ended well, but it was to stay.
        Code::Done => Code::Failed,
        code => code,
    }
}

/// Shows what the daemon logged, but for what it `said` in words as well.
fn show_log(log: &mut Follower, said: &str) {
    let logged = log.read().unwrap_or_default();
    let lines = news(&logged, said);
    if !lines.is_empty() {
        complain(&format!("it logged:\n{}", lines.join("\n")));
    }
}

fn news<'a>(logged: &'a str, said: &str) -> Vec<&'a str> {
    let causes: Vec<&str> = said
        .lines()
        .map(|line| line.trim_start_matches(PREFIX).trim_start_matches("failed to "))
        .filter(|cause| !cause.is_empty())
        .collect();
    let is_new = |line: &&str| !causes.iter().any(|cause| line.contains(cause));
    let mut lines: Vec<&str> = logged.lines().filter(is_new).collect();
    lines.split_off(lines.len().saturating_sub(LINES_SHOWN))
}

/// What the daemon's process says on standard error, from now on.
pub(super) struct Words {
    file: File,
    from: u64,
}

impl Words {
    pub(super) fn begin(path: &Path) -> std::io::Result<Self> {
        let mut file = telemetry::open_stderr(path)?;
        let from = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, from })
    }

    /// Where they are written.
    pub(super) fn file(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    /// Shows them.
    pub(super) fn complain(&mut self) {
        for line in self.since().unwrap_or_default().lines() {
            complain(line.trim_start_matches(PREFIX));
        }
    }

    fn since(&mut self) -> std::io::Result<String> {
        let mut said = Vec::new();
        self.file.seek(SeekFrom::Start(self.from))?;
        self.file.read_to_end(&mut said)?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

#[cfg(test)]
mod tests;
