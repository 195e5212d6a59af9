//! The launcher as it is shown.

use assistant_core::keeper::{self, Doing};

use super::driver::Driver;
use super::files;
use super::protocol::{Daemon, RolledBack, Slot, Status, ms};
use crate::slots::SlotName;

impl Driver {
    /// Everything at once.
    pub(super) fn status(&self) -> Status {
        let keeper = &self.keeper;
        let doing = keeper.doing();
        let waits = keeper.deadline().filter(|_| doing == Doing::Waiting);
        Status {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            slot: keeper.slot().cloned(),
            daemon: self.child.as_ref().map(|child| Daemon {
                pid: child.pid,
                generation: child.ready.as_ref().map(|ready| ready.generation),
                ready: child.ready.is_some(),
                up_ms: ms(child.began.elapsed()),
                last_beat_ago_ms: child.beat.map(|beat| ms(beat.elapsed())),
            }),
            pending: self.pending.clone(),
            state: word(doing).to_owned(),
            waits_ms: waits.map(|until| ms(until.saturating_sub(self.clock.monotonic()))),
            crashes: keeper.memory().crashes.len(),
            slots: self.slots_shown(),
            rolled_back: keeper.memory().rolled_back.as_ref().map(RolledBack::from),
        }
    }

    fn slots_shown(&self) -> Vec<Slot> {
        // What cannot be read was said when it was needed.
        let names = self.slots.all().unwrap_or_default();
        let shown = |name: SlotName| {
            let mark = self.slots.mark(&name).unwrap_or_default();
            let (standing, why) = mark.map(|mark| (mark.standing, mark.why)).unzip();
            Slot { name, standing, why }
        };
        names.into_iter().map(shown).collect()
    }
}

impl From<&keeper::RolledBack<SlotName>> for RolledBack {
    fn from(it: &keeper::RolledBack<SlotName>) -> Self {
        Self {
            id: it.id.clone(),
            target: it.target.clone(),
            why: it.why.clone(),
            at: files::rfc3339(it.at),
        }
    }
}

fn word(doing: Doing) -> &'static str {
    match doing {
        Doing::Running => "running",
        Doing::Stopping => "stopping",
        Doing::Starting => "starting",
        Doing::Waiting => "waiting",
        Doing::RollingBack => "rolling_back",
    }
}
