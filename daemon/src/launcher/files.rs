//! What the keeper decides from and what it wants written, as files: slots and their marks,
//! `pending.json`, `keeper.json`. One that cannot be read is said, put aside, and never in the way.

use std::collections::BTreeMap;
use std::path::Path;

use assistant_core::keeper::{self, Found, Memory};
use assistant_core::time::WallMs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing::{error, warn};

use crate::config::Home;
use crate::durable;
use crate::slots::record::{self, RecordError};
use crate::slots::{Pending, Phase, SlotName, Slots, Standing};

/// What stands in `keeper.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    slot: Option<SlotName>,
    #[serde(rename = "crashes_ms")]
    crashes: Vec<i64>,
    /// Absent in files of before it was told apart from waits.
    #[serde(default)]
    looped: bool,
    waits: u32,
    alerted: bool,
    rolled_back: Option<WentBack>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WentBack {
    id: String,
    target: SlotName,
    why: String,
    at_ms: i64,
}

/// Reads what a keeper begins with, and the pending restart as it stands in its file.
pub(super) fn found(home: &Home) -> (Found<SlotName>, Option<Pending>) {
    let slots = Slots::of(home);
    let current = slots.current().unwrap_or_else(|error| {
        error!(%error, "the current slot is not known");
        None
    });
    let (pending, unread): (Option<Pending>, _) = read_or_set_aside(&home.pending_file());
    let mut standings = standings(&slots, |_| keeper::Standing::Unknown).unwrap_or_default();
    if unread != Unread::Nothing {
        // Which slot was under test is not known: only one that has run well is started.
        standings.retain(|_, standing| *standing != keeper::Standing::Unknown);
    }
    let (remembered, _): (Option<Remembered>, _) = read_or_set_aside(&home.keeper_file());
    let found = Found {
        slots: standings,
        current,
        pending: pending.as_ref().map(to_core),
        memory: remembered.map(Memory::from).unwrap_or_default(),
    };
    (found, pending)
}

/// Every slot and what is known of it, unless the slots cannot be read. A mark that the system does not
/// give says what it `said` before; one that is torn or strange says nothing.
pub(super) fn standings(
    slots: &Slots,
    said: impl Fn(&SlotName) -> keeper::Standing,
) -> Option<BTreeMap<SlotName, keeper::Standing>> {
    let names = slots.all();
    let names = names.inspect_err(|error| error!(%error, "the slots are not known")).ok()?;
    let standing = |name: &SlotName| match slots.mark(name) {
        Ok(None) => keeper::Standing::Unknown,
        Ok(Some(mark)) if mark.standing == Standing::Good => keeper::Standing::Good,
        Ok(Some(_)) => keeper::Standing::Bad,
        Err(error) => {
            warn!(%error, slot = name.as_str(), "the mark of a slot is not known");
            match error {
                RecordError::Io { .. } => said(name),
                _ => keeper::Standing::Unknown,
            }
        }
    };
    Some(names.into_iter().map(|name| (name.clone(), standing(&name))).collect())
}

/// Writes what is remembered.
pub(super) fn remember(home: &Home, memory: Memory<SlotName>) -> Result<(), RecordError> {
    record::write(&home.keeper_file(), &Remembered::from(memory))
}

/// A phase as files say it.
pub(super) fn phase(phase: keeper::Phase) -> Phase {
    match phase {
        keeper::Phase::Armed => Phase::Armed,
        keeper::Phase::Started => Phase::Started,
        keeper::Phase::RollingBack => Phase::RollingBack,
    }
}

/// A time as files say it.
pub(super) fn rfc3339(at: WallMs) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    format!("{at:.0}")
}

/// Whether there was a file that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    Nothing,
    There,
    SetAside,
}

fn read_or_set_aside<T: DeserializeOwned>(path: &Path) -> (Option<T>, Unread) {
    match record::read(path) {
        Ok(record) => (record, Unread::Nothing),
        // It may well be whole, and be read by the next launcher.
        Err(problem @ RecordError::Io { .. }) => {
            error!(error = %problem, "a file of the launcher is left unread");
            (None, Unread::There)
        }
        Err(problem) => {
            error!(error = %problem, "a file of the launcher is put aside");
            if let Err(error) = durable::set_aside(path) {
                error!(%error, "a file of the launcher cannot be put aside");
            }
            (None, Unread::SetAside)
        }
    }
}

fn to_core(pending: &Pending) -> keeper::Pending<SlotName> {
    keeper::Pending {
        id: pending.id.clone(),
        target: pending.target.clone(),
        previous: pending.previous.clone(),
        phase: match pending.phase {
            Phase::Armed => keeper::Phase::Armed,
            Phase::Started => keeper::Phase::Started,
            Phase::RollingBack => keeper::Phase::RollingBack,
        },
        tries: pending.tries,
        confirm_timeout: pending.confirm_timeout(),
    }
}

impl From<Remembered> for Memory<SlotName> {
    fn from(remembered: Remembered) -> Self {
        Self {
            slot: remembered.slot,
            crashes: remembered.crashes.into_iter().map(WallMs).collect(),
            looped: remembered.looped,
            waits: remembered.waits,
            alerted: remembered.alerted,
            rolled_back: remembered.rolled_back.map(|it| keeper::RolledBack {
                id: it.id,
                target: it.target,
                why: it.why,
                at: WallMs(it.at_ms),
            }),
        }
    }
}

impl From<Memory<SlotName>> for Remembered {
    fn from(memory: Memory<SlotName>) -> Self {
        Self {
            slot: memory.slot,
            crashes: memory.crashes.into_iter().map(|at| at.0).collect(),
            looped: memory.looped,
            waits: memory.waits,
            alerted: memory.alerted,
            rolled_back: memory.rolled_back.map(|it| WentBack {
                id: it.id,
                target: it.target,
                why: it.why,
                at_ms: it.at.0,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
