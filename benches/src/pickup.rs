//! Some files at once: how long until all of them are durable and routed.
//!
//! ```text
//! pickup         looking ─────────────────────────────────────────> routed
//!                told of them:  hold, appear ─────────────────────────^
//! pickup_polled  looking ─────────────────────────────────────────> routed
//!                hold, a stranger's message shows the look ─ some way into the next turn ─>
//!                               appear ── the rest of the turn ───────^
//! ```
//!
//! Who is not told looks every so often, and most of what is measured is the wait for that. Where in
//! that turn the files appear is chance for a person. Here it is dealt out evenly, and the same to
//! every build, so that two builds differ by what they do and not by their luck. A turn that is
//! longer is found as well: nothing here knows how long it is.

use std::time::{Duration, Instant};

use harness::bench::probe::Values;
use harness::wait::wait_for_every;

use crate::daemon::{Daemon, Drafts, Lookout, Rows, Trouble, Watching, home};
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown, ms, while_looking};
use crate::serving::SLOWED_AFTER;

/// The daemon is told of new files.
pub const PICKUP: Entry = Entry {
    name: "pickup",
    metrics: &[WATCHED],
    // The first wakes the agent.
    warm_ups: 3,
    open: |place| open(place, Watching::On),
};

/// The daemon looks for new files.
pub const PICKUP_POLLED: Entry = Entry {
    name: "pickup_polled",
    metrics: &[POLLED],
    warm_ups: 3,
    open: |place| open(place, Watching::Off),
};

const WATCHED: &str = "daemon.pickup_20.watch";
const POLLED: &str = "daemon.pickup_20";

/// Files of one pick-up.
const FILES: usize = 20;

/// Places in a turn of the looking daemon, evenly apart. As many as there are samples before a
/// probe slows itself, so that these do not shift what comes after.
const PLACES: usize = SLOWED_AFTER;

/// From one place to the next but three, so that neighbours in time are none in the turn. It has no
/// divisor in common with [`PLACES`].
const STRIDE: usize = 4;

/// The first place, after the daemon was seen to look: by then it has done with that look.
const FIRST_PLACE: Duration = Duration::from_millis(8);

/// From each place to the one behind it. The last one leaves some of the turn of 100 ms.
const PLACE_STEP: Duration = Duration::from_millis(10);

/// The person who writes; the one behind is known to nobody.
const PERSON: usize = 0;
const STRANGER: usize = 1;

struct Pickup {
    daemon: Daemon,
    watching: Watching,
    taken: usize,
}

fn open(place: &Place, watching: Watching) -> Result<Box<dyn Scenario>, NoValues> {
    let daemon = Daemon::start(home(&place.programs, 1, watching)?)?;
    Ok(Box::new(Pickup { daemon, watching, taken: 0 }))
}

impl Scenario for Pickup {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let drafts = self.daemon.draft(FILES, &[PERSON])?;
        let before = self.daemon.rows()?;
        let (metric, (began, routed)) = match self.watching {
            Watching::On => {
                let appear = || {
                    let began = Instant::now();
                    slowdown.hold(WATCHED);
                    drafts.appear()?;
                    Ok(began)
                };
                (WATCHED, while_looking(appear, || self.daemon.routed(before, FILES))?)
            }
            Watching::Off => {
                let turn = Turn {
                    stranger: self.daemon.draft(1, &[STRANGER])?,
                    lookout: self.daemon.lookout()?,
                    place: place_in_turn(self.taken),
                };
                let appear = || {
                    let began = Instant::now();
                    slowdown.hold(POLLED);
                    let waited = turn.wait_for_place(before)?;
                    drafts.appear()?;
                    // What it took to get to the place does not count.
                    Ok::<_, Trouble>(began + waited)
                };
                (POLLED, while_looking(appear, || self.daemon.routed(before, FILES + 1))?)
            }
        };
        // The next one is to meet an agent with nothing to do.
        self.daemon.answered(before, FILES)?;
        self.taken += 1;
        Ok(Values::from([(metric.to_owned(), ms(routed.duration_since(began)))]))
    }

    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        self.daemon.stop()?;
        Ok(())
    }
}

/// A turn of a daemon that looks.
struct Turn {
    /// The message that shows when it begins.
    stranger: Drafts,
    lookout: Lookout,
    /// How far into it the files are to appear.
    place: Duration,
}

impl Turn {
    /// Sees the daemon look, and waits until the place behind that. Returns how long all of it took.
    fn wait_for_place(self, before: Rows) -> Result<Duration, Trouble> {
        let began = Instant::now();
        self.stranger.appear()?;
        let looked = self.lookout.routed(before, 1)?;
        let until = self.place.saturating_sub(looked.elapsed());
        // Nothing is looked for: this waits.
        let _nothing: Option<()> = wait_for_every(until, until, || None);
        Ok(began.elapsed())
    }
}

/// How long after a look the files of this sample appear.
fn place_in_turn(sample: usize) -> Duration {
    let place = (sample % PLACES) * STRIDE % PLACES;
    FIRST_PLACE + PLACE_STEP * u32::try_from(place).unwrap_or_default()
}

#[cfg(test)]
mod tests;
