//! Very many files at once, to several conversations: how long until all are routed, and for how
//! long within that none was.
//!
//! The moments are those that the daemon wrote down, in whole milliseconds, against tens of them.
//! Agents answer the first messages while the last are being routed, as they would. Their answers to
//! all of them take ten times as long as what is measured, and nothing of it depends on them: so each
//! sample has a home of its own, whose daemon is ended once it has routed everything.

use std::iter::Peekable;
use std::time::Duration;

use harness::bench::probe::Values;
use harness::binaries::Programs;

use crate::daemon::{Daemon, Moment, Trouble, Watching, home, last_and_gap};
use crate::scenario::{Entry, NoValues, Scenario, Slowdown, compute_for};

/// The only scenario of bursts.
pub const BURST: Entry = Entry {
    name: "burst",
    metrics: &[TOTAL, GAP],
    warm_ups: 1,
    open: |place| Ok(Box::new(Burst { programs: place.programs.clone() })),
};

const TOTAL: &str = "daemon.burst_500";
const GAP: &str = "daemon.burst_500.gap";

/// Files of one burst.
const FILES: usize = 500;

/// Who writes them, each as many as the next.
const PEOPLE: [usize; 5] = [0, 1, 2, 3, 4];

struct Burst {
    programs: Programs,
}

impl Scenario for Burst {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let mut daemon = Daemon::start(home(&self.programs, PEOPLE.len(), Watching::On)?)?;
        // Everybody has an agent, so that routing is measured and no starting.
        daemon.converse(&PEOPLE)?;
        let drafts = daemon.draft(FILES, &PEOPLE)?;
        let before = daemon.rows()?;
        let began = Moment::now();
        drafts.appear()?;
        let mut pauses = pauses(slowdown);
        daemon.routed_telling(before, FILES, |routed| {
            while let Some((_, pause)) = pauses.next_if(|(behind, _)| *behind <= routed) {
                daemon.stopped_while(|| compute_for(pause))?;
            }
            Ok(())
        })?;
        let routed = daemon.routed_at_ms(before)?;
        daemon.kill()?;
        if routed.len() != FILES {
            let what = format!("find {FILES} messages in the inbox: there are {}", routed.len());
            return Err(Trouble::Unexpected { what }.into());
        }
        let (total, gap) = last_and_gap(&routed, began);
        Ok(Values::from([(TOTAL.to_owned(), total), (GAP.to_owned(), gap)]))
    }
}

/// For how long the daemon is stopped behind so many routed messages. A message that appeared later
/// would find it still at work on those before, and nothing would take longer; so it is held up in the
/// middle of that work. One stop lies between two messages and lengthens that gap; what the whole is
/// to take longer beyond that is dealt out evenly, so that no gap has much of it.
fn pauses(slowdown: &Slowdown) -> Peekable<impl Iterator<Item = (usize, Duration)>> {
    let gap = slowdown.delay(GAP);
    let share = slowdown.delay(TOTAL).saturating_sub(gap) / 10;
    let shares = (1..=10).map(move |nth| (nth * FILES / 12, share));
    let mut pauses: Vec<_> = shares.chain([(FILES / 2, gap)]).collect();
    pauses.retain(|(_, pause)| !pause.is_zero());
    pauses.sort_unstable();
    pauses.into_iter().peekable()
}

#[cfg(test)]
mod tests;
