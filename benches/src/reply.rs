//! One message of a person whose agent is awake: from its file being there to the file of the reply.
//!
//! ```text
//! looking ──────────────────────────────────────────────────────────────> the reply's file
//! hold, appear ─> intake, store ─> router ─> session ─> agent ─> tool ─> sender ──^
//! ```
//!
//! The whole way through the daemon, and the only figure of its session. The agent is the stand-in,
//! which answers at once.

use std::time::Instant;

use harness::bench::probe::Values;

use crate::daemon::{Daemon, Watching, appeared, home};
use crate::samples::Samples;
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown, while_looking};

/// The only scenario of this kind.
pub const REPLY: Entry = Entry {
    name: "reply",
    metrics: &[TIME],
    // The agent is awake by then; the first message behind its first is not yet like the others.
    warm_ups: 2,
    open: |place| open(place),
};

const TIME: &str = "daemon.reply";

/// Messages in one sample, one after the other, whose median is its value.
const MESSAGES: usize = 4;

/// Who writes.
const PERSON: usize = 0;

struct Replies {
    daemon: Daemon,
}

fn open(place: &Place) -> Result<Box<dyn Scenario>, NoValues> {
    let mut daemon = Daemon::start(home(&place.programs, 1, Watching::On)?)?;
    daemon.converse(&[PERSON])?;
    daemon.idle()?;
    Ok(Box::new(Replies { daemon }))
}

impl Scenario for Replies {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let mut took = Vec::with_capacity(MESSAGES);
        for _ in 0..MESSAGES {
            let message = self.daemon.draft(1, &[PERSON])?;
            let (before, reply) = (self.daemon.rows()?, self.daemon.next_reply()?);
            let appear = || {
                let began = Instant::now();
                slowdown.hold(TIME);
                message.appear()?;
                Ok(began)
            };
            let (began, there) = while_looking(appear, || appeared(&reply))?;
            took.push(there.duration_since(began));
            // The next one is to meet an agent with nothing to do.
            self.daemon.answered(before, 1)?;
        }
        let took = Samples::of_times(took).map(|took| (TIME.to_owned(), took.median()));
        Ok(took.into_iter().collect())
    }

    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        self.daemon.stop()?;
        Ok(())
    }
}
