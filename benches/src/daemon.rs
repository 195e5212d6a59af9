//! The real daemon in a sandbox, with the stand-in of the agent program, as the figures look at it:
//! its `READY`, its database, its log, the files it takes and writes.
//!
//! ```text
//! sandbox(programs) ─> Daemon::start ─> drop_messages ─> answered, replied ─> stop
//! ```
//!
//! Whatever is a figure is taken by a blocking read or wait, or by looks that are short against it;
//! never in the steps in which a check looks (`harness::wait::STEP`), which are as long as some of
//! the figures. Absent: making a home and starting a daemon in it, which is `harness::sandbox`.

mod found;
mod trouble;

use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use harness::binaries::Programs;
use harness::processes::{rss_bytes, signal};
use harness::sandbox::{Agent, Contact, Draft, Sandbox, Settings};
use harness::wait::wait_for_every;
use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::Value;

pub use self::found::{Found, Rows};
pub use self::trouble::Trouble;
use crate::framing::SHORT;

/// People who write, all of them admins: so many conversations can there be.
pub const PEOPLE: usize = 40;

/// Nothing here takes this long; after it, it is said what was waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at something that takes some time. Long enough to leave the processor to who
/// is measured.
const PAUSE: Duration = Duration::from_millis(20);

/// Between two looks at the replies.
const REPLY_PAUSE: Duration = Duration::from_micros(500);

/// Between two looks at whether the daemon has ended, which takes it a few milliseconds: about as
/// short as a thread can pause.
const END_PAUSE: Duration = Duration::from_micros(50);

/// A home in which [`PEOPLE`] are known, for the programs of this build.
///
/// # Errors
/// When one of them was not built, or there is no disk to make it on.
pub fn sandbox(programs: &Programs) -> Result<Sandbox, Trouble> {
    let contacts =
        (0..PEOPLE).map(|person| Contact::new(&person.to_string(), "admin", &handle(person)));
    let settings = Settings {
        contacts: contacts.collect(),
        ..Settings::new(Agent::new(programs.fake_claude()?), &handle(0))
    };
    Ok(Sandbox::new(programs.daemon()?, &settings)?)
}

/// How the person with this number writes from.
fn handle(person: usize) -> String {
    format!("+1555555{person:04}")
}

/// The daemon of a sandbox, running. One that is not stopped ends with its sandbox.
#[derive(Debug)]
pub struct Daemon<'a> {
    sandbox: &'a mut Sandbox,
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

impl<'a> Daemon<'a> {
    /// Starts it in the foreground, and waits for `READY`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(sandbox: &'a mut Sandbox) -> Result<Self, Trouble> {
        let ready = sandbox.start()?;
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let path = sandbox.home().join("state/assistant.db");
        let database = Connection::open_with_flags(path, flags)?;
        database.busy_timeout(PATIENCE)?;
        Ok(Self { sandbox, ready_after: ready.seen_after, pid: ready.pid, database })
    }

    /// Drops short messages from each of `people` in turn, `count` in all: they are written first,
    /// and then appear one right after the other. Returns the moment before the first did.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn drop_messages(&mut self, count: usize, people: &[usize]) -> Result<Moment, Trouble> {
        let from = people.iter().cycle().take(count);
        let drafts: Vec<Draft> = from
            .map(|person| self.sandbox.draft_message(&handle(*person), SHORT))
            .collect::<Result<_, _>>()?;
        let moment = Moment::now();
        for draft in drafts {
            draft.appear()?;
        }
        Ok(moment)
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
        wait_for("a reply", REPLY_PAUSE, || Ok((before < self.replies()).then(|| since.elapsed())))
    }

    /// How many replies there are. They are counted and not read, which would take its part of the
    /// time that is measured.
    pub fn replies(&self) -> usize {
        let visible = |entry: &std::fs::DirEntry| {
            entry.path().extension().is_some_and(|extension| extension == "json")
        };
        // There is no folder before the first one.
        let entries = std::fs::read_dir(self.sandbox.outbox_dir()).into_iter().flatten();
        entries.flatten().filter(visible).count()
    }

    /// Waits until the daemon itself says that it has nothing to do. Returns how much memory it
    /// has in use then, in bytes.
    ///
    /// # Errors
    /// When it does not, or cannot be asked.
    pub fn idle(&self) -> Result<u64, Trouble> {
        wait_for("the daemon idle", PAUSE, || Ok(is_idle(&self.status()?).then_some(())))?;
        rss_bytes(self.pid).ok_or_else(|| unexpected("find the daemon's memory"))
    }

    /// What `status --json` says.
    fn status(&self) -> Result<Value, Trouble> {
        let said = self.sandbox.cli(&["status", "--json"], PATIENCE)?;
        if !said.status.success() {
            return Err(unexpected(&format!("ask the daemon: {}", said.stderr)));
        }
        serde_json::from_str(&said.stdout)
            .map_err(|error| unexpected(&format!("read the status: {error}")))
    }

    /// How long `status` takes, from its start to its end.
    ///
    /// # Errors
    /// When it fails.
    pub fn time_status(&self) -> Result<Duration, Trouble> {
        // Waited for by blocking, and not by `Sandbox::cli`, which looks in steps.
        let mut command = self.sandbox.command(&["status"]);
        let began = Instant::now();
        let output = command.output().map_err(system("ask the daemon"))?;
        let took = began.elapsed();
        if output.status.success() {
            return Ok(took);
        }
        Err(unexpected(&format!("ask the daemon: {}", String::from_utf8_lossy(&output.stderr))))
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
        let moment: jiff::Timestamp =
            moment.parse().map_err(|error| unexpected(&format!("read the log: {error}")))?;
        let since_epoch = Duration::try_from(moment.duration_since(jiff::Timestamp::UNIX_EPOCH));
        Ok(since_epoch.ok().map(|since| since.as_secs_f64() * 1000.0))
    }

    /// Asks it to end, and waits until it is reaped. Returns how long that took.
    ///
    /// # Errors
    /// When it ends badly, or not at all.
    pub fn stop(self) -> Result<Duration, Trouble> {
        let began = Instant::now();
        signal(self.pid, Signal::TERM).map_err(system("ask the daemon to end"))?;
        // `Sandbox::stop` would look in steps as long as all of this takes.
        let took = wait_for("the daemon's end", END_PAUSE, || {
            Ok((!self.sandbox.is_running()).then(|| began.elapsed()))
        })?;
        match self.sandbox.wait_end(Duration::ZERO)? {
            Some(ended) if ended.success() => Ok(took),
            ended => Err(unexpected(&format!("stop the daemon: {ended:?}"))),
        }
    }
}

impl Moment {
    fn now() -> Self {
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

/// Looks again and again until there is something, every `pause`.
fn wait_for<T>(
    what: &'static str,
    pause: Duration,
    mut look: impl FnMut() -> Result<Option<T>, Trouble>,
) -> Result<T, Trouble> {
    wait_for_every(pause, PATIENCE, || look().transpose()).unwrap_or(Err(Trouble::TooLong { what }))
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> Trouble {
    move |source| Trouble::System { what, source }
}

fn unexpected(what: &str) -> Trouble {
    Trouble::Unexpected { what: what.to_owned() }
}
