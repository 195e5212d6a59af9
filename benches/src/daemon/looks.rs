//! Looks at what a daemon does: at its database, and at the files that it writes.

use std::path::Path;
use std::time::{Duration, Instant};

use harness::sandbox::Sandbox;
use harness::wait::wait_for_every;
use rusqlite::{Connection, OpenFlags};

use super::{Rows, Trouble};

/// Nothing here takes this long; after it, it is said what was waited for.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at whether messages are routed: about as short as a thread can pause. The
/// shortest that is measured so takes about three milliseconds.
pub(super) const ROUTED_PAUSE: Duration = Duration::from_micros(50);

/// Between two looks at whether messages are answered, which is outside of what is timed. Long
/// enough to leave the processor to who works.
pub(super) const ANSWERED_PAUSE: Duration = Duration::from_millis(1);

/// Looks at the database of a daemon from beside it.
#[derive(Debug)]
pub struct Lookout(Connection);

impl Lookout {
    /// At the daemon in this home.
    pub(super) fn of(sandbox: &Sandbox) -> Result<Self, Trouble> {
        Ok(Self(reader(sandbox)?))
    }

    /// As [`Daemon::routed`](super::Daemon::routed).
    ///
    /// # Errors
    /// When it takes too long.
    pub fn routed(&self, after: Rows, count: usize) -> Result<Instant, Trouble> {
        routed(&self.0, after, count)
    }
}

/// Looks until there is a file of this name, as often as at messages that are routed. Returns the
/// moment.
///
/// # Errors
/// When it takes too long.
pub fn appeared(path: &Path) -> Result<Instant, Trouble> {
    wait_for("the reply", ROUTED_PAUSE, || Ok(path.exists().then(Instant::now)))
}

/// A way to look at the database of the daemon in this home.
pub(super) fn reader(sandbox: &Sandbox) -> Result<Connection, Trouble> {
    let path = sandbox.home().join("state/assistant.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database.busy_timeout(PATIENCE)?;
    Ok(database)
}

/// Looks until `count` rows after these have been decided about.
pub(super) fn routed(database: &Connection, after: Rows, count: usize) -> Result<Instant, Trouble> {
    committed(database, "the messages routed", ROUTED_PAUSE, |database| {
        Ok((count <= after.routed(database)?).then(Instant::now))
    })
}

/// Looks at the database whenever somebody has committed to it, until there is something.
pub(super) fn committed<T>(
    database: &Connection,
    what: &'static str,
    pause: Duration,
    mut look: impl FnMut(&Connection) -> Result<Option<T>, Trouble>,
) -> Result<T, Trouble> {
    let mut seen = None;
    wait_for(what, pause, || {
        // Costs next to nothing as long as nobody has, so that who is measured is not disturbed.
        let version: i64 = database.pragma_query_value(None, "data_version", |row| row.get(0))?;
        if seen.replace(version) == Some(version) { Ok(None) } else { look(database) }
    })
}

/// Looks again and again until there is something, every `pause`.
pub(super) fn wait_for<T>(
    what: &'static str,
    pause: Duration,
    mut look: impl FnMut() -> Result<Option<T>, Trouble>,
) -> Result<T, Trouble> {
    wait_for_every(pause, PATIENCE, || look().transpose()).unwrap_or(Err(Trouble::TooLong { what }))
}
