//! The launcher as it is shown.

use assistant_core::keeper::{Doing, Memory};

use super::driver::{Driver, ms};
use super::files;
use super::protocol::{Daemon, RolledBack, Slot, Status};
use crate::slots::SlotName;

/// Everything at once.
pub(super) fn status(driver: &Driver) -> Status {
    let keeper = &driver.keeper;
    let doing = keeper.doing();
    let waits = keeper.deadline().filter(|_| doing == Doing::Waiting);
    Status {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        slot: keeper.slot().cloned(),
        daemon: driver.child.as_ref().map(|child| Daemon {
            pid: child.pid,
            generation: child.ready.as_ref().map(|ready| ready.generation),
            ready: child.ready.is_some(),
            up_ms: ms(child.began.elapsed()),
            last_beat_ago_ms: child.beat.map(|beat| ms(beat.elapsed())),
        }),
        pending: driver.pending.clone(),
        state: word(doing).to_owned(),
        waits_ms: waits.map(|until| ms(until.saturating_sub(driver.clock.monotonic()))),
        crashes: keeper.memory().crashes.len(),
        slots: slots(driver),
        rolled_back: rolled_back(keeper.memory()),
    }
}

/// The last restart that went back.
pub(super) fn rolled_back(memory: &Memory<SlotName>) -> Option<RolledBack> {
    memory.rolled_back.as_ref().map(|it| RolledBack {
        id: it.id.clone(),
        target: it.target.clone(),
        why: it.why.clone(),
        at: files::rfc3339(it.at),
    })
}

fn slots(driver: &Driver) -> Vec<Slot> {
    // What cannot be read was said when it was needed.
    let names = driver.slots.all().unwrap_or_default();
    let shown = |name: SlotName| {
        let mark = driver.slots.mark(&name).unwrap_or_default();
        let (standing, why) = mark.map(|mark| (mark.standing, mark.why)).unzip();
        Slot { name, standing, why }
    };
    names.into_iter().map(shown).collect()
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
