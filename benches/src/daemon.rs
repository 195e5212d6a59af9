//! The real daemon in a home of its own, with the stand-in of the agent program, as the scenarios
//! look at it: its `READY`, its database, its processes, the files it takes and writes.
//!
//! ```text
//! home(programs, people, watching) ─> Daemon::start ─> draft ─> appear ─> routed, answered ─> stop
//! ```
//!
//! Whatever is a figure is taken by a blocking read or wait, or by looks that are short against it;
//! never in the steps in which a check looks (`harness::wait::STEP`), which are as long as some of
//! the figures. Absent: making a home and starting a daemon in it, which is `harness::sandbox`.

mod home;
mod looks;
mod memory;
mod rows;
mod trouble;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use harness::bench::report::RoleMemory;
use harness::processes::{cpu_time, rss_bytes, signal};
use harness::sandbox::{Draft, Reply, Sandbox};
use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::Value;

pub use self::home::{Watching, handle, home};
use self::looks::{ANSWERED_PAUSE, ROUTED_PAUSE, committed, reader, routed, wait_for};
pub use self::looks::{Lookout, appeared};
pub use self::rows::{Rows, last_and_gap};
pub use self::trouble::Trouble;
use crate::framing::SHORT;

/// Between two times that the daemon is asked how it is, which costs it and us some milliseconds.
const STATUS_PAUSE: Duration = Duration::from_millis(5);

/// Between two looks at whether the daemon has ended, which takes it a few milliseconds.
const END_PAUSE: Duration = Duration::from_micros(50);

/// The daemon of a home, running. One that is not stopped ends with its home.
#[derive(Debug)]
pub struct Daemon {
    sandbox: Sandbox,
    /// From before it was started to its `READY` being read.
    pub ready_after: Duration,
    pid: u32,
    database: Connection,
}

/// One moment on both clocks: the one that measures, and the one that is written down.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For measuring in this process.
    pub instant: Instant,
    /// Milliseconds since the Unix epoch, for comparing with what the daemon wrote.
    pub wall_ms: f64,
}

/// Messages that are written and appear when they are told to.
#[derive(Debug)]
#[must_use = "drafts are no messages before they appear"]
pub struct Drafts(Vec<Draft>);

impl Daemon {
    /// Starts it in the foreground, and waits for `READY`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(mut sandbox: Sandbox) -> Result<Self, Trouble> {
        let ready = sandbox.start()?;
        let database = reader(&sandbox)?;
        Ok(Self { sandbox, ready_after: ready.seen_after, pid: ready.pid, database })
    }

    /// Writes short messages from each of `people` in turn, `count` in all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn draft(&mut self, count: usize, people: &[usize]) -> Result<Drafts, Trouble> {
        let mut drafts = Vec::with_capacity(count);
        for person in people.iter().cycle().take(count) {
            drafts.push(self.sandbox.draft_message(&handle(*person), SHORT)?);
        }
        Ok(Drafts(drafts))
    }

    /// Drops one message.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn drop_message(&mut self, from: &str, text: &str) -> Result<(), Trouble> {
        self.sandbox.drop_message(from, text)?;
        Ok(())
    }

    /// Has each of `people` write once, and waits until all are answered.
    ///
    /// # Errors
    /// When one is not.
    pub fn converse(&mut self, people: &[usize]) -> Result<(), Trouble> {
        let before = self.rows()?;
        self.draft(people.len(), people)?.appear()?;
        self.answered(before, people.len())
    }

    /// The rows of the inbox so far. What comes later is asked for by this.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows(&self) -> Result<Rows, Trouble> {
        Rows::last(&self.database)
    }

    /// When each row after these was routed, in milliseconds since the Unix epoch and in that order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn routed_at_ms(&self, after: Rows) -> Result<Vec<f64>, Trouble> {
        after.routed_at_ms(&self.database)
    }

    /// Waits until `count` rows after these have been decided about, and that is durable. Returns
    /// the moment.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn routed(&self, after: Rows, count: usize) -> Result<Instant, Trouble> {
        routed(&self.database, after, count)
    }

    /// The same, and tells with each look that found more how many have been.
    ///
    /// # Errors
    /// When it takes too long, or those of whoever is told.
    pub fn routed_telling(
        &self,
        after: Rows,
        count: usize,
        mut tell: impl FnMut(usize) -> Result<(), Trouble>,
    ) -> Result<Instant, Trouble> {
        committed(&self.database, "the messages routed", ROUTED_PAUSE, |database| {
            let routed = after.routed(database)?;
            let all = (count <= routed).then(Instant::now);
            tell(routed)?;
            Ok(all)
        })
    }

    /// A way to look at its database for another thread.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn lookout(&self) -> Result<Lookout, Trouble> {
        Lookout::of(&self.sandbox)
    }

    /// Where the reply behind all that there are will lie. Each has a file of the number that follows.
    ///
    /// # Errors
    /// When a reply is none.
    pub fn next_reply(&self) -> Result<PathBuf, Trouble> {
        let last = self.replies()?.last().map_or(0, |reply| reply.row);
        Ok(self.sandbox.outbox_dir().join(format!("{}.json", last + 1)))
    }

    /// Its process.
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Stops it for the time that `wait` takes, as if it got on with nothing for so long.
    ///
    /// # Errors
    /// The system's.
    pub fn stopped_while(&self, wait: impl FnOnce()) -> Result<(), Trouble> {
        signal(self.pid, Signal::STOP).map_err(system("stop the daemon for a while"))?;
        wait();
        signal(self.pid, Signal::CONT).map_err(system("let the daemon go on"))
    }

    /// Waits until `count` rows after these are answered.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn answered(&self, after: Rows, count: usize) -> Result<(), Trouble> {
        committed(&self.database, "the messages answered", ANSWERED_PAUSE, |database| {
            Ok((count <= after.answered(database)?).then_some(()))
        })
    }

    /// All replies so far, in the order of their rows.
    ///
    /// # Errors
    /// When one is none.
    pub fn replies(&self) -> Result<Vec<Reply>, Trouble> {
        Ok(self.sandbox.replies()?)
    }

    /// The database, for reading.
    pub const fn database(&self) -> &Connection {
        &self.database
    }

    /// Where its files are.
    pub fn home(&self) -> PathBuf {
        self.sandbox.home()
    }

    /// Waits until the daemon itself says that it has nothing to do.
    ///
    /// # Errors
    /// When it does not, or cannot be asked.
    pub fn idle(&self) -> Result<(), Trouble> {
        wait_for("the daemon idle", STATUS_PAUSE, || Ok(is_idle(&self.status()?).then_some(())))
    }

    /// How much memory the daemon has in use, in bytes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn rss_bytes(&self) -> Result<u64, Trouble> {
        rss_bytes(self.pid).ok_or_else(|| unexpected("find the daemon's memory"))
    }

    /// Memory of the daemon and of its agents.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn memory(&self, scene: &str) -> Result<Vec<RoleMemory>, Trouble> {
        memory::by_role(scene, self.pid).ok_or_else(|| unexpected("find the daemon's memory"))
    }

    /// What it has had of the processors so far.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn cpu_time(&self) -> Result<Duration, Trouble> {
        cpu_time(self.pid).ok_or_else(|| unexpected("find the daemon's processor time"))
    }

    /// What `status --json` says.
    fn status(&self) -> Result<Value, Trouble> {
        // Waited for by blocking, and not by `Sandbox::cli`, which looks in steps.
        let said = self.sandbox.command(&["status", "--json"]).output();
        let said = said.map_err(system("ask the daemon"))?;
        if !said.status.success() {
            let stderr = String::from_utf8_lossy(&said.stderr);
            return Err(unexpected(&format!("ask the daemon: {stderr}")));
        }
        serde_json::from_slice(&said.stdout)
            .map_err(|error| unexpected(&format!("read the status: {error}")))
    }

    /// Runs `status` from its start to its end.
    ///
    /// # Errors
    /// When it fails.
    pub fn run_status(&self) -> Result<(), Trouble> {
        let output = self.sandbox.command(&["status"]).output();
        let output = output.map_err(system("ask the daemon"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(unexpected(&format!("ask the daemon: {}", String::from_utf8_lossy(&output.stderr))))
    }

    /// Asks it to end, and waits until it is reaped. Returns its home.
    ///
    /// # Errors
    /// When it ends badly, or not at all.
    pub fn stop(self) -> Result<Sandbox, Trouble> {
        ask_to_end(self.pid)?;
        self.ended()
    }

    /// Waits until it is reaped, whoever asks it to end. Returns its home.
    ///
    /// # Errors
    /// When it ends badly, or not at all.
    pub fn ended(mut self) -> Result<Sandbox, Trouble> {
        // `Sandbox::stop` would look in steps as long as all of this takes.
        wait_for("the daemon's end", END_PAUSE, || Ok((!self.sandbox.is_running()).then_some(())))?;
        match self.sandbox.wait_end(Duration::ZERO)? {
            Some(ended) if ended.success() => Ok(self.sandbox),
            ended => Err(unexpected(&format!("stop the daemon: {ended:?}"))),
        }
    }

    /// Kills it, and it alone, without warning. Returns its home.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(mut self) -> Result<Sandbox, Trouble> {
        self.sandbox.kill9()?;
        Ok(self.sandbox)
    }
}

/// Asks a daemon to end.
///
/// # Errors
/// The system's.
pub fn ask_to_end(pid: u32) -> Result<(), Trouble> {
    signal(pid, Signal::TERM).map_err(system("ask the daemon to end"))
}

impl Drafts {
    /// They appear one right after the other.
    ///
    /// # Errors
    /// The system's.
    pub fn appear(self) -> Result<(), Trouble> {
        for draft in self.0 {
            draft.appear()?;
        }
        Ok(())
    }
}

impl Moment {
    /// This one.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instant: Instant::now(), wall_ms: since.as_secs_f64() * 1000.0 }
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

fn system(what: &'static str) -> impl FnOnce(io::Error) -> Trouble {
    move |source| Trouble::System { what, source }
}

fn unexpected(what: &str) -> Trouble {
    Trouble::Unexpected { what: what.to_owned() }
}
