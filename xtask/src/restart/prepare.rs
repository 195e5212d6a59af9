//! What is done before anybody notices: which checks the change needs, the target's slot, its gate.

use harness::restart::machine::{Remarks, Told};

use super::build::Yard;
use super::gate::Trial;
use super::lock::{Holder, Lock};
use super::runner::{Runner, lost};
use super::select::{self, Selection};
use super::slots::{Manifest, Slots};
use super::trouble::Result;
use super::{Means, build, gate, room};

impl Runner<'_> {
    /// Finds the checks that the change needs.
    pub(super) fn select(&mut self) -> Result<Told> {
        let slots = self.slots();
        if let Some(slot) = &self.target.slot {
            self.target.commit = slots.manifest(slot)?.commit;
            let says = vec!["no tests: the slot has passed its gate".to_owned()];
            return Ok(Told::Done(Remarks::plain(says)));
        }
        let commit = self.target.commit.clone().ok_or_else(lost)?;
        let running = slots.manifest(&slots.current()?)?.commit;
        let changed = select::changed(self.workspace.root(), running.as_deref(), &commit);
        let selection = select::select(&self.flags.gate, &changed);
        let remarks = Remarks::plain(selection.says.clone());
        self.selection = Some(selection);
        Ok(Told::Done(remarks))
    }

    /// What would be done from here on.
    pub(super) fn foresee(&self, means: Means<'_>) -> Result<Told> {
        let mut says = Vec::new();
        match (&self.target.slot, &self.target.commit, &self.selection) {
            (None, Some(commit), Some(selection)) => {
                let slots = self.slots();
                let slot = slots.of_commit(commit)?;
                let room = self.ensure_room(selection, slot.as_ref());
                if let Some(manifest) = slot {
                    says.push(format!("slot {} would be taken: nothing is built", manifest.name));
                    says.extend(self.trial(means, &slots, selection)?.foresee(&manifest, commit));
                } else {
                    says.push(format!("commit {commit} would be built: it has no slot"));
                    says.extend(selection.tiers.iter().map(|tier| format!("{tier} would run")));
                }
                if selection.measured {
                    says.push(self.trial(means, &slots, selection)?.base(commit).foreseen());
                }
                says.extend(room.err().map(|trouble| format!("it would end there: {trouble}")));
            }
            _ => says.push(format!("slot {} would be taken as it is", self.target.asked)),
        }
        Ok(Told::Done(Remarks::plain(says)))
    }

    /// The build directory, where something may have to be built: until the gate has passed.
    pub(super) fn take_yard(&self) -> Result<Option<Lock>> {
        if self.target.slot.is_some() {
            return Ok(None);
        }
        let holder = Holder::here(self.who, &self.target.asked);
        Yard::of(self.workspace).lock(&holder).map(Some)
    }

    /// The slot of the target: there already, or built.
    pub(super) fn build(&self, means: Means<'_>) -> Result<(String, Remarks)> {
        if let Some(slot) = &self.target.slot {
            return Ok((slot.clone(), Remarks::plain(["it is built already".to_owned()])));
        }
        let commit = self.target.commit.as_deref().ok_or_else(lost)?;
        let slot = self.slots().of_commit(commit)?;
        self.ensure_room(self.selection.as_ref().ok_or_else(lost)?, slot.as_ref())?;
        if let Some(manifest) = slot {
            let says = format!("{} is of this commit: nothing is built", manifest.name);
            return Ok((manifest.name, Remarks::plain([says])));
        }
        let slot = build::build(self.workspace, &self.home, commit, means.time)?;
        let says = format!("{slot} was built");
        Ok((slot, Remarks::plain([says])))
    }

    fn ensure_room(&self, selection: &Selection, slot: Option<&Manifest>) -> Result<()> {
        room::ensure_for_builds(self.workspace, &self.home, selection, slot)
    }

    /// Has its checks pass, unless they did so long ago.
    pub(super) fn gate(&self, means: Means<'_>) -> Result<Remarks> {
        let slots = self.slots();
        let slot = self.slot()?;
        if self.target.slot.is_some() {
            let gate = slots.manifest(slot)?.gate.ok_or_else(lost)?;
            return Ok(Remarks::plain([gate::shown(&gate)]));
        }
        let selection = self.selection.as_ref().ok_or_else(lost)?;
        let commit = self.target.commit.as_deref().ok_or_else(lost)?;
        self.trial(means, &slots, selection)?.pass(slot, commit)
    }

    fn trial<'t>(
        &'t self,
        means: Means<'t>,
        slots: &'t Slots,
        selection: &'t Selection,
    ) -> Result<Trial<'t>> {
        let running = slots.manifest(&slots.current()?)?.commit;
        Ok(Trial { means, slots, selection, running, speed: self.flags.speed })
    }
}
