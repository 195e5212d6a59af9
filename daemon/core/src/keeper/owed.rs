//! Writes that failed. Of an order's, all of it is taken back. What else could not be written is
//! owed, and written again and again.
//!
//! ```text
//! unwritten ── of an order ──> as before; it is refused, what was written of it is owed
//!     └── of anything else ──> owed ── pause ── written again ──> stands there
//!                               ^                    │
//!                               └──── unwritten ─────┘   after a while a person is called, once
//! ```
//!
//! After a write that failed a file may say the old or the new: a folder that was not synced is
//! enough. So whatever an order tried to write is owed as it was before, but for marks: one that was to
//! be set may have been, and whoever asked for it is told that this failed.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::{Action, Keeper, Phase, Standing};
use crate::limits::{UNWRITTEN_MAX, UNWRITTEN_PAUSE};
use crate::time::{Deadline, Monotonic, Now};

/// What files do not say yet.
#[derive(Debug, Clone)]
pub(super) struct Owed<S> {
    /// Which slot is to run.
    pub(super) current: bool,
    /// The restart under way, or that there is none.
    pub(super) pending: bool,
    /// What is remembered.
    pub(super) memory: bool,
    /// What is known of slots, and why.
    pub(super) marks: BTreeMap<S, (Standing, String)>,
    trouble: Option<Trouble>,
}

/// Why something is owed.
#[derive(Debug, Clone)]
struct Trouble {
    why: String,
    since: Monotonic,
    again_at: Deadline,
    alerted: bool,
}

impl<S> Default for Owed<S> {
    fn default() -> Self {
        let marks = BTreeMap::new();
        Self { current: false, pending: false, memory: false, marks, trouble: None }
    }
}

impl<S: Clone + Ord> Owed<S> {
    /// What is known of slots, and not in their files.
    pub(super) fn standings(&self) -> impl Iterator<Item = (S, Standing)> {
        self.marks.iter().map(|(slot, (standing, _))| (slot.clone(), *standing))
    }

    /// When it is written again.
    pub(super) fn due(&self) -> Option<Deadline> {
        self.trouble.as_ref().filter(|_| self.is_owed()).map(|trouble| trouble.again_at)
    }

    /// Why the last write failed.
    pub(super) fn because(&self) -> Option<&str> {
        self.trouble.as_ref().map(|trouble| trouble.why.as_str())
    }

    /// Everything was carried out: with nothing owed the trouble is over.
    pub(super) fn look(&mut self) {
        if !self.is_owed() {
            self.trouble = None;
        }
    }

    fn is_owed(&self) -> bool {
        self.current || self.pending || self.memory || !self.marks.is_empty()
    }

    fn failed(&mut self, now: Monotonic, why: String) {
        let again_at = now + UNWRITTEN_PAUSE;
        match &mut self.trouble {
            Some(trouble) => {
                trouble.why = why;
                trouble.again_at = again_at;
            }
            None => self.trouble = Some(Trouble { why, since: now, again_at, alerted: false }),
        }
    }

    /// Why a person is to be called, if one is.
    fn alert(&mut self, at: Monotonic) -> Option<String> {
        let trouble = self.trouble.as_mut()?;
        if trouble.alerted || at < trouble.since + UNWRITTEN_MAX {
            return None;
        }
        trouble.alerted = true;
        Some(format!("the launcher cannot write what it has to: failed to {}", trouble.why))
    }
}

impl<S: Clone + Ord + Debug> Keeper<S> {
    /// A write failed; whatever was to follow it has not been done.
    pub(super) fn unwritten(&mut self, now: Now, write: Action<S>, why: String) {
        if let Some(before) = self.before.take() {
            return self.take_back(now, *before, why);
        }
        match write {
            Action::SetCurrent(_) => {
                self.owed.current = true;
                // The slot that was left would be the one that is to run, and nobody would know.
                let planned = self.actions.len();
                self.actions.retain(|action| *action != Action::RemovePending);
                self.owed.pending |= self.actions.len() < planned;
            }
            Action::WritePending(_) | Action::RemovePending => self.owed.pending = true,
            Action::Remember(_) => self.owed.memory = true,
            Action::Mark { slot, standing, why } => {
                self.owed.marks.insert(slot, (standing, why));
            }
            _ => return,
        }
        self.owed.failed(now.monotonic, why);
    }

    /// Everything is as it was before the order whose write failed.
    fn take_back(&mut self, now: Now, before: Self, why: String) {
        let mut kept = before;
        let confirmed = self.pending.is_none() && kept.phase() == Some(Phase::Started);
        kept.vouched |= confirmed;
        kept.owed.pending |= self.pending != kept.pending;
        kept.owed.current |= self.current != kept.current;
        if kept.owed.is_owed() {
            kept.owed.failed(now.monotonic, why.clone());
        }
        *self = kept;
        self.actions.push_back(Action::Refuse { why });
    }

    /// Writes what is owed, if it is time. Whether it was.
    pub(super) fn writes_again(&mut self, at: Monotonic) -> bool {
        if self.owed.due().is_none_or(|due| at < due) {
            return false;
        }
        if let Some(why) = self.owed.alert(at) {
            self.actions.push_back(Action::Alert { why });
        }
        for (slot, (standing, why)) in std::mem::take(&mut self.owed.marks) {
            self.actions.push_back(Action::Mark { slot, standing, why });
        }
        if let Some(current) = self.current.clone().filter(|_| self.owed.current) {
            self.actions.push_back(Action::SetCurrent(current));
        }
        if self.owed.memory {
            self.actions.push_back(Action::Remember(self.memory.clone()));
        }
        if self.owed.pending {
            let pending = self.pending.clone();
            self.actions.push_back(pending.map_or(Action::RemovePending, Action::WritePending));
        }
        (self.owed.current, self.owed.memory, self.owed.pending) = (false, false, false);
        true
    }
}
