//! What was sent and not answered yet: how long it takes, and whether it ever will be.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use harness::sandbox::Sandbox;
use serde::Deserialize;

/// From here on a person is told where to look, once for each message. The real program takes a
/// few seconds, and longer where it uses tools.
const LATE_AFTER: Duration = Duration::from_secs(30);

/// How often the daemon's record of losses is looked at while a message waits: each look is a
/// process, and most replies come before the first one.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long such a look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(10);

/// A message that the assistant gave up: no reply to it will come.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Loss {
    row: u64,
    /// Why, in the daemon's words; none of the message's.
    pub(super) reason: String,
}

#[derive(Debug)]
struct Sent {
    at: Instant,
    called_late: bool,
}

/// The messages that wait for a reply, oldest first.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    sent: VecDeque<Sent>,
    looked: Option<Instant>,
    known: BTreeSet<u64>,
}

impl Waiting {
    /// One more was sent.
    pub(super) fn push(&mut self, at: Instant) {
        self.sent.push_back(Sent { at, called_late: false });
    }

    /// The oldest is settled, by a reply or by a loss; when it was sent.
    pub(super) fn settle(&mut self) -> Option<Instant> {
        self.sent.pop_front().map(|sent| sent.at)
    }

    pub(super) fn len(&self) -> usize {
        self.sent.len()
    }

    /// How long the oldest message waits, if that is long and was not said of it before.
    pub(super) fn newly_late(&mut self, now: Instant) -> Option<Duration> {
        let oldest = self.sent.front_mut().filter(|sent| !sent.called_late)?;
        let waited = now.saturating_duration_since(oldest.at);
        oldest.called_late = LATE_AFTER <= waited;
        oldest.called_late.then_some(waited)
    }

    /// What the daemon has given up since the last look. Looks only now and then, and only while
    /// something waits.
    pub(super) fn new_losses(&mut self, sandbox: &Sandbox) -> Vec<Loss> {
        if !self.is_look_due(Instant::now()) {
            return Vec::new();
        }
        let report = sandbox.cli(&["dropped", "--json"], LOOK_LIMIT);
        self.looked = Some(Instant::now());
        // What cannot be read now is read at the next look; the limits speak if it never can be.
        report.map_or_else(|_| Vec::new(), |report| self.not_known(&report.stdout))
    }

    fn is_look_due(&self, now: Instant) -> bool {
        let long_ago = |then: Instant| LOOK_EVERY <= now.saturating_duration_since(then);
        self.sent.front().is_some_and(|oldest| long_ago(oldest.at))
            && self.looked.is_none_or(long_ago)
    }

    /// The losses of a report of `dropped --json` that no report before it had.
    fn not_known(&mut self, report: &str) -> Vec<Loss> {
        let losses: Vec<Loss> = serde_json::from_str(report).unwrap_or_default();
        losses.into_iter().filter(|loss| self.known.insert(loss.row)).collect()
    }
}

#[cfg(test)]
mod tests;
