//! A message on its way through the daemon's store and router, in this process.

use std::time::Duration;

use claude_assistant::measured::Route;
use harness::bench::probe::Values;
use tempfile::TempDir;

use crate::framing::{CONTACTS, SHORT};
use crate::scenario::{Entry, NoValues, Scenario, Slowdown, ms_of_each};

/// From a message being durable to the supervisor having the hint for its session.
pub const ROUTE: Entry =
    Entry { name: "route", metrics: &[ROUTE_MESSAGE], warm_ups: 3, open: |_| open() };

const ROUTE_MESSAGE: &str = "daemon.route_message";

/// Messages in one sample, one after the other.
const MESSAGES: u32 = 4;

/// A router in a folder of its own, removed with it.
#[derive(Debug)]
struct Sandboxed {
    route: Route,
    /// Behind the router, whose database is closed first.
    _dir: TempDir,
}

fn open() -> Result<Box<dyn Scenario>, NoValues> {
    let dir = tempfile::tempdir().map_err(NoValues::failed)?;
    let route = Route::create(dir.path(), CONTACTS).map_err(NoValues::failed)?;
    Ok(Box::new(Sandboxed { route, _dir: dir }))
}

impl Scenario for Sandboxed {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let mut took = Duration::ZERO;
        for _ in 0..MESSAGES {
            let routed = self.route.one_message(SHORT, || slowdown.hold(ROUTE_MESSAGE));
            took += routed.map_err(NoValues::failed)?;
        }
        Ok(Values::from([(ROUTE_MESSAGE.to_owned(), ms_of_each(took, MESSAGES))]))
    }
}
