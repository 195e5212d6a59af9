//! The daemon of a sandbox, running.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Found, PATIENCE, Rows, Sandbox, Trouble, system, wait_for};

/// Between two looks at something that takes some time. Long enough to leave the processor to who
/// is measured.
const PAUSE: Duration = Duration::from_millis(20);

/// Between two looks at something whose moment counts.
const SHORT_PAUSE: Duration = Duration::from_micros(500);

/// The daemon, ended with this.
#[derive(Debug)]
pub struct Daemon<'a> {
    sandbox: &'a Sandbox,
    child: Child,
    /// From before it was started to its `READY` being read.
    pub ready_after: Duration,
    database: Connection,
}

/// What a daemon that has nothing to do says of itself and takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    /// Memory in use, in bytes.
    pub rss_bytes: u64,
    /// The most that was in use so far, in bytes.
    pub rss_bytes_max: u64,
}

impl<'a> Daemon<'a> {
    /// Starts it in the foreground, and waits for `READY`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(sandbox: &'a Sandbox) -> Result<Self, Trouble> {
        let mut command = sandbox.command(&["run"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let began = Instant::now();
        let mut child = command.spawn().map_err(system("start the daemon"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(system("hear the daemon"))?;
        }
        let ready_after = began.elapsed();
        if !line.starts_with("READY ") {
            let ended = child.wait().map_err(system("wait for the daemon"))?;
            let what = format!("see the daemon come up: {ended}, it said {line:?}");
            return Err(Trouble::Unexpected { what });
        }
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let path = sandbox.home().join("state/assistant.db");
        let database = Connection::open_with_flags(path, flags)?;
        database.busy_timeout(PATIENCE)?;
        Ok(Self { sandbox, child, ready_after, database })
    }

    /// The rows of the inbox so far. What comes later is asked for by this.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows(&self) -> Result<Rows, Trouble> {
        Rows::last(&self.database)
    }

    /// Waits until `count` rows after these are answered, and returns them all.
    ///
    /// # Errors
    /// When it takes too long, or a row ends in another way.
    pub fn answered(&self, after: Rows, count: usize) -> Result<Vec<Found>, Trouble> {
        wait_for("the messages answered", PAUSE, || {
            let found = after.found(&self.database)?;
            let answered = found.iter().filter(|row| row.state == "answered").count();
            Ok((count <= answered).then_some(found))
        })
    }

    /// Waits until there are more than `before` replies, and returns after how long that was seen.
    /// It is looked every half millisecond.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn replied(&self, before: usize, since: Instant) -> Result<Duration, Trouble> {
        wait_for("a reply", SHORT_PAUSE, || Ok((before < self.replies()).then(|| since.elapsed())))
    }

    /// How many replies there are.
    pub fn replies(&self) -> usize {
        let visible = |entry: &std::fs::DirEntry| {
            entry.path().extension().is_some_and(|extension| extension == "json")
        };
        // There is no folder before the first one.
        let entries = std::fs::read_dir(self.sandbox.outbox()).into_iter().flatten();
        entries.flatten().filter(visible).count()
    }

    /// Waits until the daemon itself says that it has nothing to do.
    ///
    /// # Errors
    /// When it does not, or cannot be asked.
    pub fn idle(&self) -> Result<Idle, Trouble> {
        wait_for("the daemon idle", PAUSE, || Ok(is_idle(&self.status()?).then_some(())))?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .map_err(system("read the daemon's memory"))?;
        Ok(Idle { rss_bytes: bytes(&status, "VmRSS:")?, rss_bytes_max: bytes(&status, "VmHWM:")? })
    }

    /// What `status --json` says.
    ///
    /// # Errors
    /// When it fails.
    pub fn status(&self) -> Result<Value, Trouble> {
        let output = self
            .sandbox
            .command(&["status", "--json"])
            .output()
            .map_err(system("ask the daemon"))?;
        if !output.status.success() {
            let what = format!("ask the daemon: {}", String::from_utf8_lossy(&output.stderr));
            return Err(Trouble::Unexpected { what });
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| Trouble::Unexpected { what: format!("read the status: {error}") })
    }

    /// How long `status` takes, from its start to its end.
    ///
    /// # Errors
    /// When it fails.
    pub fn time_status(&self) -> Result<Duration, Trouble> {
        let mut command = self.sandbox.command(&["status"]);
        let began = Instant::now();
        let output = command.output().map_err(system("ask the daemon"))?;
        let took = began.elapsed();
        if output.status.success() {
            return Ok(took);
        }
        let what = format!("ask the daemon: {}", String::from_utf8_lossy(&output.stderr));
        Err(Trouble::Unexpected { what })
    }

    /// When the log says that the agent of a session was ready, in milliseconds since the epoch;
    /// `None` before it does.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn agent_ready_at(&self, session: i64) -> Result<Option<f64>, Trouble> {
        let log = std::fs::read_to_string(self.sandbox.home().join("logs/daemon.log"))
            .map_err(system("read the log"))?;
        let of_session = format!(" agent ready session={session}");
        let Some(line) = log.lines().find(|line| line.ends_with(&of_session)) else {
            return Ok(None);
        };
        let moment = line.split_whitespace().next().unwrap_or_default();
        let moment: jiff::Timestamp = moment
            .parse()
            .map_err(|error| Trouble::Unexpected { what: format!("read the log: {error}") })?;
        let since_epoch = Duration::try_from(moment.duration_since(jiff::Timestamp::UNIX_EPOCH));
        Ok(since_epoch.ok().map(|since| since.as_secs_f64() * 1000.0))
    }

    /// Asks it to end, and waits until it is gone. Returns how long that took.
    ///
    /// # Errors
    /// When it ends badly, or not at all.
    pub fn stop(mut self) -> Result<Duration, Trouble> {
        let began = Instant::now();
        self.signal(Signal::TERM);
        let ended = self.child.wait().map_err(system("wait for the daemon"))?;
        let took = began.elapsed();
        if ended.success() {
            return Ok(took);
        }
        Err(Trouble::Unexpected { what: format!("stop the daemon: {ended}") })
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // One that is gone already is what was wanted.
            let _gone = kill_process(pid, signal);
        }
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // In order, so that no agent stays; a daemon that does not end is a failure, not a hang.
        self.signal(Signal::TERM);
        let ended = wait_for("the daemon's end", PAUSE, || {
            Ok(self.child.try_wait().map_err(system("wait for the daemon"))?.map(drop))
        });
        if ended.is_err() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

fn is_idle(status: &Value) -> bool {
    let all = |list: &str, test: fn(&Value) -> bool| {
        status[list].as_array().is_some_and(|list| list.iter().all(test))
    };
    all("sources", |source| source["watching"] == true && source["backlog"] == 0)
        && all("sessions", |session| {
            let state = session["state"].as_str();
            session["queue"] == 0 && matches!(state, Some("idle" | "asleep"))
        })
}

/// A number of `/proc/<pid>/status`, which are in KiB.
fn bytes(status: &str, name: &str) -> Result<u64, Trouble> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let what = || Trouble::Unexpected { what: format!("find {name} of the daemon") };
    kib.map(|kib| kib * 1024).ok_or_else(what)
}
